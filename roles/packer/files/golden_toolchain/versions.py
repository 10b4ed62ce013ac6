# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare versions such as ``1.16.0`` and constraints such as ``>=1.16.0,<2.0.0``."""

from __future__ import annotations

import operator
import re
import typing as t

_VERSION = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+.*)?$")
_TERM = re.compile(r"^(>=|<=|==|>|<)\s*(\S+)$")
_OPERATORS: dict[str, t.Callable[[t.Any, t.Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}

Version = tuple[int, int, int, int]


def parse(text: str) -> Version | None:
    """Turn a version into a comparable value, or None. A pre-release (``1.16.0-dev``) is before its release."""
    match = _VERSION.match(text.strip())
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    return int(major), int(minor), int(patch or 0), 0 if pre else 1


def satisfies(text: str, constraint: str) -> bool:
    """Whether a version satisfies every term; what is not a version satisfies nothing."""
    version = parse(text)
    if version is None:
        return False
    return all(_term_holds(version, term.strip()) for term in constraint.split(","))


def _term_holds(version: Version, term: str) -> bool:
    match = _TERM.match(term)
    wanted = parse(match.group(2)) if match else None
    if match is None or wanted is None:
        raise ValueError(f"{term!r} is not a version constraint")
    return _OPERATORS[match.group(1)](version, wanted)
