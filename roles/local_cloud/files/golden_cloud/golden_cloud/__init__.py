# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local cloud: the part of AWS that building, testing and sharing machine images needs."""

from __future__ import annotations

__version__ = "1.0.0"
