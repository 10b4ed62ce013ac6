# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of check, apply, check, apply: four steps, told side by side."""

from __future__ import annotations

import collections.abc as c
import itertools
import json
import textwrap
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from harness.calls import Call, reads, writes

NAMES = ("check", "apply", "check again", "apply again")
WIDTH = 38

Result = dict[str, t.Any]


@dataclass(frozen=True)
class Task:
    """One task that ended, as Ansible's callback told it."""

    name: str
    action: str
    status: str
    result: Result


@dataclass(frozen=True)
class Step:
    """One of the four: what the module (or the playbook, as one result) gave back, and the calls that it made."""

    name: str
    result: Result = field(repr=False)
    calls: list[Call] = field(repr=False)
    output: str = field(default="", repr=False)
    tasks: list[Task] = field(default_factory=list, repr=False)

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed", False))

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed", False))

    @property
    def skipped(self) -> bool:
        return bool(self.result.get("skipped", False))

    @property
    def diff(self) -> t.Any:
        return self.result.get("diff")

    @property
    def reads(self) -> Counter[str]:
        """How often each operation was called that changes nothing."""
        return reads(self.calls)

    @property
    def writes(self) -> Counter[str]:
        return writes(self.calls)

    def task(self, name: str) -> Result:
        """The result of a playbook's task, by its name, with or without the role's in front; the last one of that name."""
        found = [task for task in self.tasks if task.name == name or task.name.endswith(f" : {name}")]
        if not found:
            raise AssertionError(f"no task {name!r} among {[task.name for task in self.tasks]}")
        return found[-1].result


@dataclass(frozen=True)
class Outcome:
    """The four steps of one module or playbook."""

    what: str
    steps: list[Step] = field(repr=False)
    again: str | None = None
    # What ansible-playbook printed in all; a playbook's steps have each their own.
    output: str = field(default="", repr=False)

    @property
    def check(self) -> Step:
        return self.steps[0]

    @property
    def apply(self) -> Step:
        return self.steps[1]

    @property
    def check_again(self) -> Step:
        return self.steps[2]

    @property
    def apply_again(self) -> Step:
        return self.steps[3]

    @property
    def changed(self) -> list[bool]:
        return [step.changed for step in self.steps]

    def expect(self, *, changed: bool | list[bool], writes: dict[str, int] | set[str], idle_reads: int) -> Outcome:
        """Assert what a test of a module has to say.

        ``changed``: whether the first apply changes something; or all four, where check mode differs. ``writes``: the operations that it writes with, and
        how often each; as a set where only which ones matters, as with Packer. ``idle_reads``: how many calls a run
        with nothing to do may cost.
        """
        faults: list[str] = []
        wanted = changed if isinstance(changed, list) else [changed, changed, *[changed and bool(self.again)] * 2]
        if self.changed != wanted:
            faults.append(f"changed is {self.changed}, expected {wanted}")
        made = self.apply.writes
        if (set(made) if isinstance(writes, set) else dict(made)) != writes:
            faults.append(f"apply wrote with {_counted(made)}, expected {writes or 'nothing'}")
        idle = [step for step in self.steps[2:] if not step.changed and step.reads.total() > idle_reads]
        faults += [
            f"{step.name} had nothing to do and read {step.reads.total()} times, not {idle_reads}" for step in idle
        ]
        self.refuse(faults)
        return self

    def refuse(self, faults: c.Sequence[str]) -> None:
        """Fail with these sentences and all four results, if there are any."""
        if faults:
            said = "\n".join(f"  - {fault}" for fault in faults)
            raise AssertionError(f"{self.what}:\n{said}\n\n{self.table()}")

    def table(self) -> str:
        """All four results side by side, with the diffs and the calls."""
        rows: list[tuple[str, c.Callable[[Step], str]]] = [
            ("", lambda step: step.name.upper()),
            ("result", _verdict),
            ("reads", lambda step: _counted(step.reads)),
            ("writes", lambda step: _counted(step.writes)),
            ("diff", lambda step: _pretty(step.diff)),
            ("returned", lambda step: _pretty(_own(step.result))),
        ]
        return "\n".join(line for label, told in rows for line in _row(label, [told(step) for step in self.steps]))


def _verdict(step: Step) -> str:
    words = [word for word in ("changed", "failed", "skipped") if step.result.get(word)] or ["ok"]
    message = step.result.get("msg")
    return ", ".join(words) + (f": {message}" if message else "")


def _counted(calls: Counter[str]) -> str:
    return ", ".join(f"{name} ×{count}" for name, count in sorted(calls.items())) or "none"


def _own(result: Result) -> Result:
    shown = {"changed", "failed", "skipped", "msg", "diff", "invocation"}
    return {key: value for key, value in result.items() if key not in shown}


def _pretty(value: t.Any) -> str:
    return "none" if value in (None, {}, []) else json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)


def _row(label: str, cells: list[str]) -> c.Iterator[str]:
    wrapped = [[part for line in cell.splitlines() for part in textwrap.wrap(line, WIDTH)] for cell in cells]
    for number, parts in enumerate(itertools.zip_longest(*wrapped, fillvalue="")):
        head = label if number == 0 else ""
        yield " | ".join([f"{head:8}", *(f"{part:{WIDTH}}" for part in parts)]).rstrip()
    yield ""
