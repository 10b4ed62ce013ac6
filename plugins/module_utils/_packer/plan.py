# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._ami.artifacts import OwnImage
from .fingerprint import Part, Parts, changed_items, changed_parts, fingerprint, read_parts_tag

# Files named in a sentence, at most.
_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Plan:
    """Whether to build, and why. C(current) is the AMI that is still good, or the one that the new one follows."""

    build: bool
    reason: str
    parts: Parts
    fingerprint: str
    current: OwnImage | None
    diff: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """What a decision depends on besides what goes into the image."""

    name: str
    region: str
    now: datetime.datetime
    force: bool = False
    max_age: float | None = None
    base_known: bool = True


# The digests of the things in each part of an earlier build, as far as this machine remembers them.
Memory = dict[str, dict[str, str]]


def counts(image: OwnImage) -> bool:
    """Whether an AMI can be a good one. One whose version record or tags could not be written stays incomplete."""
    complete = image.tags.get("golden:complete", "yes") == "yes"
    return image.state == "available" and "golden:fingerprint" in image.tags and complete


def _date(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _called(image: OwnImage) -> str:
    return f"{image.image_id} (version {image.version})" if image.version else image.image_id


def _span(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} seconds"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _base_change(before: OwnImage, part: Part, remembered: dict[str, str]) -> str:
    """The base before and now; of several each that changed, when it is known which was which."""
    if len(part.items) > 1 and remembered.keys() & part.items.keys():
        items = changed_items(remembered, part.items)
        moved = [f"{item} {remembered.get(item, 'none')} → {part.items.get(item, 'none')}" for item in items]
        return f"base changed ({_listed(moved)})"
    old = before.tags.get("golden:source-ami", "")
    new = ", ".join(sorted(set(part.items.values())))
    return f"base changed ({old.replace(',', ', ')} → {new})" if old else "base changed"


def _change(name: str, part: Part | None, memory: Memory, before: OwnImage) -> str:
    if part is None:
        return f"{name} went"
    if name not in read_names(before) and name in memory:
        return f"{name} came"
    if name == "base":
        return _base_change(before, part, memory.get(name, {}))
    if name not in memory:
        return f"{name} changed"
    items = changed_items(memory[name], part.items)
    if name == "tools":
        moved = [f"{item} {memory[name].get(item, 'none')} → {part.items.get(item, 'none')}" for item in items]
        return f"tools changed ({_listed(moved)})"
    return f"{name} changed ({_listed(items)})" if items else f"{name} changed"


def read_names(image: OwnImage) -> list[str]:
    return [name.replace(":", " ") for name in read_parts_tag(image.tags.get("golden:fingerprint-parts", ""))]


def describe_changes(before: OwnImage, parts: Parts, memory: Memory) -> str:
    """What differs from an earlier AMI, by the parts' names, with files where they are known."""
    names = changed_parts(before.tags.get("golden:fingerprint-parts", ""), parts)
    changes = [_change(name, parts.get(name), memory, before) for name in names]
    return "; ".join(changes) or "its content changed"


def _difference(before: OwnImage | None, parts: Parts, new_fingerprint: str, build: bool) -> dict[str, t.Any]:
    old = read_parts_tag(before.tags.get("golden:fingerprint-parts", "")) if before else {}
    length = min((len(value) for value in old.values()), default=8)
    after: dict[str, t.Any] = {
        "fingerprint": new_fingerprint[:16],
        "parts": {name.replace(" ", ":"): part.digest[:length] for name, part in parts.items()},
    }
    if not before:
        return {"before": {}, "after": after if build else {}}
    known = {"fingerprint": before.tags.get("golden:fingerprint", "")[:16], "parts": old}
    kept = {"image_id": before.image_id, "version": before.version, **known}
    new = {"image_id": "(new)", "version": "(new)", **after} if build else kept
    return {"before": kept, "after": new}


def _too_old(image: OwnImage, request: Request) -> str | None:
    age = (request.now - image.created).total_seconds()
    if request.max_age is None or age <= request.max_age:
        return None
    return f"{_called(image)} is {_span(age)} old, more than {_span(request.max_age)}"


def _why(
    request: Request,
    latest: OwnImage | None,
    same: OwnImage | None,
    unfinished: OwnImage | None,
    parts: Parts,
    memory: Memory,
) -> str | None:
    """The reason to build; None when there is none."""
    if request.force:
        return "a build was asked for with force"
    if unfinished and not same:
        return f"{_called(unfinished)} has this content, but its version record and tags were not completed"
    if not latest:
        return f"there is no AMI of {request.name} in {request.region} yet"
    if not request.base_known:
        return "which base image its template finds could not be asked, so it may have changed"
    if not same:
        return f"{describe_changes(latest, parts, memory)} since {_called(latest)}"
    return _too_old(same, request)


def decide(request: Request, images: list[OwnImage], parts: Parts, memory: Memory) -> Plan:
    """Is there an AMI of just this content, young enough? Images come oldest first; unfinished ones do not count."""
    new_fingerprint = fingerprint(parts)
    available = [image for image in images if counts(image)]
    same = [image for image in images if image.tags.get("golden:fingerprint") == new_fingerprint]
    latest = available[-1] if available else None
    good = next((image for image in reversed(same) if counts(image)), None)
    unfinished = next((image for image in reversed(same) if image.tags.get("golden:complete") == "no"), None)
    why = _why(request, latest, good, unfinished, parts, memory)
    if why:
        text = f"{request.name} is to be built: {why}."
        difference = _difference(latest, parts, new_fingerprint, True)
        return Plan(True, text, parts, new_fingerprint, latest, difference)
    if good is None:
        raise AssertionError("Internal error: neither a reason to build nor an AMI.")
    text = f"{_called(good)} is still good: nothing changed since {_date(good.created)}."
    return Plan(False, text, parts, new_fingerprint, good, _difference(good, parts, new_fingerprint, False))
