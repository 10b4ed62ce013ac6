# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises, asked of four results without a test having to say so."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t
from dataclasses import dataclass

from harness.documented import Documentation
from harness.outcome import Outcome, Result, Step, Task

# What stands for a value that only an apply can know, in both diffs.
UNKNOWN = "(only known when it is done)"


@dataclass(frozen=True)
class Exceptions:
    """Where a test says that a module is different, and why. The module's documentation must say so as well."""

    again: str | None = None
    differs: str | None = None
    unknown: c.Collection[str] = ()


def broken_promises(
    outcome: Outcome, documentation: Documentation, exceptions: Exceptions, secrets: c.Collection[str]
) -> list[str]:
    """A sentence for each promise that the four results break."""
    return [
        *_failures(outcome),
        *_writes_where_nothing_changes(outcome),
        *_second_time(outcome, documentation, exceptions),
        *_check_is_apply(outcome, documentation, exceptions),
        *_diffs(outcome, documentation),
        *_undocumented(outcome, documentation),
        *told_secrets(outcome.steps, secrets),
    ]


def _failures(outcome: Outcome) -> list[str]:
    return [f"{step.name} failed: {step.result.get('msg')}" for step in outcome.steps if step.failed]


def writes_in_check_mode(steps: c.Iterable[Step]) -> list[str]:
    return [f"check mode wrote: {_named(step)} ({step.name})" for step in steps if step.writes]


def _writes_where_nothing_changes(outcome: Outcome) -> list[str]:
    applied = [step for step in (outcome.apply, outcome.apply_again) if step.writes and not step.changed]
    return [
        *writes_in_check_mode([outcome.check, outcome.check_again]),
        *(f"{step.name} says unchanged, and wrote: {_named(step)}" for step in applied),
    ]


def _second_time(outcome: Outcome, documentation: Documentation, exceptions: Exceptions) -> list[str]:
    if exceptions.again:
        if documentation.support("idempotent") == "full":
            return ["the test says that it changes things each time, its documentation that it is idempotent"]
        return []
    faults = [f"{step.name} says changed" for step in (outcome.check_again, outcome.apply_again) if step.changed]
    if outcome.apply_again.writes and outcome.apply_again.changed:
        faults.append(f"the second run wrote: {_named(outcome.apply_again)}")
    return faults


def _check_is_apply(outcome: Outcome, documentation: Documentation, exceptions: Exceptions) -> list[str]:
    support = documentation.support("check_mode")
    if exceptions.differs:
        if support == "full":
            return ["the test says that check mode differs, its documentation that it is supported in full"]
        return []
    faults = [] if support == "full" else [f"its documentation has check mode as {support or 'nothing'}, not as full"]
    for check, apply in ((outcome.check, outcome.apply), (outcome.check_again, outcome.apply_again)):
        faults += compare(check, apply, exceptions.unknown)
    return faults


def compare(check: Step, apply: Step, unknown: c.Collection[str] = ()) -> list[str]:
    """What an apply says otherwise than the check before it."""
    faults = []
    if check.changed != apply.changed:
        faults.append(f"{check.name} says changed={check.changed}, {apply.name} changed={apply.changed}")
    if masked(check.diff, unknown) != masked(apply.diff, unknown):
        faults.append(f"the diff of {check.name} is not the one of {apply.name}")
    return faults


def masked(diff: t.Any, unknown: c.Collection[str]) -> t.Any:
    """A diff without the values of these keys, at any depth of what it has as ``after``."""
    if isinstance(diff, list):
        return [masked(one, unknown) for one in diff]
    if not isinstance(diff, dict) or "after" not in diff:
        return diff
    return {**diff, "after": _mask(diff["after"], unknown)}


def _mask(value: t.Any, unknown: c.Collection[str]) -> t.Any:
    if isinstance(value, list):
        return [_mask(one, unknown) for one in value]
    if isinstance(value, dict):
        return {key: UNKNOWN if key in unknown else _mask(one, unknown) for key, one in value.items()}
    return value


def _diffs(outcome: Outcome, documentation: Documentation) -> list[str]:
    if documentation.support("diff_mode") != "full":
        return []
    return [fault for step in outcome.steps if not step.failed for fault in _diff(step)]


