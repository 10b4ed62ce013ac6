# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is to be done to the things that a pipeline stands on: decided on what they are and what they are to be."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

# Whose a thing is: the name of its pipeline.
TAG = "golden:pipeline"
# What was there before the pipeline took it over stays when the pipeline goes.
ADOPTED = "golden:adopted"
# Several pipelines build from one repository: the others use it as it is, and leave it where it is.
SHARED = ("repository",)


@dataclasses.dataclass(frozen=True)
class Thing:
    """A resource: C(state) is what of it is decided about, in a form that can be compared."""

    kind: str
    name: str
    state: dict[str, t.Any]
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to be done, and why."""

    action: t.Literal["create", "update", "delete"]
    before: Thing | None
    after: Thing | None
    reason: str

    @property
    def thing(self) -> Thing:
        thing = self.after or self.before
        if thing is None:
            raise AssertionError("Internal error: a step is about a thing")
        return thing


class NotOursError(ValueError):
    """There are things of these names that no pipeline of this name has made."""


def _owner(thing: Thing) -> str | None:
    return thing.tags.get(TAG)


def is_foreign(thing: Thing, project: str) -> bool:
    owner = _owner(thing)
    return owner != project and not (thing.kind in SHARED and owner)


def refuse_foreign(found: c.Iterable[Thing], project: str, *, adopt: bool) -> None:
    """Raise NotOursError for things that are there and are not the pipeline's, all at once."""
    foreign = [thing for thing in found if is_foreign(thing, project)]
    if adopt or not foreign:
        return
    whose = "; ".join(f"{thing.words} ({_whose(thing)})" for thing in foreign)
    raise NotOursError(
        f"There is already {whose}. To let the pipeline {project} take over what is there: adopt=true (pipeline_adopt);"
        " otherwise give the pipeline another name"
    )


def _whose(thing: Thing) -> str:
    owner = _owner(thing)
    return f"of the pipeline {owner}" if owner else f"without the tag {TAG}"


def plan_present(wanted: Thing, found: Thing | None, project: str) -> Step | None:
    """What makes it as it is to be. What is somebody else's by now, and shared, stays as it is."""
    if found is None:
        return Step("create", None, wanted, "there is none of that name")
    if wanted.kind in SHARED and _owner(found) not in (None, project):
        return None
    if is_foreign(found, project):
        wanted = dataclasses.replace(wanted, tags={**wanted.tags, ADOPTED: "yes"})
    changed = sorted(key for key, value in wanted.state.items() if found.state.get(key) != value)
    tags = sorted(key for key, value in wanted.tags.items() if found.tags.get(key) != value)
    if not changed and not tags:
        return None
    after = Thing(wanted.kind, wanted.name, {**found.state, **wanted.state}, {**found.tags, **wanted.tags})
    return Step("update", found, after, f"not as declared: {', '.join([*changed, *(f'tag {key}' for key in tags)])}")


def is_made(found: Thing, project: str) -> bool:
    """Whether the pipeline has made it, and did not find it there."""
    return _owner(found) == project and ADOPTED not in found.tags


def plan_absent(found: Thing | None, project: str, *, kept: bool) -> Step | None:
    """Only what the pipeline has made is taken away."""
    if found is None or kept or not is_made(found, project):
        return None
    return Step("delete", found, None, "it is not wanted")
