# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fault applies to a call: a pure decision, made of what the faults say and how often each has had its turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from golden_cloud.api.faults.fault import IMAGE_ACTIONS, IMAGE_OPERATIONS, Call, Fault


@dataclass(frozen=True)
class Standing:
    """A fault and what has become of it so far."""

    fault: Fault
    seen: int = 0
    """Matching calls, those included that it let go through."""
    applied: int = 0
    """Calls that it applied to, of which there are ``times`` at most."""
    expired_keys: frozenset[str] = frozenset()
    """Access keys that it has made expire."""
    hits: int = 0
    """Calls that did not go as usual because of it: ``applied`` and, for expired keys, every later call."""


@dataclass(frozen=True)
class Decision:
    """What shall become of a call."""

    fault: Fault | None = None
    expired: bool = False
    """The fault has made the key of this call expire before, by another call."""
    seen_by: tuple[str, ...] = ()
    """Ids of the faults that the call matches, whether or not they apply to it."""


def choose(standings: Iterable[Standing], call: Call) -> Decision:
    """The decision for a call: an expired key comes first; of the faults that are due, the oldest applies.

    Every fault counts each matching call for its ``skip``, also one that an older fault applies to.
    """
    standings = tuple(standings)
    for standing in standings:
        if call.access_key in standing.expired_keys:
            return Decision(standing.fault, expired=True)
    matching = [standing for standing in standings if matches(standing.fault, call)]
    due = next((standing.fault for standing in matching if _is_due(standing)), None)
    return Decision(due, seen_by=tuple(standing.fault.id for standing in matching))


def _is_due(standing: Standing) -> bool:
    fault = standing.fault
    return standing.seen >= fault.skip and (fault.times is None or standing.applied < fault.times)


def matches(fault: Fault, call: Call) -> bool:
    """Whether the fault is about such calls."""
    if fault.action in IMAGE_ACTIONS and call.operation not in IMAGE_OPERATIONS:
        return False
    return (
        fnmatchcase(f"{call.service}:{call.operation}", fault.operation)
        and fault.access_key in (None, call.access_key)
        and fault.account in (None, call.account)
        and fault.region in (None, call.region)
        and (fault.user_agent is None or fault.user_agent in call.user_agent)
        and contains(call.parameters, fault.parameters)
    )


def contains(actual: Any, wanted: Any) -> bool:
    """Whether *wanted* is in *actual*.

    A mapping is when each of its entries is; a key with dots is a path (``Placement.AvailabilityZone``).
    A list is when each of its elements is in some element. What is wanted of a list, or beyond one on a path, must
    hold for one of its elements. Strings are shell patterns; true, false and numbers are compared as they are written
    in JSON.
    """
    if isinstance(wanted, list):
        return isinstance(actual, list) and all(any(contains(one, each) for one in actual) for each in wanted)
    if isinstance(actual, list):
        return any(contains(one, wanted) for one in actual)
    if isinstance(wanted, Mapping):
        return all(_at(actual, str(path).split("."), value) for path, value in wanted.items())
    if actual is None or isinstance(actual, Mapping):
        return False
    return fnmatchcase(_text(actual), _text(wanted))


def _at(actual: Any, path: list[str], wanted: Any) -> bool:
    if not path:
        return contains(actual, wanted)
    if isinstance(actual, list):
        return any(_at(one, path, wanted) for one in actual)
    return isinstance(actual, Mapping) and path[0] in actual and _at(actual[path[0]], path[1:], wanted)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
