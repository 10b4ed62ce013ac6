# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import time
import typing as t

from .state import state_directory, write_private
from .steps import Heard

# These come before a builder's provisioners; what sounds like them later is a provisioner's own talk.
_BEFORE = ("prepare", "launch", "connect")
# Lines of a table for a person, at most: steps, and tasks of provisioners.
_STEPS = 6
_TASKS = 3
_WIDE = 56


@dataclasses.dataclass
class Step:
    """One thing that took time. Seconds; C(start) counts from the beginning of the run. Without a builder it is the module's."""

    name: str
    kind: str
    start: float
    seconds: float = 0.0
    builder: str | None = None
    # Which of its builder's provisioners, counted from 1; a task has that of the one that it belongs to.
    provisioner: int | None = None


class _Lane:
    """What runs one after the other: a builder, or the module."""

    def __init__(self) -> None:
        self.step: Step | None = None
        self.task: Step | None = None
        self.provisioners = 0
        self.names: dict[str, int] = {}


class Profile:
    """Where the time of a run goes, as far as it got. Packer's own times have seconds only, so it is when its lines arrive."""

    def __init__(self) -> None:
        self.began = datetime.datetime.now(datetime.UTC)
        self._zero = time.monotonic()
        self.steps: list[Step] = []
        self._lanes: dict[str | None, _Lane] = {}

    def elapsed(self) -> float:
        return time.monotonic() - self._zero

    def step(self, name: str, kind: str) -> None:
        """The module does something: all that Packer did is over."""
        self.close()
        # Another run of Packer begins anew, with builders of the same names.
        self._lanes = {}
        self._begin(None, name, kind)

    def hear(self, heard: Heard) -> Step | None:
        """Take what Packer said; gives the step or task that began with it."""
        lane = self._lanes.get(heard.builder)
        if heard.kind == "end":
            self._end(heard.builder)
            return None
        if heard.kind == "no task":
            self._end_task(lane)
            return None
        if heard.kind == "task":
            return self._task(heard)
        if lane and lane.step and self._goes_on(lane, lane.step, heard):
            return None
        self._end(None)
        return self._begin(heard.builder, heard.name, heard.kind)

    @staticmethod
    def _goes_on(lane: _Lane, step: Step, heard: Heard) -> bool:
        if heard.kind == "provisioner":
            return False
        return step.name == heard.name or (heard.kind in _BEFORE and lane.provisioners > 0)

    def close(self) -> None:
        """All that runs is over."""
        for builder in self._lanes:
            self._end(builder)

    def provisioning(self) -> list[str]:
        """The builders whose provisioners were at work when they ended."""
        last = {step.builder: step.kind for step in self.steps if step.builder and step.kind not in ("task", "cleanup")}
        return [builder for builder, kind in last.items() if builder and kind == "provisioner"]

    def _begin(self, builder: str | None, name: str, kind: str) -> Step:
        self._end(builder)
        lane = self._lanes.setdefault(builder, _Lane())
        if kind == "provisioner":
            lane.provisioners += 1
            lane.names[name] = lane.names.get(name, 0) + 1
            name = f"{name} {lane.names[name]}" if lane.names[name] > 1 else name
        number = lane.provisioners if kind == "provisioner" else None
        lane.step = Step(name, kind, self.elapsed(), builder=builder, provisioner=number)
        self.steps.append(lane.step)
        return lane.step

    def _task(self, heard: Heard) -> Step:
        lane = self._lanes.setdefault(heard.builder, _Lane())
        self._end_task(lane)
        number = lane.provisioners or None
        lane.task = Step(heard.name, "task", self.elapsed(), builder=heard.builder, provisioner=number)
        self.steps.append(lane.task)
        return lane.task

    def _end(self, builder: str | None) -> None:
        lane = self._lanes.get(builder)
        self._end_task(lane)
        if lane and lane.step:
            lane.step.seconds = self.elapsed() - lane.step.start
            lane.step = None

    def _end_task(self, lane: _Lane | None) -> None:
        if lane and lane.task:
            lane.task.seconds = self.elapsed() - lane.task.start
            lane.task = None


def profile_path(image: str, version: str) -> pathlib.Path:
    return state_directory() / "profiles" / image.replace("/", "_") / f"{version.replace('/', '_')}.json"


def write_profile(path: pathlib.Path, profile: Profile, facts: dict[str, t.Any]) -> None:
    """Write it as JSON, with what C(facts) say of the run before the steps."""
    steps = [
        {**dataclasses.asdict(step), "start": round(step.start, 3), "seconds": round(step.seconds, 3)}
        for step in profile.steps
    ]
    content = {
        **facts,
        "began": profile.began.isoformat(timespec="milliseconds"),
        "seconds": round(profile.elapsed(), 3),
        "steps": steps,
    }
    write_private(path, json.dumps(content, indent=1))


def table(profile: Profile) -> list[str]:
    """What took the time, for a person: the longest steps in the order in which they came, and the slowest tasks."""
    several = len({step.builder for step in profile.steps if step.builder}) > 1
    sums: dict[str, float] = {}
    for step in profile.steps:
        if step.kind != "task":
            name = f"{step.builder} · {step.name}" if several and step.builder else step.name
            sums[name] = sums.get(name, 0.0) + step.seconds
    longest = sorted(sums, key=lambda name: sums[name], reverse=True)[:_STEPS]
    rows = [(name, seconds) for name, seconds in sums.items() if name in longest]
    rest = sum(seconds for name, seconds in sums.items() if name not in longest)
    if rest >= 0.05:
        rows.append(("all else", rest))
    tasks = sorted((step for step in profile.steps if step.kind == "task"), key=lambda step: -step.seconds)[:_TASKS]
    rows += [(f"task {_task_name(step.name)}", step.seconds) for step in tasks if step.seconds >= 0.05]
    return [_row(name, seconds) for name, seconds in rows]


def _task_name(name: str) -> str:
    """C(Install (web)) instead of C(web : Install): in a play's YAML output a colon would put the line in quotes."""
    role, _unused, task = name.partition(" : ")
    return f"{task} ({role})" if task else role


def _row(name: str, seconds: float) -> str:
    shown = name if len(name) <= _WIDE else f"{name[: _WIDE - 1]}…"
    return f"{shown:<{_WIDE}} {seconds:8.1f} s"
