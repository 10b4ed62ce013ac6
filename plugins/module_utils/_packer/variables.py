# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import json
import typing as t

from .errors import PackerError
from .template import Template

# What the modules set in a template, where it declares it.
RESERVED = (
    "golden_image",
    "golden_version",
    "golden_run_tags",
    "golden_tags",
    "golden_ami_name",
    "golden_manifest",
    "golden_keypair_name",
    "golden_private_key_file",
    "golden_roles_directory",
    "golden_collections_directory",
)


def check_declared(template: Template, given: c.Iterable[str]) -> None:
    """Refuse a variable that the template does not declare: Packer would only warn, and the value would be lost."""
    names = list(given)
    reserved = sorted(set(names) & set(RESERVED))
    if reserved:
        raise PackerError(f"The variable {reserved[0]} is set by this module; take it out of your variables.")
    unknown = sorted(set(names) - template.declared)
    if unknown:
        known = ", ".join(sorted(template.declared)) or "none"
        raise PackerError(
            f"The template {template.path} declares no variable {', '.join(unknown)}."
            f" It declares: {known}. Correct the name, or declare it."
        )


def where_declared(template: Template, values: dict[str, t.Any]) -> dict[str, t.Any]:
    """Those of the values that the template has a variable for."""
    return {name: value for name, value in values.items() if name in template.declared and value is not None}


def _legacy(value: t.Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True)


def render(template: Template, values: dict[str, t.Any]) -> str:
    """The text of a variable file. Legacy templates know strings only: lists and maps become JSON there."""
    if not template.hcl:
        values = {name: _legacy(value) for name, value in values.items()}
    return json.dumps(values, indent=2, sort_keys=True)
