# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from harness.fixtures import cloud, four, images
from harness.selection import pytest_addoption, pytest_collection_modifyitems, pytest_configure

__all__ = ["cloud", "four", "images", "pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]
