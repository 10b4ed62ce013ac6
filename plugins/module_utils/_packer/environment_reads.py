# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import json
import re

from .declarations import listed
from .template import Template

# env("NAME") of HCL, whose quotes are escaped in its JSON form; {{env `NAME`}} of legacy templates.
_HCL = re.compile(r'\benv\(\s*\\?"(?P<name>[^"\\]+)\\?"\s*\)')
_LEGACY = re.compile(r"\benv\s+(?:`|'|\\?\")(?P<name>[^`'\"\\]+)")
# These say where and by whom an image is built, not what goes into it: they differ from build to build.
_CIRCUMSTANCES = re.compile(
    r"(?:AWS|CODEBUILD|GITHUB|GITLAB|JENKINS|CI)_\w+|BUILD_(?:ID|NUMBER|TAG|URL)|CI|VPC_ID|SUBNET_ID"
    r"|HOME|HOSTNAME|LOGNAME|PATH|PWD|TMPDIR|USER"
)


Reads = dict[str, frozenset[str]]


def environment_reads(template: Template) -> Reads:
    """The environment variables that a template reads by itself, and which of its variables do, as far as that is told."""
    defaults = _legacy_defaults(template) if template.legacy is not None else _hcl_defaults(template)
    pattern = _HCL if template.legacy is None else _LEGACY
    found: dict[str, set[str]] = {}
    for variable, default in defaults:
        for name in pattern.findall(default):
            found.setdefault(name, set()).add(variable)
    for file in template.parsed:
        # Whatever else reads it, such as a block of variables, of which none is sensitive.
        for name in _HCL.findall(file.text):
            found.setdefault(name, set())
    return {name: frozenset(variables) for name, variables in found.items()}


def content_reads(template: Template) -> frozenset[str]:
    """Those that can change what goes into the image."""
    return frozenset(name for name in environment_reads(template) if not _CIRCUMSTANCES.fullmatch(name))


def sensitive_reads(template: Template) -> frozenset[str]:
    """Those by which sensitive variables get their values, which nobody must see either."""
    return frozenset(name for name, variables in environment_reads(template).items() if variables & template.sensitive)


def _legacy_defaults(template: Template) -> c.Iterator[tuple[str, str]]:
    variables = (template.legacy or {}).get("variables")
    for name, default in (variables if isinstance(variables, dict) else {}).items():
        yield name, json.dumps(default)


def _hcl_defaults(template: Template) -> c.Iterator[tuple[str, str]]:
    """The variables of an HCL template, each with the text of its default."""
    for file in template.parsed:
        for block in file.body.of_kind("variable"):
            if block.labels:
                yield block.labels[0], block.body.expression("default") or ""
        for declared in listed((file.content or {}).get("variable")):
            for name, body in declared.items():
                yield name, json.dumps([one.get("default") for one in listed(body)])
