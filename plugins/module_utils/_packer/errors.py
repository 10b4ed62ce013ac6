# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import typing as t


class PackerError(Exception):
    """What a module reports with fail_json: a sentence for the reader and the facts that are known by then."""

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result = result
