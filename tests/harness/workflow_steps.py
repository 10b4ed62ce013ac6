# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the ``run:`` steps of a job of a GitHub Actions workflow on this machine, as a runner would; refuse what is not known here."""

from __future__ import annotations

import collections.abc as c
import re
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml

# A step's command and environment, run to its end: exit status and what it wrote.
Run = c.Callable[[list[str], dict[str, str]], tuple[int, str]]

# As GitHub starts them.
SHELLS = {"": ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
# Actions whose work is done already where the steps run: the checkout, and a Python.
DONE = ("actions/checkout@", "actions/setup-python@")
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env"}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class Unknown(Exception):
    """The workflow has something that these steps cannot be run with."""


@dataclass
class Ran:
    """What became of a job."""

    outcome: str = "success"
    steps: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""


def value(expression: str, contexts: c.Mapping[str, str]) -> str:
    """What a context such as ``github.token`` is. Operators and functions are not known."""
    if expression not in contexts:
        raise Unknown(f"expression {expression!r}")
    return contexts[expression]


def substituted(text: t.Any, contexts: c.Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: value(found[1], contexts), str(text))


def wanted(condition: str, outcome: str, contexts: c.Mapping[str, str]) -> bool:
    """Whether a step runs after what has become of the job so far."""
    if condition == "always()":
        return True
    if condition == "failure()":
        return outcome == "failure"
    return outcome == "success" and (not condition or value(condition, contexts) == "true")


def outputs(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT."""
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


def run_job(workflow: Path, name: str, contexts: dict[str, str], run: Run, replaced: c.Collection[str] = ()) -> Ran:
    """Run a job's steps in their order. ``replaced`` names steps whose work was done in another way before."""
    job = yaml.safe_load(workflow.read_text())["jobs"][name]
    contexts = dict(contexts)
    made = Ran()
    for step in job["steps"]:
        unknown = step.keys() - STEP_KEYS
        if unknown:
            raise Unknown(f"{', '.join(sorted(unknown))} in a step")
        title = step.get("name") or step.get("uses") or step["run"]
        if not wanted(str(step.get("if", "")), made.outcome, contexts):
            made.steps[title] = "skipped"
            continue
        if "uses" in step:
            if not step["uses"].startswith(DONE):
                raise Unknown(f"action {step['uses']}")
            continue
        if title in replaced:
            made.steps[title] = "replaced"
            continue
        given = {
            key: substituted(text, contexts) for key, text in {**job.get("env", {}), **step.get("env", {})}.items()
        }
        with tempfile.TemporaryDirectory(prefix="golden-step-") as directory:
            script, output = Path(directory, "script.sh"), Path(directory, "output")
            script.write_text(substituted(step["run"], contexts))
            output.touch()
            code, said = run([*SHELLS[step.get("shell", "")], str(script)], {**given, "GITHUB_OUTPUT": str(output)})
            for key, text in outputs(output.read_text()).items():
                contexts[f"steps.{step['id']}.outputs.{key}"] = text
        made.log += said
        made.steps[title] = "success" if code == 0 else "failure"
        if code != 0:
            made.outcome = "failure"
    made.outputs = {key: contexts.get(EXPRESSION.sub(r"\1", text), "") for key, text in job.get("outputs", {}).items()}
    return made
