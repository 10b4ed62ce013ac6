# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what a user has the cloud do wrong, so as to see what their own pipeline makes of it.

They are in memory only: a cloud that is started anew has none.
"""

from __future__ import annotations
