# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy document as statements."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import Any

VARIABLES = "2012-10-17"
"""The version of the policy language that has variables."""


class PolicyError(ValueError):
    """A policy that can't be evaluated; the text says which and why. Nothing is allowed then."""


@dataclass(frozen=True)
class Statement:
    """One statement. ``None`` where the element is not given."""

    policy: str
    """The name of the policy."""
    number: int
    sid: str
    allows: bool
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principals: tuple[tuple[str, str], ...] | None
    """Pairs such as ("AWS", "123456789012"); ("*", "*") for everybody."""
    not_principals: tuple[tuple[str, str], ...] | None
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Operator, key, values."""
    variables: bool = field(default=True)

    @property
    def name(self) -> str:
        return f"{self.policy}, statement {self.sid or self.number}"


@functools.lru_cache(maxsize=1024)
def statements(text: str, policy: str) -> tuple[Statement, ...]:
    """The document's statements; ``PolicyError`` for one that is none."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"the policy {policy} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise PolicyError(f"the policy {policy} is no JSON object")
    variables = document.get("Version") == VARIABLES
    return tuple(
        _statement(one, number, policy, variables) for number, one in enumerate(_list(document.get("Statement")), 1)
    )


def _statement(one: Any, number: int, policy: str, variables: bool) -> Statement:
    if not isinstance(one, dict) or one.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"statement {number} of the policy {policy} has no Effect Allow or Deny")
    return Statement(
        policy=policy,
        number=number,
        sid=str(one.get("Sid") or ""),
        allows=one["Effect"] == "Allow",
        actions=_texts(one, "Action"),
        not_actions=_texts(one, "NotAction"),
        resources=_texts(one, "Resource"),
        not_resources=_texts(one, "NotResource"),
        principals=_principals(one, "Principal"),
        not_principals=_principals(one, "NotPrincipal"),
        conditions=_conditions(one.get("Condition") or {}, f"statement {number} of the policy {policy}"),
        variables=variables,
    )


def _conditions(conditions: Any, where: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if not isinstance(conditions, dict) or not all(isinstance(keys, dict) for keys in conditions.values()):
        raise PolicyError(f"the Condition of {where} is no map of operators to keys")
    return tuple(
        (str(operator), str(key), tuple(_text(v) for v in _list(values)))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _principals(one: dict[str, Any], element: str) -> tuple[tuple[str, str], ...] | None:
    given = one.get(element)
    if given is None:
        return None
    if not isinstance(given, dict):
        return tuple(("*", str(value)) for value in _list(given))
    return tuple((str(kind), str(value)) for kind, values in given.items() for value in _list(values))


def _texts(one: dict[str, Any], element: str) -> tuple[str, ...] | None:
    return tuple(_text(value) for value in _list(one[element])) if element in one else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
