# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the ``run:`` steps of a job of a GitHub Actions workflow on this machine, as a runner would; refuse what is not known here."""

from __future__ import annotations

import collections.abc as c
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from harness.workflow_expressions import EXPRESSION, Contexts, Unknown, Value, evaluate, substituted

__all__ = ["Ran", "Run", "Unknown", "outputs", "run_job", "run_steps", "wanted"]

# A step's command and environment, run to its end: exit status and what it wrote.
Run = c.Callable[[list[str], dict[str, str]], tuple[int, str]]

# As GitHub starts them.
SHELLS = {"": ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
# Actions whose work is done already where the steps run: the checkout, and a Python.
DONE = ("actions/checkout@", "actions/setup-python@")
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env"}


@dataclass
class Ran:
    """What became of a job."""

    outcome: str = "success"
    steps: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""


def wanted(condition: str, outcome: str, contexts: Contexts) -> bool:
    """Whether a step or a job runs after what has become of what was before it."""
    always = any(f"{function}()" in condition for function in ("always", "failure", "success"))
    if not always and outcome != "success":
        return False
    return not condition or bool(evaluate(EXPRESSION.sub(r"\1", condition), contexts, outcome))


def outputs(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT or GITHUB_ENV."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, mark, end = line.partition("<<")
        if mark:
            part = []
            for inner in lines:
                if inner == end:
                    break
                part.append(inner)
            else:
                raise Unknown(f"output {name} has no end {end}")
            found[name] = "\n".join(part)
        else:
            name, _equals, found_value = line.partition("=")
            found[name] = found_value
    return found


def run_job(
    workflow: Path, name: str, contexts: c.Mapping[str, Value], run: Run, replaced: c.Collection[str] = ()
) -> Ran:
    """Run a job's steps in their order. ``replaced`` names steps whose work was done in another way before."""
    return run_steps(yaml.safe_load(workflow.read_text())["jobs"][name], contexts, run, replaced)


def run_steps(
    job: dict[str, t.Any],
    contexts: c.Mapping[str, Value],
    run: Run,
    replaced: c.Collection[str] = (),
) -> Ran:
    """Run the steps of a job. An action that is not done already is refused."""
    known = dict(contexts)
    made = Ran()
    around: dict[str, str] = {}
    for step in job["steps"]:
        unknown = step.keys() - STEP_KEYS
        if unknown:
            raise Unknown(f"{', '.join(sorted(unknown))} in a step")
        title = step.get("name") or step.get("uses") or step["run"]
        if not wanted(str(step.get("if", "")), made.outcome, known):
            made.steps[title] = "skipped"
            continue
        if "uses" in step:
            if not step["uses"].startswith(DONE):
                raise Unknown(f"action {step['uses']}")
            continue
        if title in replaced:
            made.steps[title] = "replaced"
            continue
        given = {**around, **job.get("env", {}), **step.get("env", {})}
        environment = {key: substituted(value, known) for key, value in given.items()}
        code = _run_step(step, environment, known, made, run, around)
        made.steps[title] = "success" if code == 0 else "failure"
        if code != 0:
            made.outcome = "failure"
    made.outputs = {key: substituted(template, known) for key, template in job.get("outputs", {}).items()}
    return made


def _run_step(
    step: dict[str, t.Any],
    given: dict[str, str],
    known: dict[str, Value],
    made: Ran,
    run: Run,
    around: dict[str, str],
) -> int:
    with tempfile.TemporaryDirectory(prefix="golden-step-") as directory:
        script, output, env = (Path(directory, name) for name in ("script.sh", "output", "env"))
        script.write_text(substituted(step["run"], known))
        output.touch()
        env.touch()
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_ENV": str(env)}
        code, said = run([*SHELLS[step.get("shell", "")], str(script)], {**given, **files})
        # For the steps behind it.
        around |= outputs(env.read_text())
        if "id" in step:
            known |= {f"steps.{step['id']}.outputs.{key}": value for key, value in outputs(output.read_text()).items()}
    made.log += said
    made.commands.append(step["run"])
    return code
