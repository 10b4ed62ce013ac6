# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Packer template that no definition names, as an image of its own: it is asked for by its path.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem, Source

SUFFIXES = (".pkr.hcl", ".pkr.json", ".json")
_LONGEST = 63
_OTHER = re.compile(r"[^a-z0-9]+")


def is_path(term: str) -> bool:
    """Whether this is no image's name, which has neither slashes nor dots."""
    return "/" in term or term.endswith(SUFFIXES)


def base_name(path: Path) -> str:
    """C(packer-web) for C(packer-web.json), C(web) for C(web.pkr.hcl) and for a directory C(web)."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix) and not path.is_dir()), "")
    return path.name[: len(path.name) - len(suffix)]


def image_name(template: Path) -> str:
    """What its image is called: its base name, in the letters that an image's name is made of.

    Raises DefinitionError where none of them is in it.
    """
    name = _OTHER.sub("-", base_name(template).lower()).strip("-")[:_LONGEST].rstrip("-")
    if not name:
        message = (
            "an image is called like its template, and there is neither letter nor digit in this one's name: rename it"
        )
        raise DefinitionError([Problem(str(template), 0, "", message)])
    return name


def find_template(term: str, root: Path) -> Path:
    """The template at a path, which starts at C(root). Raises DefinitionError where there is none."""
    template = (root / term).resolve()
    if not template.exists():
        message = f"there is no such template (looked for {template}). Give a directory, a .pkr.hcl or a .json file"
        raise DefinitionError([Problem(term, 0, "", message)])
    if not is_template(template):
        message = (
            "this is no Packer template: a directory with *.pkr.hcl in it, a .pkr.hcl, or a .json file with builders"
        )
        raise DefinitionError([Problem(term, 0, "", message)])
    return template


def is_template(path: Path) -> bool:
    """Whether this can be meant as a template. JSON that cannot be read can be: Packer tells best what is wrong with it."""
    if path.is_dir():
        return any(path.glob("*.pkr.hcl")) or any(path.glob("*.pkr.json"))
    if path.name.endswith(".json") and not path.name.endswith(".pkr.json"):
        return _has_builders(path)
    return path.name.endswith(SUFFIXES)


def _has_builders(path: Path) -> bool:
    """Variable files and much else are JSON too."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return True
    return isinstance(content, dict) and "builders" in content


def directory_of(template: Path) -> Path:
    """Where its build runs: relative paths in a template begin there."""
    return template if template.is_dir() else template.parent


def as_source(template: Path, shown: str) -> Source:
    """The definition that it would have had, had somebody written one."""
    return Source(shown, {"template": "." if template.is_dir() else template.name}, {(): 1})


def not_content(directory: Path) -> list[Path]:
    """What lies beside a template and is no part of an image: a checkout's root has .git, .venv, .cache there."""
    return [entry for entry in directory.iterdir() if entry.name.startswith(".")]
