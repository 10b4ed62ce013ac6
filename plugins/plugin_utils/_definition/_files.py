# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files beside a definition that belong to a template of one's own: scripts, playbooks, roles, configuration.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
from pathlib import Path

# Beside a playbook or a template, but no part of what it makes; the last ones Packer writes itself.
NOT_CONTENT = {"image.yml", "tests", "README.md", "packer-manifest.json", "packer_cache", "crash.log"}
_OUTPUT = re.compile(r'\boutput(?:_directory)?"?\s*[:=]\s*"([^"$`{]+)"')


def files_beside(directory: Path, apart: list[Path]) -> list[str]:
    """What is in a definition's directory, but for C(apart), which counts elsewhere or not at all.

    A directory is one entry, unless something in it is apart.
    """
    return [str(path) for path in _entries(directory.resolve(), {path.resolve() for path in apart}, NOT_CONTENT)]


def _entries(directory: Path, apart: set[Path], left_out: set[str]) -> list[Path]:
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


def outputs(directory: Path, template_files: list[Path]) -> list[Path]:
    """What post-processors and builders of a template write beside the definition, as far as it says so in plain words.

    Each build changes it, so it must not be a reason for the next one.
    """
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in template_files)
    return [directory / name for text in texts for name in _OUTPUT.findall(text)]
