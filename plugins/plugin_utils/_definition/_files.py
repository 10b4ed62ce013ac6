# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files beside a definition that belong to a template of one's own: scripts, playbooks, roles, configuration.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.beside import NOT_CONTENT


def files_beside(directory: Path, apart: list[Path]) -> list[str]:
    """What is in a definition's directory, but for C(apart), which counts elsewhere or not at all.

    A directory is one entry, unless something in it is apart.
    """
    return [str(path) for path in _entries(directory.resolve(), {path.resolve() for path in apart}, NOT_CONTENT)]


def _entries(directory: Path, apart: set[Path], left_out: c.Set[str]) -> list[Path]:
    found: list[Path] = []
    for entry in sorted(directory.iterdir()):
        real = entry.resolve()
        if entry.name in left_out or any(real.is_relative_to(path) for path in apart):
            continue
        if not any(path.is_relative_to(real) for path in apart):
            found.append(entry)
        elif not entry.is_symlink():
            found.extend(_entries(entry, apart, set()))
    return found
