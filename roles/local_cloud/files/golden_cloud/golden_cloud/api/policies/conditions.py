# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators of a policy's Condition."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from golden_cloud.api.policies import patterns
from golden_cloud.api.policies.document import PolicyError, Statement
from golden_cloud.api.policies.patterns import Context

Test = Callable[[str, str, Context, bool], bool]
"""Value of the request, value of the policy, context, whether variables are known → whether it is met."""


def met(statement: Statement, context: Context) -> bool:
    """Whether all conditions of the statement are met; ``PolicyError`` for an operator that there is not."""
    return all_met(statement.conditions, context, statement)


def all_met(some: Iterable[tuple[str, str, tuple[str, ...]]], context: Context, statement: Statement) -> bool:
    """Whether some conditions of the statement are met."""
    return all(
        _met(operator, key, wanted, context, statement.variables, statement.name) for operator, key, wanted in some
    )


def _met(operator: str, key: str, wanted: tuple[str, ...], context: Context, variables: bool, where: str) -> bool:
    quantifier, colon, name = operator.partition(":")
    if not colon:
        quantifier, name = "", operator
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    value = context.get(key.lower())
    if name == "Null":
        return any((value is None) == (w.lower() == "true") for w in wanted)
    negated, test = _operator(name, where)
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise PolicyError(f"the condition operator {operator!r} is not known ({where})")
    given = [value] if isinstance(value, str) else list(value or [])

    def holds(one: str) -> bool:
        return any(test(one, w, context, variables) for w in wanted) is not negated

    if quantifier == "ForAllValues":
        return all(holds(one) for one in given)
    if value is None or not given:
        return if_exists or (negated and not quantifier)
    return any(holds(one) for one in given)


def _operator(name: str, where: str) -> tuple[bool, Test]:
    """Whether it asks for the contrary, and of what."""
    if name in _TESTS:
        return False, _TESTS[name]
    positive = name.replace("Not", "", 1) if "Not" in name else ""
    if positive in _TESTS and positive not in _WITHOUT_CONTRARY:
        return True, _TESTS[positive]
    raise PolicyError(f"the condition operator {name!r} is not known ({where})")


def _equals(value: str, wanted: str, context: Context, variables: bool) -> bool:
    return value == (patterns.substituted(wanted, context) if variables else wanted)


def _equals_ignoring_case(value: str, wanted: str, context: Context, variables: bool) -> bool:
    told = patterns.substituted(wanted, context) if variables else wanted
    return told is not None and value.lower() == told.lower()


def _like(value: str, wanted: str, context: Context, variables: bool) -> bool:
    return patterns.matches(wanted, value, context, variables)


def _arn(value: str, wanted: str, context: Context, variables: bool) -> bool:
    return patterns.arn_matches(wanted, value, context, variables)


def _bool(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
    return value.lower() == wanted.lower()


def _binary(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
    return value == wanted


def _address(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
        try:
            return compare(_moment(value), _moment(wanted))
        except ValueError:
            return False

    return test


def _moment(text: str) -> float:
    """Seconds of the epoch, given as such or in ISO 8601."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}

_TESTS: dict[str, Test] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _number(compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": _date(compare) for name, compare in _COMPARISONS.items()},
}

_WITHOUT_CONTRARY = {"Bool", "BinaryEquals"} | {
    f"{kind}{name}" for kind in ("Numeric", "Date") for name in _COMPARISONS if name != "Equals"
}
