# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

from .._ami.steps import ResultError


class DeployError(ResultError):
    """The version cannot be deployed, or was not healthy: a sentence for the reader and the facts that are known by then."""
