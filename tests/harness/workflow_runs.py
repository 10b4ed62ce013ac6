# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run whole workflows of GitHub Actions: their jobs by what they need, and the workflows that they call.

A job gets what GitHub would give it: a token with its permissions, never more than those of its caller, and OIDC only with
``id-token: write``. What stands for GitHub is a function that issues tokens.
"""

from __future__ import annotations

import collections.abc as c
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from harness.workflow_expressions import EXPRESSION, Contexts, Unknown, Value, evaluate, substituted
from harness.workflow_steps import Ran, Run, run_steps, wanted

JOB_KEYS = {
    *("name", "runs-on", "timeout-minutes", "permissions", "outputs", "env", "steps"),
    *("needs", "if", "uses", "with", "concurrency"),
}
LEVELS = ("none", "read", "write")

Rights = dict[str, str]
# The token of a job with these permissions.
Issue = c.Callable[[Rights], str]


@dataclass
class Runner:
    """What runs steps, what issues tokens, and which steps were done in another way before."""

    run: Run
    issue: Issue
    replaced: c.Collection[str] = ()
    # Where GitHub's OIDC is asked, and with what.
    oidc: c.Mapping[str, str] = field(
        default_factory=lambda: {
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://oidc.invalid/token",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
        }
    )


@dataclass
class Whole:
    """What became of a workflow: its jobs with their steps, those of workflows that it called behind a slash."""

    jobs: dict[str, Ran] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        results = {job.outcome for name, job in self.jobs.items() if "/" not in name}
        return next((result for result in ("failure", "skipped") if result in results), "success")

    @property
    def log(self) -> str:
        return "".join(job.log for job in self.jobs.values())

    @property
    def commands(self) -> list[str]:
        return [command for job in self.jobs.values() for command in job.commands]


def run_workflow(file: Path, contexts: Contexts, runner: Runner) -> Whole:
    """Run a workflow as an event would start it, in the repository that it lies in."""
    return _run(file, dict(contexts), runner, None)


def _run(file: Path, contexts: dict[str, Value], runner: Runner, most: Rights | None) -> Whole:
    workflow = yaml.safe_load(file.read_text())
    whole = Whole()
    waiting = dict(workflow["jobs"])
    while waiting:
        ready = next((name for name, job in waiting.items() if not set(_needed(job)) & waiting.keys()), None)
        if ready is None:
            raise Unknown(f"jobs that wait for each other: {', '.join(waiting)}")
        job = waiting.pop(ready)
        _run_job(file, ready, job, workflow, contexts, runner, most, whole)
    called = _trigger(workflow).get("workflow_call") or {}
    known = {
        f"jobs.{name}.outputs.{key}": value for name, job in whole.jobs.items() for key, value in job.outputs.items()
    }
    for key, output in called.get("outputs", {}).items():
        # A job that did not run has no outputs.
        found = EXPRESSION.fullmatch(output["value"])
        whole.outputs[key] = known.get(found[1], "") if found else output["value"]
    return whole


def _run_job(
    file: Path,
    name: str,
    job: dict[str, t.Any],
    workflow: dict[str, t.Any],
    contexts: dict[str, Value],
    runner: Runner,
    most: Rights | None,
    whole: Whole,
) -> None:
    unknown = job.keys() - JOB_KEYS
    if unknown:
        raise Unknown(f"{', '.join(sorted(unknown))} in a job")
    before = {needed: whole.jobs[needed] for needed in _needed(job)}
    known = dict(contexts)
    for needed, ran in before.items():
        known[f"needs.{needed}.result"] = ran.outcome
        known |= {f"needs.{needed}.outputs.{key}": value for key, value in ran.outputs.items()}
    results = {ran.outcome for ran in before.values()}
    outcome = next((result for result in ("failure", "skipped") if result in results), "success")
    if not wanted(str(job.get("if", "")), outcome, known):
        whole.jobs[name] = Ran("skipped")
        return
    rights = _rights(job.get("permissions", workflow.get("permissions")), most, f"{file.name}: {name}")
    if "uses" not in job:
        token: dict[str, Value] = {"github.token": runner.issue(rights)}
        run = runner.run if rights.get("id-token") != "write" else _with_oidc(runner.run, runner.oidc)
        whole.jobs[name] = run_steps(job, known | token, run, runner.replaced)
        return
    target = _called(file, job["uses"])
    inner = _run(target, {**_outer(known), **_inputs(target, job.get("with", {}), known)}, runner, rights)
    whole.jobs[name] = Ran(inner.outcome, {}, [], inner.outputs, "")
    whole.jobs |= {f"{name}/{below}": ran for below, ran in inner.jobs.items()}


def _called(file: Path, uses: str) -> Path:
    if not uses.startswith("./"):
        raise Unknown(f"workflow {uses}")
    return file.parents[2] / uses


def _outer(contexts: Contexts) -> dict[str, Value]:
    """What a called workflow knows besides its inputs."""
    return {key: value for key, value in contexts.items() if key.partition(".")[0] in ("github", "vars", "runner")}


def _inputs(file: Path, given: dict[str, t.Any], known: Contexts) -> dict[str, Value]:
    declared = (_trigger(yaml.safe_load(file.read_text())).get("workflow_call") or {}).get("inputs", {})
    if given.keys() - declared.keys():
        raise Unknown(f"{file.name} has no inputs {', '.join(sorted(given.keys() - declared.keys()))}")
    found: dict[str, Value] = {}
    for key, told in declared.items():
        if key not in given and told.get("required"):
            raise Unknown(f"{file.name} needs the input {key}")
        value = given.get(key, told.get("default", ""))
        if isinstance(value, str):
            whole = EXPRESSION.fullmatch(value)
            value = evaluate(whole[1], known) if whole else substituted(value, known)
        if isinstance(value, bool) != (told["type"] == "boolean"):
            raise Unknown(f"{file.name}: input {key} is of type {told['type']}, not {value!r}")
        found[f"inputs.{key}"] = value if isinstance(value, bool) else str(value)
    return found


def _needed(job: dict[str, t.Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _trigger(workflow: dict[str, t.Any]) -> dict[str, t.Any]:
    return dict(workflow["on"])


def _rights(stated: t.Any, most: Rights | None, where: str) -> Rights:
    """Refused, as by GitHub before any job runs, when a called workflow asks for more than its caller has."""
    if not isinstance(stated, dict):
        raise Unknown(f"{where}: permissions {stated!r}")
    for right, level in stated.items():
        if most is not None and LEVELS.index(level) > LEVELS.index(most.get(right, "none")):
            raise Unknown(f"{where} asks for {right}: {level}, and its caller has {most.get(right, 'none')}")
    return dict(stated)


def _with_oidc(run: Run, oidc: c.Mapping[str, str]) -> Run:
    def with_it(argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
        return run(argv, {**environment, **oidc})

    return with_it
