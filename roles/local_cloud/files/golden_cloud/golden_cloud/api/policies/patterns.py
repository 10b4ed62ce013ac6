# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wildcards and variables in the elements of a policy."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

Values = str | list[str]
Context = Mapping[str, Values]
"""Condition keys in lower case."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERAL = {"*": "*", "?": "?", "$": "$"}
"""``${*}`` means a star that is no wildcard."""


def action_matches(pattern: str, action: str) -> bool:
    return _glob(pattern.lower()).fullmatch(action.lower()) is not None


def matches(pattern: str, text: str, context: Context, variables: bool) -> bool:
    """Whether the text is as the pattern says; a variable that has no value matches nothing."""
    if not variables or "${" not in pattern:
        return _glob(pattern).fullmatch(text) is not None
    expression = _with_variables(pattern, context)
    return expression is not None and re.fullmatch(expression, text, re.DOTALL) is not None


def arn_matches(pattern: str, arn: str, context: Context, variables: bool) -> bool:
    """As the Arn operators compare: each of the six parts by itself."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return False
    return all(matches(p, g, context, variables) for p, g in zip(wanted, given, strict=True))


def substituted(text: str, context: Context) -> str | None:
    """The text with values in place of variables; None when one has no value."""
    parts: list[str] = []
    for literal, name in _pieces(text):
        parts.append(literal)
        if name is not None:
            value = _value(name, context)
            if value is None:
                return None
            parts.append(value)
    return "".join(parts)


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression(pattern), re.DOTALL)


def _expression(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern)


def _with_variables(pattern: str, context: Context) -> str | None:
    parts: list[str] = []
    for literal, name in _pieces(pattern):
        parts.append(_expression(literal))
        if name is not None:
            value = _value(name, context)
            if value is None:
                return None
            parts.append(re.escape(value))
    return "".join(parts)


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """Literal text, each with the name of the variable that follows it."""
    parts = _VARIABLE.split(text)
    names: list[str | None] = [*parts[1::2], None]
    return list(zip(parts[::2], names, strict=True))


def _value(variable: str, context: Context) -> str | None:
    if variable in _LITERAL:
        return _LITERAL[variable]
    name, comma, default = variable.partition(",")
    value = context.get(name.strip().lower())
    if isinstance(value, str):
        return value
    return default.strip().strip("'") if comma else None
