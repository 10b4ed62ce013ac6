# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event patterns: whether one is valid, and which events it matches."""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from typing import Any

Pattern = dict[str, Any]

LONGEST = 4096
"""Characters of a pattern."""
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_FILTERS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr")


class InvalidPattern(Exception):
    """The text says what is wrong."""


class _Absent:
    """In place of a field that an event does not have."""


_ABSENT = _Absent()


def parse(text: str) -> Pattern:
    """The pattern; ``InvalidPattern`` when it is none."""
    if len(text) > LONGEST:
        raise InvalidPattern(f"Pattern is longer than {LONGEST} characters")
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidPattern(f"Filter is not valid JSON: {error}") from error
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    if not pattern:
        raise InvalidPattern("Empty pattern is not allowed")
    _check(pattern)
    return pattern


def _check(pattern: Pattern) -> None:
    for key, value in pattern.items():
        if key == "$or":
            if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, dict) for one in value):
                raise InvalidPattern('"$or" must be an array of at least two objects')
            for one in value:
                _check(one)
        elif isinstance(value, dict):
            if not value:
                raise InvalidPattern("Empty objects are not allowed")
            _check(value)
        elif isinstance(value, list):
            if not value:
                raise InvalidPattern("Empty arrays are not allowed")
            for one in value:
                _check_filter(key, one)
        else:
            raise InvalidPattern(f'"{key}" must be an object or an array')


def _check_filter(key: str, one: Any) -> None:
    if isinstance(one, list):
        raise InvalidPattern(f'Inside "{key}" there must be no array in the array')
    if not isinstance(one, dict):
        return
    if len(one) != 1:
        raise InvalidPattern(f'Only one key allowed in the match expression of "{key}"')
    ((name, wanted),) = one.items()
    if name not in _FILTERS:
        raise InvalidPattern(f"Unrecognized match type {name}")
    if not _valid(name, wanted):
        raise InvalidPattern(f'The match type {name} of "{key}" does not take {json.dumps(wanted)}')


def _valid(name: str, wanted: Any) -> bool:
    if name == "exists":
        return isinstance(wanted, bool)
    if name == "numeric":
        pairs = list(zip(wanted[::2], wanted[1::2], strict=False)) if isinstance(wanted, list) else []
        numbers = all(op in _COMPARISONS and _is_number(value) for op, value in pairs)
        return bool(pairs) and len(wanted) == 2 * len(pairs) and len(pairs) <= 2 and numbers
    if name == "anything-but":
        if isinstance(wanted, dict):
            ((inner, value),) = wanted.items() if len(wanted) == 1 else (("", None),)
            return inner in ("prefix", "suffix", "equals-ignore-case", "wildcard") and _texts(value)
        values = wanted if isinstance(wanted, list) else [wanted]
        return bool(values) and all(isinstance(value, str) or _is_number(value) for value in values)
    if name in ("prefix", "suffix") and isinstance(wanted, dict):
        return list(wanted) == ["equals-ignore-case"] and isinstance(wanted["equals-ignore-case"], str)
    if name == "cidr":
        return isinstance(wanted, str) and _network(wanted) is not None
    return isinstance(wanted, str)


def _texts(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(one, str) for one in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def matches(pattern: Pattern, event: Any) -> bool:
    """Whether the event has all that the pattern asks for."""
    if isinstance(event, list):
        return any(matches(pattern, one) for one in event)
    fields = event if isinstance(event, dict) else {}
    return all(_field_matches(key, wanted, fields) for key, wanted in pattern.items())


def _field_matches(key: str, wanted: Any, fields: dict[str, Any]) -> bool:
    if key == "$or":
        return any(matches(one, fields) for one in wanted)
    if isinstance(wanted, dict):
        return matches(wanted, fields.get(key, {}))
    found = fields.get(key, _ABSENT)
    # An object is no value: only its fields are.
    values = found if isinstance(found, list) else [_ABSENT if isinstance(found, dict) else found]
    return any(_passes(one, value) for one in wanted for value in values or [_ABSENT])


def _passes(one: Any, value: Any) -> bool:
    if isinstance(one, dict):
        ((name, wanted),) = one.items()
        if name == "exists":
            return bool(wanted) == (value is not _ABSENT)
        return value is not _ABSENT and _filter(name, wanted, value)
    return _equal(one, value)


def _equal(one: Any, value: Any) -> bool:
    if _is_number(one) and _is_number(value):
        return bool(one == value)
    return type(one) is type(value) and bool(one == value)


def _filter(name: str, wanted: Any, value: Any) -> bool:
    if name == "anything-but":
        if isinstance(wanted, dict):
            ((inner, texts),) = wanted.items()
            return not any(_filter(inner, text, value) for text in (texts if isinstance(texts, list) else [texts]))
        return not any(_equal(one, value) for one in (wanted if isinstance(wanted, list) else [wanted]))
    if name == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return _is_number(value) and all(_COMPARISONS[op](value, number) for op, number in pairs)
    return isinstance(value, str) and _text_passes(name, wanted, value)


def _text_passes(name: str, wanted: Any, value: str) -> bool:
    if isinstance(wanted, dict):
        wanted, value = wanted["equals-ignore-case"].casefold(), value.casefold()
    if name == "prefix":
        return value.startswith(wanted)
    if name == "suffix":
        return value.endswith(wanted)
    if name == "equals-ignore-case":
        return bool(value.casefold() == wanted.casefold())
    if name == "wildcard":
        return re.fullmatch(_expression(wanted), value, re.DOTALL) is not None
    return _within(wanted, value)


def _expression(wildcard: str) -> str:
    parts = re.findall(r"\\[*\\]|.", wildcard, re.DOTALL)
    return "".join(".*" if p == "*" else re.escape(p[1:] if len(p) == 2 else p) for p in parts)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _within(network: str, value: str) -> bool:
    try:
        found = _network(network)
        return found is not None and ipaddress.ip_address(value) in found
    except ValueError:
        return False
