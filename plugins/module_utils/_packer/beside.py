# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import os
import pathlib

from .fingerprint import walk

# In a definition's directory, but no part of what its playbook or template makes.
NOT_CONTENT = frozenset({"image.yml", "tests", "README.md"})


def definition_files(template: pathlib.Path) -> frozenset[str]:
    """The files in a template's directory that belong to the definition, where it is in the same directory."""
    if not (template / "image.yml").is_file():
        return frozenset()
    entries = [template / name for name in NOT_CONTENT]
    files = [file for entry in entries for file in (walk(entry) if entry.is_dir() else [entry])]
    return frozenset(os.path.abspath(file) for file in files)
