# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Galaxy requirements file brings for a build, and which of it may change without anybody's doing.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.requirements import (
    Entry,
    Requirements,
    read_requirements,
)

# A version that a newer release can take the place of.
_LOOSE = re.compile(r"[<>!*,]|^(|latest|HEAD|main|master|devel|develop)$")


@dataclass(frozen=True)
class Brought:
    """The roles and collections that a requirements file brings."""

    requirements: Requirements | None = None

    def provides(self, role: str) -> bool:
        """Whether a role of this name comes with them. A collection whose name is not told could have any role."""
        if not self.requirements:
            return False
        if any(entry.name == role for entry in self.requirements.of("role")):
            return True
        collections = {entry.name for entry in self.requirements.of("collection")}
        return role.count(".") > 1 and (".".join(role.split(".")[:2]) in collections or None in collections)

    def loose(self) -> list[str]:
        """The entries with no pinned version, where their content is not on this machine."""
        requirements = self.requirements
        if not requirements:
            return []
        return [entry.called for entry in requirements.entries if _is_loose(entry, requirements)]


def _is_loose(entry: Entry, requirements: Requirements) -> bool:
    here = (requirements.path.parent / entry.source).resolve() in requirements.files
    return not here and bool(_LOOSE.search(entry.version))


def bring(file: str) -> Brought:
    """Read a requirements file. Raises PackerError, with the file's name, where it is none."""
    return Brought(read_requirements(str(Path(file))))
