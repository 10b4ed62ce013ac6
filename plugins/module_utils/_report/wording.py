# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The same words for the page and for Markdown, of the report's data."""

from __future__ import annotations

import collections
import typing as t

from .ages import read

Result = dict[str, t.Any]
# Below this many they are named, above it they are counted.
_NAMED = 3
NOT_KNOWN = "not known"


def place(one: Result) -> str:
    return f"{one['account']}/{one['region']}"


def tests(version: Result) -> str:
    told = version["tests"]
    return str(told["verdict"]) if told else "not tested"


def permissions(ami: Result) -> str:
    """Who may use an AMI besides its owner."""
    told = ami["permissions"]
    if told is None:
        return NOT_KNOWN
    if told["public"]:
        return "everybody"
    named = [name for key, names in told.items() if isinstance(names, list) for name in names]
    return ", ".join(named) or "its owner only"


def users(ami: Result) -> str:
    """Who uses an AMI: that nobody does is said only where every source was read."""
    by_kind: dict[str, list[str]] = collections.defaultdict(list)
    for one in ami["users"]:
        by_kind[one["kind"]].append(one["id"])
    told = [_kind(kind, ids) for kind, ids in by_kind.items()]
    if ami["users_not_read"]:
        told.append(f"not read: {', '.join(ami['users_not_read'])}")
    return "; ".join(told) or "nobody"


def _kind(kind: str, ids: list[str]) -> str:
    word = kind.replace("-", " ")
    if len(ids) > _NAMED:
        return f"{len(ids)} {word}s"
    return f"{word}{'s' if len(ids) > 1 else ''} {', '.join(ids)}"


def pruning(image: Result) -> str:
    """What pruning would take, in a few words."""
    told = image["pruning"]
    if told is None:
        return NOT_KNOWN
    taken = [f"{action} {count}" for action, count in told["counts"].items() if count and action != "keep"]
    return ", ".join(taken) or "nothing"


def in_use(image: Result) -> str:
    """How many of an image's AMIs somebody uses."""
    amis = [ami for version in image["versions"] for ami in version["amis"]]
    used = sum(bool(ami["users"]) for ami in amis)
    open_ = any(ami["users_not_read"] for ami in amis)
    return f"{used}{' or more' if open_ else ''} of {len(amis)}"


def unread_places(image: Result) -> list[str]:
    """Where it is not known what channels name."""
    return [place(one) for one in image["places"] if not one["channels_read"]]


def channel(one: Result) -> str:
    return str(one["version"] or one["image_id"])


def change(entry: Result) -> str:
    """One line on what changed between two versions."""
    if entry["missing"]:
        return f"not known: nothing is kept of what is inside {' and '.join(entry['missing'])}, which only a test finds out"
    return str(entry["summary"])


def not_read(line: Result) -> str:
    where = f"{place(line)}: " if line["account"] else ""
    return f"{where}{line['what']}: {line['reason']}"


def source_names(report: Result) -> dict[str, str]:
    """What AMIs are called that versions were made from, by id."""
    names = {one["id"]: one["name"] for one in report["lineage"]["nodes"] if not one["image"]}
    for image in report["images"]:
        for version in image["versions"]:
            names |= {ami["image_id"]: f"{image['name']} {version['version']}" for ami in version["amis"]}
    return names


def sources(version: Result, names: dict[str, str]) -> str:
    return ", ".join(names.get(one, one) for one in version["sources"]) or NOT_KNOWN


def when(report: Result) -> str:
    return read(report["generated"])


def title(report: Result) -> str:
    return f"Images: {', '.join(image['name'] for image in report['images'])}"
