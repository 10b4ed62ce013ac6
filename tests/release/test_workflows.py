# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows run chores that there are, and only what is pinned, with no more rights than they need."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from harness.cloud import CHECKOUT
from reusable_workflows import REUSABLE, repository

ALL = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
# The others are called by repositories of images, and are made of the scaffold's templates.
WORKFLOWS = [workflow for workflow in ALL if workflow.stem not in REUSABLE]
CHORES: dict[str, t.Any] = yaml.safe_load((CHECKOUT / "Taskfile.yml").read_text())["tasks"]
# Whatever ./taskw test runs, pull requests are held against.
TESTS = set(re.findall(r"\b(?:lint|molecule|test:\w+)", str(CHORES["test"]["cmds"])))


def read(workflow: Path) -> dict[str, t.Any]:
    return dict(yaml.safe_load(workflow.read_text()))


def chores_of(job: dict[str, t.Any]) -> set[str]:
    """What it runs by ./taskw, by name or by the matrix."""
    named = set()
    for step in job["steps"]:
        for word in re.findall(r"\./taskw (\S+)", step.get("run", "")):
            named |= set(job["strategy"]["matrix"]["chore"]) if word == '"$CHORE"' else {word}
    return named


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_chores_exist(workflow: Path) -> None:
    named = {chore for job in read(workflow)["jobs"].values() for chore in chores_of(job)}

    assert named
    assert {chore for chore in named if chore not in CHORES or CHORES[chore].get("internal")} == set()


def test_all_that_must_pass_is_run() -> None:
    jobs = read(CHECKOUT / ".github" / "workflows" / "ci.yml")["jobs"]
    always = {chore for job in jobs.values() if "if" not in job for chore in chores_of(job)}
    at_night = {chore for job in jobs.values() if "if" in job for chore in chores_of(job)}

    assert TESTS
    # Hours: one row of each class is in ./taskw test, the whole is at night.
    assert TESTS - {"test:reliability"} <= always
    assert {"test:reliability", "test:matrix"} <= at_night


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_actions_are_pinned(workflow: Path) -> None:
    used = re.findall(r"^ *-? *uses: (.*)$", workflow.read_text(), re.MULTILINE)

    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_has_no_more_rights_than_it_needs(workflow: Path) -> None:
    stated = read(workflow)

    assert stated["permissions"] == {"contents": "read"}
    assert "concurrency" in stated
    for name, job in stated["jobs"].items():
        assert "permissions" not in job, name
        assert "timeout-minutes" in job, name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name
            # What comes from outside reaches a shell by its environment, never by its text.
            assert "${{" not in step.get("run", ""), name


@pytest.mark.parametrize("workflow", [one for one in ALL if one not in WORKFLOWS], ids=lambda workflow: workflow.stem)
def test_what_others_call_starts_only_when_called(workflow: Path) -> None:
    stated = read(workflow)

    assert list(stated["on"]) == ["workflow_call"]
    assert stated["permissions"] == {"contents": "read"}
    assert f"uses: {repository()}/.github/workflows/{workflow.name}@v" in workflow.read_text()
