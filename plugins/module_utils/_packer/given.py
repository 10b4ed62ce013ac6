# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import json
import os
import pathlib

from . import hcl
from .environment import VARIABLE_PREFIX
from .errors import PackerError
from .options import BuildOptions
from .placement import placement_names
from .template import Template
from .variables import RESERVED

_AUTO = (".auto.pkrvars.hcl", ".auto.pkrvars.json")


def _names_in(path: pathlib.Path) -> set[str] | None:
    """The variables that a variable file sets; None when that is not clear. Packer tells better what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.name.endswith(".json"):
            content = json.loads(text)
            return set(content) if isinstance(content, dict) else None
    except (OSError, ValueError):
        return None
    body = hcl.parse(text)
    return None if body.broken or not path.name.endswith(".hcl") else {one.name for one in body.attributes}


def variable_files(template: Template, var_files: c.Iterable[str]) -> list[pathlib.Path]:
    """The variable files that Packer reads: those that are given, and those in a directory that it finds by itself."""
    auto = template.path.iterdir() if template.path.is_dir() else ()
    return [*map(pathlib.Path, var_files), *(path for path in auto if path.name.endswith(_AUTO))]


def missing_variables(template: Template, options: BuildOptions, environment: c.Mapping[str, str]) -> list[str]:
    """The variables without a default that nothing gives a value to; none when that is not clear."""
    if template.broken:
        return []
    given = {*options.variable_names, *placement_names(options.placements), *RESERVED, "region"}
    if options.source_ami:
        given.add("source_ami")
    for path in variable_files(template, options.var_files):
        names = _names_in(path)
        if names is None:
            return []
        given |= names
    if template.hcl:
        given |= {name.removeprefix(VARIABLE_PREFIX) for name in environment if name.startswith(VARIABLE_PREFIX)}
    return sorted(template.required.keys() - given)


def refuse_missing(template: Template, options: BuildOptions) -> None:
    """Refuse a template with a variable that has no value, before Packer starts."""
    missing = missing_variables(template, options, {**os.environ, **options.environment})
    if not missing:
        return
    told = "; ".join(
        f"{template.required[name]}: the variable {name} has no default, and no value is given" for name in missing
    )
    example = json.dumps({"golden_variables": dict.fromkeys(missing, "…")}, ensure_ascii=False)
    base = " The base AMI is given with base in image.yml (source_ami)." if "source_ami" in missing else ""
    raise PackerError(f"{told}. Set it in variables of image.yml, or with -e '{example}'.{base}")
