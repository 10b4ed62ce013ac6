# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where definitions are: a user's own ./images/ comes before the collection's.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def find_definition(name: str, directories: list[Path]) -> Path:
    """The definition of this image in the first of the directories that has one.

    Raises DefinitionError where none has, naming the images that exist.
    """
    if not _NAME.fullmatch(name):
        message = f"'{name}' is no image's name: lower-case letters, digits and hyphens, 63 at most, no hyphen first"
        raise DefinitionError([Problem("images", 1, "", message)])
    for directory in directories:
        path = directory / name / "image.yml"
        if path.is_file():
            return path
    known = list_images(directories)
    have = f"Images that exist: {', '.join(known)}" if known else "There is no image yet"
    searched = ", ".join(str(directory) for directory in directories)
    new = f"{directories[0]}/{name}/image.yml"
    message = f"there is no image '{name}'. {have}. Searched: {searched}; a new one is a file {new}"
    raise DefinitionError([Problem(new, 1, "", message)])


def list_images(directories: list[Path]) -> list[str]:
    """The names of all images, sorted."""
    return sorted({path.parent.name for directory in directories for path in directory.glob("*/image.yml")})
