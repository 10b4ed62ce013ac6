# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import json
import re

from .template import Template

# env("NAME") of HCL, whose quotes are escaped in its JSON form; {{env `NAME`}} of legacy templates.
_HCL = re.compile(r'\benv\(\s*\\?"(?P<name>[^"\\]+)\\?"\s*\)')
_LEGACY = re.compile(r"\benv\s+(?:`|'|\\?\")(?P<name>[^`'\"\\]+)")
# These say where and by whom an image is built, not what goes into it: they differ from build to build.
_CIRCUMSTANCES = re.compile(
    r"(?:AWS|CODEBUILD|GITHUB|GITLAB|JENKINS|CI)_\w+|BUILD_(?:ID|NUMBER|TAG|URL)|CI|VPC_ID|SUBNET_ID"
    r"|HOME|HOSTNAME|LOGNAME|PATH|PWD|TMPDIR|USER"
)


def environment_reads(template: Template) -> frozenset[str]:
    """The environment variables that a template reads by itself and that can change what goes into the image."""
    if template.legacy is not None:
        names = _LEGACY.findall(json.dumps(template.legacy.get("variables") or {}))
    else:
        names = [name for file in template.parsed for name in _HCL.findall(file.text)]
    return frozenset(name for name in names if not _CIRCUMSTANCES.fullmatch(name))
