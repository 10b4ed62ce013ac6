# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a phase ends that does not succeed."""

from __future__ import annotations


class Failure(Exception):
    """The phase has failed; a status code of CodeBuild's and the message beside it."""

    def __init__(self, code: str, message: str, *, abort: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.abort = abort
        """No further phase with commands is to follow."""


class Ended(Exception):
    """The build is over: it was stopped, its time is up, or the cloud ends."""