def _diff(step: Step) -> list[str]:
    diffs = step.diff if isinstance(step.diff, list) else [step.diff]
    if not all(isinstance(one, dict) and {"before", "after"} <= one.keys() for one in diffs):
        return [f"{step.name} gives no diff, which its documentation promises"]
    differs = any(one["before"] != one["after"] for one in diffs)
    if differs != step.changed:
        return [f"{step.name} says changed={step.changed}, and before and after in its diff are {_same(differs)}"]
    return []


def _same(differs: bool) -> str:
    return "not the same" if differs else "the same"


def _undocumented(outcome: Outcome, documentation: Documentation) -> list[str]:
    told = [step.result for step in outcome.steps if not step.failed and not step.skipped]
    return undocumented(told, documentation)


def undocumented(results: c.Iterable[Result], documentation: Documentation) -> list[str]:
    return list(dict.fromkeys(fault for result in results for fault in documentation.faults_of(result)))


def broken_by_playbook(
    outcome: Outcome,
    documentation: c.Callable[[str], Documentation],
    secrets: c.Collection[str],
    unknown: c.Collection[str] = (),
) -> list[str]:
    """The same of a playbook. Of a task the check and the apply are compared where it runs in both."""
    steps = outcome.steps
    faults = [f"{step.name} failed:\n{step.output}" for step in steps if step.failed]
    faults += writes_in_check_mode([outcome.check, outcome.check_again])
    for check, apply in zip(steps[::2], steps[1::2], strict=True):
        if check.changed != apply.changed:
            faults.append(f"{check.name} says changed={check.changed}, {apply.name} changed={apply.changed}")
        faults += _broken_by_tasks(check, apply, documentation, unknown)
    if not outcome.again:
        faults += [f"{step.name} says changed" for step in steps[2:] if step.changed]
        faults += [f"the second run wrote: {_named(step)}" for step in steps[3:] if step.writes]
    return [*faults, *told_secrets(steps, secrets)]


def _broken_by_tasks(
    check: Step, apply: Step, documentation: c.Callable[[str], Documentation], unknown: c.Collection[str]
) -> list[str]:
    faults = []
    for task in _own_tasks(apply):
        if task.status == "ok" and "results" not in task.result:
            faults += [f"task {task.name}: {f}" for f in undocumented([task.result], documentation(task.action))]
    for before, after in _pairs(check, apply):
        steps = Step(check.name, before.result, []), Step(apply.name, after.result, [])
        faults += [f"task {after.name}: {fault}" for fault in compare(*steps, unknown)]
    return faults


def _own_tasks(step: Step) -> list[Task]:
    return [task for task in step.tasks if task.action.startswith("golden.ami.")]


def _pairs(check: Step, apply: Step) -> c.Iterator[tuple[Task, Task]]:
    before = _by_place(check)
    for place, after in _by_place(apply).items():
        if place in before and before[place].status == after.status == "ok":
            yield before[place], after


def _by_place(step: Step) -> dict[tuple[str, int], Task]:
    """By name and how often there was a task of that name before."""
    tasks: dict[tuple[str, int], Task] = {}
    for task in _own_tasks(step):
        number = sum(1 for name, _number in tasks if name == task.name)
        tasks[task.name, number] = task
    return tasks


def told_secrets(steps: c.Iterable[Step], secrets: c.Collection[str]) -> list[str]:
    """Names the step and the key, never the secret."""
    faults = []
    for step in steps:
        places = [key for key, value in step.result.items() if _has(value, secrets)]
        places += ["what ansible-playbook prints"] if _has(step.output, secrets) else []
        places += [f"task {task.name}" for task in step.tasks if _has(task.result, secrets)]
        faults += [f"a secret is in {place} ({step.name})" for place in places]
    return faults


def _has(value: t.Any, secrets: c.Collection[str]) -> bool:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return any(secret in text or json.dumps(secret)[1:-1] in text for secret in secrets)


def _named(step: Step) -> str:
    return ", ".join(f"{operation} ×{count}" for operation, count in sorted(step.writes.items()))
