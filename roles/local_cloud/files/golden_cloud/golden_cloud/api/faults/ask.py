# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a user asks for as a fault, and says what is wrong with it: the field, and what it can be."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, get_args

from golden_cloud.api import catalogue
from golden_cloud.api.errors import service_model
from golden_cloud.api.faults.fault import IMAGE_ACTIONS, IMAGE_OPERATIONS, Action, Fault

ACTIONS: tuple[str, ...] = get_args(Action)
LONGEST_DELAY = 3600
"""Seconds."""

_MATCHERS = ("access_key", "account", "region", "user_agent", "parameters")
_ALWAYS = ("operation", "action", "times", "skip", *_MATCHERS)
_OF_ACTION: dict[str, tuple[str, ...]] = {
    "error": ("code", "message", "status"),
    "delay": ("seconds",),
    "expire_credentials": ("after",),
    "image_failed": ("code", "message"),
}
"""Fields that only some actions have."""
_NEEDED: dict[str, tuple[str, ...]] = {"error": ("code",), "delay": ("seconds",)}

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._:-]{0,127}")


class BadFault(Exception):
    """The fault can't be: ``field`` of it is wrong, the text says how, ``allowed`` what there is."""

    def __init__(self, field: str, message: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.allowed = list(allowed)


def read(document: Any) -> Fault:
    """The fault that a JSON document asks for, still without an id; ``BadFault`` when it makes no sense."""
    if not isinstance(document, dict):
        raise BadFault("", "a fault is a JSON object with at least operation and action")
    document = {name: value for name, value in document.items() if value is not None or name == "times"}
    action = _action(document)
    _check_fields(document, action)
    values = {name: _CHECKS[name](name, value) for name, value in document.items() if name != "action"}
    fault = Fault(id="", action=action, **values)
    _check_against_catalogue(fault)
    return fault


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """The names that may have been meant."""
    by_lower = {one.lower(): one for one in known}
    return [by_lower[found] for found in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.7)]


def operation_pattern(field: str, value: Any) -> str:
    """``RunInstances``, ``ec2:Describe*`` or ``*`` as a pattern of ``service:Operation``."""
    text = _string(field, value)
    pattern = text if ":" in text else f"*:{text}"
    services_of = {service for service, _operation in operations_of(pattern)}
    if len(services_of) == 1:
        return f"{services_of.pop()}:{pattern.partition(':')[2]}"
    if services_of:
        return pattern
    service, _colon, name = pattern.partition(":")
    services = [one for one in catalogue.SERVICES if fnmatchcase(one, service)]
    if not services:
        known = ", ".join(catalogue.SERVICES)
        raise BadFault(field, f"{service!r} is no service of this cloud: use one of {known}", catalogue.SERVICES)
    near = close_to(name, sorted({one for s in services for one in catalogue.SERVICES[s]}))
    remedy = f": did you mean {' or '.join(near)}?" if near else ""
    raise BadFault(field, f"this cloud has no operation {text!r}{remedy}", near)


def operations_of(pattern: str) -> list[tuple[str, str]]:
    """(service, operation) of all that the pattern is about."""
    return [
        (service, operation)
        for service, operations in catalogue.SERVICES.items()
        for operation in operations
        if fnmatchcase(f"{service}:{operation}", pattern)
    ]


def _action(document: Mapping[str, Any]) -> Action:
    action = document.get("action")
    if action not in ACTIONS:
        raise BadFault("action", f"{action!r} is no action: use one of {', '.join(ACTIONS)}", ACTIONS)
    known: Action = action
    return known


def _check_fields(document: Mapping[str, Any], action: str) -> None:
    allowed = (*_ALWAYS, *_OF_ACTION.get(action, ()))
    for name in document:
        if name not in allowed:
            text = f"a fault with the action {action} has no field {name!r}; it has {', '.join(allowed)}"
            raise BadFault(name, text, allowed)
    for name in ("operation", *_NEEDED.get(action, ())):
        if name not in document:
            raise BadFault(name, f"a fault with the action {action} needs the field {name}")


def _check_against_catalogue(fault: Fault) -> None:
    operations = operations_of(fault.operation)
    if fault.action in IMAGE_ACTIONS and not any(name in IMAGE_OPERATIONS for _service, name in operations):
        text = f"{fault.action} is for operations that make an image: {', '.join(IMAGE_OPERATIONS)}"
        raise BadFault("operation", text, IMAGE_OPERATIONS)
    known = {name for operation in operations for name in _input_names(*operation)}
    for path in fault.parameters:
        first = path.split(".")[0]
        if first not in known:
            near = close_to(first, sorted(known))
            remedy = f"did you mean {' or '.join(near)}?" if near else "names are those that boto3 takes"
            raise BadFault("parameters", f"{fault.operation} has no parameter {first!r}: {remedy}", near)


def _input_names(service: str, operation: str) -> Iterable[str]:
    model = service_model(service)
    shape = model.operation_model(operation).input_shape if model is not None else None
    return shape.members if shape is not None else ()


# Checks of one field each


def _string(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadFault(field, f"{field} is a string that is not empty, not {value!r}")
    return value


def _code(field: str, value: Any) -> str:
    if not _CODE.fullmatch(_string(field, value)):
        raise BadFault(field, f"{field} is an error code such as InsufficientInstanceCapacity, not {value!r}")
    return str(value)


def _status(field: str, value: Any) -> int:
    if not _is_int(value) or not 400 <= value <= 599:
        raise BadFault(field, f"{field} is an HTTP status from 400 to 599, not {value!r}")
    return int(value)


def _seconds(field: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not 0 < value <= LONGEST_DELAY:
        raise BadFault(field, f"{field} is a number above 0 and up to {LONGEST_DELAY}, not {value!r}")
    return float(value)


def _times(field: str, value: Any) -> int | None:
    if value is not None and (not _is_int(value) or value < 1):
        raise BadFault(field, f"{field} is a whole number from 1, or null for ever, not {value!r}")
    return None if value is None else int(value)


def _skip(field: str, value: Any) -> int:
    if not _is_int(value) or value < 0:
        raise BadFault(field, f"{field} is a whole number from 0, not {value!r}")
    return int(value)


def _after(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadFault(field, f"{field} is true or false, not {value!r}", ["true", "false"])
    return value


def _account(field: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{12}", value):
        raise BadFault(field, f"{field} is the 12 digits of an account as a string, not {value!r}")
    return value


def _parameters(field: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadFault(field, f"{field} is a JSON object of parameters and what they must be, not {value!r}")
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "operation": operation_pattern,
    "code": _code,
    "message": _string,
    "status": _status,
    "seconds": _seconds,
    "times": _times,
    "skip": _skip,
    "after": _after,
    "access_key": _string,
    "account": _account,
    "region": _string,
    "user_agent": _string,
    "parameters": _parameters,
}
