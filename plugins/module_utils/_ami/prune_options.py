# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What C(ami_prune) was asked for, read once, and refused where it could not be meant."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from . import accounts
from .calls import AmiError
from .channels import check_channel
from .references import SOURCES, USAGE
from .retention_world import DAY, Policy, Rule

CHANNELS, LAUNCHES, OTHERS = "channels", "last-launched", "other-accounts"
_WILDCARDS = "*?"

ARGUMENT_SPEC: dict[str, t.Any] = {
    **accounts.ARGUMENT_SPEC,
    "images": {"type": "list", "elements": "str", "default": []},
    "filters": {"type": "dict", "default": {}},
    "keep": {"type": "int", "default": 3},
    "max_age": {"type": "int"},
    "per_image": {"type": "dict", "default": {}},
    "keep_in_channel": {"type": "int", "default": 1},
    "max_age_in_channel": {"type": "int"},
    "per_channel": {"type": "dict", "default": {}},
    "launched_within": {"type": "int", "default": 30},
    "disable_after": {"type": "int", "default": 14},
    "delete_after": {"type": "int", "default": 14},
    "max_count": {"type": "int"},
    "max_percent": {"type": "int"},
    "copies": {"type": "bool", "default": False},
    "launch_template_versions": {"type": "bool", "default": False},
    "orphaned_snapshots": {"type": "bool", "default": False},
    "accept_unread": {
        "type": "list",
        "elements": "str",
        "default": [],
        "choices": [*SOURCES, USAGE, CHANNELS, LAUNCHES, OTHERS],
    },
}


@dataclasses.dataclass(frozen=True)
class Options:
    """Which AMIs are looked at, and by which policy. C(filters) is in EC2's form."""

    images: tuple[str, ...]
    filters: dict[str, list[str]]
    regions: tuple[str, ...]
    accounts: tuple[str, ...]
    role_name: str
    orphaned_snapshots: bool
    policy: Policy


def read_options(params: c.Mapping[str, t.Any]) -> Options:
    _refuse_no_scope(params)
    for name in ("keep", "max_age", "keep_in_channel", "max_age_in_channel"):
        _check_days(name, params[name])
    for name in ("launched_within", "disable_after", "delete_after", "max_count", "max_percent"):
        _check_days(name, params[name])
    if params["max_percent"] is not None and params["max_percent"] > 100:
        raise AmiError(f"max_percent: {params['max_percent']} is more than all. Give a number from 0 to 100.")
    accounts.check_accounts(params["accounts"])
    return Options(
        images=tuple(dict.fromkeys(params["images"])),
        filters={name: _values(name, given) for name, given in params["filters"].items()},
        regions=tuple(params["regions"]),
        accounts=tuple(params["accounts"]),
        role_name=params["role_name"],
        orphaned_snapshots=params["orphaned_snapshots"],
        policy=_policy(params),
    )


def _policy(params: c.Mapping[str, t.Any]) -> Policy:
    rule = _rule(params["keep"], params["max_age"])
    channel = _rule(params["keep_in_channel"], params["max_age_in_channel"])
    per_image = {name: _rule_of("per_image", name, given, rule) for name, given in params["per_image"].items()}
    unknown = [name for name in per_image if params["images"] and name not in params["images"]]
    if unknown:
        raise AmiError(f"per_image: {', '.join(unknown)} is not one of the images {', '.join(params['images'])}.")
    for name in params["per_channel"]:
        check_channel(name, "per_channel")
    return Policy(
        rule=rule,
        per_image=per_image,
        channel=channel,
        per_channel={name: _rule_of("per_channel", name, one, channel) for name, one in params["per_channel"].items()},
        launched_within=params["launched_within"] * DAY,
        disable_after=params["disable_after"] * DAY,
        delete_after=params["delete_after"] * DAY,
        max_count=params["max_count"],
        max_percent=params["max_percent"],
        copies=params["copies"],
        launch_template_versions=params["launch_template_versions"],
        accept_unread=frozenset(params["accept_unread"]),
    )


def _rule(keep: int, days: int | None) -> Rule:
    return Rule(keep, None if days is None else datetime.timedelta(days=days))


def _rule_of(option: str, name: str, given: t.Any, default: Rule) -> Rule:
    """What is said of an image or a channel; what is not said of it is as for all."""
    where = f"{option}.{name}"
    if not isinstance(given, dict):
        raise AmiError(f"{where} must have keep, max_age or both, got {given!r}.")
    unknown = given.keys() - {"keep", "max_age"}
    if unknown:
        raise AmiError(
            f"{where} has {', '.join(sorted(map(str, unknown)))}, which is unknown: it knows keep and max_age."
        )
    numbers = {key: _number(f"{where}.{key}", value) for key, value in given.items() if value is not None}
    days = numbers.get("max_age")
    return Rule(numbers.get("keep", default.keep), default.max_age if days is None else datetime.timedelta(days=days))


def _number(where: str, given: t.Any) -> int:
    """A whole number; templates may give it as text."""
    try:
        if isinstance(given, (bool, float)):
            raise ValueError
        number = int(given)
    except (TypeError, ValueError):
        raise AmiError(f"{where} must be a whole number, got {given!r}.") from None
    _check_days(where, number)
    return number


def _check_days(name: str, number: int | None) -> None:
    if number is not None and number < 0:
        raise AmiError(f"{name}: {number} is less than nothing. Give 0 or more.")


# Filters that name AMIs; of the others most of an account's AMIs may have the same value.
_SAYS_WHICH = ("name", "description", "image-id", "source-", "tag:")


def _refuse_no_scope(params: c.Mapping[str, t.Any]) -> None:
    """What deletes is told what to look at; nothing that means everything."""
    if not params["images"] and not params["filters"]:
        raise AmiError(
            "Which AMIs? Give images, filters or both: without them every AMI of the account would be looked at, and"
            " those beyond keep be deleted in the end."
        )
    for image in params["images"]:
        if not image.strip() or any(sign in image for sign in _WILDCARDS):
            raise AmiError(f"images: {image!r} names no image. Give names in full; for patterns there is filters.")
    values = [value for name, given in params["filters"].items() for value in _values(name, given)]
    if not params["images"] and all(not value.strip(_WILDCARDS) for value in values):
        raise AmiError(f"filters: {params['filters']} lets every AMI through. Give a filter that does not.")
    if not params["images"] and not any(name.startswith(_SAYS_WHICH) for name in params["filters"]):
        raise AmiError(
            f"filters: {', '.join(params['filters'])} says of what kind AMIs are, not which they are, and those of the whole"
            " account could be meant. Give name, description, image-id, a source or a tag as well."
        )


def _values(name: str, given: t.Any) -> list[str]:
    """The values of a filter as EC2 takes them."""
    listed = given if isinstance(given, list) else [given]
    values = [str(one).lower() if isinstance(one, bool) else str(one) for one in listed if one is not None]
    if not name or not values or not all(values):
        raise AmiError(f"filters: {name!r} has the value {given!r}: an empty filter. Give a value, or take it out.")
    return values
