# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module or a playbook four times on a local cloud: check, apply, check, apply; and asserts all four together.

The fixture ``four`` (``harness.fixtures``) is all that a test needs::

    def test_tags_are_added_once(four: Four) -> None:
        outcome = four.module("golden.ami.ami_tag", {"image_id": ami, "tags": {"team": "web"}})
        outcome.expect(changed=True, writes={"CreateTags": 1}, idle_reads=1)
        assert outcome.apply.result["tags"]["team"] == "web"

``expect`` says what is special to the test. What holds for every module is asserted without a word
(``harness.promises``): check mode makes no write call; it says ``changed`` and the diff that the apply says; the second
check and apply change nothing and write nothing; before and after in the diff differ just when ``changed`` is true; the
result has what RETURN documents, in its types, and no secret. When one of them is broken, the failure shows the four
results side by side, with their diffs and calls.

``outcome.check``, ``.apply``, ``.check_again`` and ``.apply_again`` are ``harness.outcome.Step``: ``result``, ``changed``,
``diff``, ``calls`` as the cloud wrote them down, ``reads`` and ``writes`` by operation.

Modules run through ansible-playbook, so action plugins are in it, with the connection that ``playbooks/vars/cloud.yml``
gives to the action groups.
"""

from __future__ import annotations

import collections.abc as c
import configparser
import json
import os
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from harness.cloud import CHECKOUT, Cloud, Run
from harness.documented import documentation
from harness.outcome import NAMES, Call, Outcome, Step, Task
from harness.promises import (
    Exceptions,
    broken_promises,
    compare,
    told_secrets,
    undocumented,
    writes_in_check_mode,
)

CALLBACKS = Path(__file__).parent / "callback"
CONNECTION = {name: f"{{{{ golden_connection.{name} or omit }}}}" for name in ("profile", "region", "endpoint_url")}


@dataclass
class Four:
    """Runs things four times. ``directory`` is for the plays and records of a test; ``report`` is told each table."""

    cloud: Cloud
    directory: Path
    report: c.Callable[[str], None] = lambda _table: None
    secrets: list[str] = field(default_factory=list)

    def module(
        self,
        name: str,
        options: dict[str, t.Any],
        *,
        again: str | None = None,
        differs: str | None = None,
        unknown: c.Collection[str] = (),
        secrets: c.Collection[str] = (),
    ) -> Outcome:
        """Run a module of the collection: check, apply, check, apply, in one play.

        ``again``: why it changes something each time, such as ``force``; its documentation has to have the attribute
        ``idempotent`` as less than full. ``differs``: why check mode says otherwise than an apply; likewise for
        ``check_mode``. ``unknown``: keys in the diff's ``after`` whose values only an apply can know, such as the id of
        what it makes. ``secrets``: values that must not be in a result or on the screen, besides the cloud's own.
        """
        run, steps = self._play(name, options)
        outcome = self._told(Outcome(name, steps, again, run.output))
        hidden = [*self._secrets(), *secrets]
        exceptions = Exceptions(again, differs, unknown)
        faults = broken_promises(outcome, documentation(self.cloud, name), exceptions, hidden)
        printed = Step("all four", {}, [], run.output)
        outcome.refuse([*faults, *told_secrets([printed], hidden)])
        return outcome

    def refused(self, name: str, options: dict[str, t.Any], *, secrets: c.Collection[str] = ()) -> str:
        """Run a module with options that it must refuse, and give the message: in check mode it is the same, and
        neither run writes."""
        _run, steps = self._play(name, options, count=2)
        outcome = self._told(Outcome(name, steps))
        check, apply = steps
        faults = [f"{step.name} does not fail" for step in steps if not step.failed]
        faults += [f"{step.name} failed, and wrote: {dict(step.writes)}" for step in steps if step.writes]
        if check.result.get("msg") != apply.result.get("msg"):
            faults.append("check mode fails with other words than an apply")
        outcome.refuse([*faults, *told_secrets(steps, [*self._secrets(), *secrets])])
        return str(apply.result["msg"])

    def lookup(self, name: str, *terms: t.Any, **options: t.Any) -> t.Any:
        """What a lookup gives, as ``query`` does. It is the same each time, it calls nothing, and RETURN has its keys."""
        arguments = ", ".join([json.dumps(name), "*__terms", "**__options"])
        variables = {"__terms": list(terms), "__options": options}
        _run, steps = self._play("ansible.builtin.debug", {"msg": f"{{{{ query({arguments}) }}}}"}, variables=variables)
        outcome = self._told(Outcome(f"lookup {name}", steps))
        values = [step.result.get("msg") for step in steps]
        faults = [f"{step.name} failed: {step.result.get('msg')}" for step in steps if step.failed]
        faults += [f"{step.name} made calls" for step in steps if step.calls]
        faults += ["it is not the same each time"] if any(value != values[0] for value in values) else []
        if not faults:
            field = documentation(self.cloud, name, "lookup")
            faults = field.faults_of({"_raw": values[0]})
        outcome.refuse(faults)
        return values[0]

    def playbook(
        self,
        playbook: str | Path,
        *arguments: str,
        cwd: Path = CHECKOUT,
        again: str | None = None,
        secrets: c.Collection[str] = (),
        **environment: str,
    ) -> Outcome:
        """Run a playbook with ``--check``, without, and both again. A step is changed when one of its tasks is.

        Of the collection's own modules in it the same is asserted as by ``module``, as far as a task runs in check mode
        as well. ``step.task(NAME)`` has the result of a task.
        """
        steps = [
            self._step(
                name, playbook, [*arguments, "--diff", *(["--check"] if number % 2 == 0 else [])], cwd, environment
            )
            for number, name in enumerate(NAMES)
        ]
        outcome = self._told(Outcome(str(playbook), steps, again))
        outcome.refuse(self._broken_by_playbook(outcome, [*self._secrets(), *secrets]))
        return outcome

    def _broken_by_playbook(self, outcome: Outcome, secrets: list[str]) -> list[str]:
        steps = outcome.steps
        faults = [f"{step.name} failed:\n{step.output}" for step in steps if step.failed]
        faults += writes_in_check_mode([outcome.check, outcome.check_again])
        for check, apply in zip(steps[::2], steps[1::2], strict=True):
            if check.changed != apply.changed:
                faults.append(f"{check.name} says changed={check.changed}, {apply.name} changed={apply.changed}")
            faults += self._broken_by_tasks(check, apply)
        if not outcome.again:
            faults += [f"{step.name} says changed" for step in steps[2:] if step.changed]
            if outcome.apply_again.writes:
                faults.append(f"the second run wrote: {dict(outcome.apply_again.writes)}")
        return [*faults, *told_secrets(steps, secrets)]

    def _broken_by_tasks(self, check: Step, apply: Step) -> list[str]:
        faults = []
        for task in _own_tasks(apply):
            if task.status == "ok" and "results" not in task.result:
                faults += [f"task {task.name}: {f}" for f in undocumented([task.result], self._documentation(task))]
        for before, after in _pairs(check, apply):
            steps = Step(check.name, before.result, []), Step(apply.name, after.result, [])
            faults += [f"task {after.name}: {fault}" for fault in compare(*steps)]
        return faults

    def _documentation(self, task: Task) -> t.Any:
        return documentation(self.cloud, task.action)

    def _told(self, outcome: Outcome) -> Outcome:
        self.report(f"{outcome.what}\n{outcome.table()}")
        return outcome

    def _play(
        self, name: str, options: dict[str, t.Any], count: int = 4, variables: dict[str, t.Any] | None = None
    ) -> tuple[Run, list[Step]]:
        path = self.directory / "four.yml"
        path.write_text(json.dumps([_play_of(name, options, count, variables or {})], indent=1))
        run, lines = self._recorded(path)
        if len(lines) != count:
            raise AssertionError(f"{name}: {len(lines)} of {count} steps ended:\n{run.output}")
        log = self._calls().read_bytes() if self._calls().is_file() else b""
        steps = [
            Step(line["task"], line["result"], _read_calls(log[slice(*line["calls"])]), tasks=[_task(line)])
            for line in lines
        ]
        return run, steps

    def _step(
        self, name: str, playbook: str | Path, arguments: list[str], cwd: Path, environment: dict[str, str]
    ) -> Step:
        before = self._calls().stat().st_size if self._calls().is_file() else 0
        run, lines = self._recorded(playbook, *arguments, cwd=cwd, **environment)
        log = self._calls().read_bytes() if self._calls().is_file() else b""
        # A cloud that was reset meanwhile has a new record.
        calls = _read_calls(log[before if before <= len(log) else 0 :])
        tasks = [_task(line) for line in lines]
        changed = any(task.result.get("changed") for task in tasks if task.status == "ok")
        return Step(name, {"changed": changed, "failed": run.rc != 0}, calls, run.output, tasks)

    def _recorded(
        self, playbook: str | Path, *arguments: str, cwd: Path = CHECKOUT, **environment: str
    ) -> tuple[Run, list[dict[str, t.Any]]]:
        """Run a playbook; gives as well what the callback wrote, a line for each task."""
        record = self.directory / "four.jsonl"
        record.unlink(missing_ok=True)
        told = {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "four",
            "FOUR_RECORD": str(record),
            "FOUR_CALLS": str(self._calls()),
        }
        run = self.cloud.play(os.fspath(playbook), *arguments, cwd=cwd, **told, **environment)
        lines = record.read_text().splitlines() if record.is_file() else []
        return run, [json.loads(line) for line in lines]

    def _calls(self) -> Path:
        return self._state() / "calls.jsonl"

    def _state(self) -> Path:
        return self.cloud.home / "golden.ami" / "local_cloud" / self.cloud.name

    def _secrets(self) -> list[str]:
        credentials = configparser.ConfigParser()
        credentials.read(self._state() / "credentials")
        keys = [credentials[section]["aws_secret_access_key"] for section in credentials.sections()]
        return [*keys, *self.secrets]


def _play_of(name: str, options: dict[str, t.Any], count: int, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "name": f"{name}, four times",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(CHECKOUT / "playbooks" / "vars" / "cloud.yml")],
        "vars": variables,
        "environment": "{{ golden_environment }}",
        "module_defaults": {"group/golden.ami.aws": CONNECTION, "group/amazon.aws.aws": CONNECTION},
        "tasks": [
            {"name": step, name: options, "check_mode": number % 2 == 0, "diff": True, "ignore_errors": True}
            for number, step in enumerate(NAMES[:count])
        ],
    }


def _read_calls(log: bytes) -> list[Call]:
    return [json.loads(line) for line in log.splitlines()]


def _task(line: dict[str, t.Any]) -> Task:
    return Task(line["task"], line["action"], line["status"], line["result"])


def _own_tasks(step: Step) -> list[Task]:
    return [task for task in step.tasks if task.action.startswith("golden.ami.")]


def _pairs(check: Step, apply: Step) -> c.Iterator[tuple[Task, Task]]:
    """A task of the check and the same one of the apply, where both ran."""
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
