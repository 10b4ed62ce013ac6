# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that reaches the user."""

from __future__ import annotations


class ToolchainError(Exception):
    """Says what could not be done, why, and what the user can do about it."""


class NotAvailable(ToolchainError):
    """A method that cannot be used on this machine: ``auto`` then tries the next one."""
