# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which permission of GitHub a job of .github/workflows lacks, before a step of it needs that.

python workflow_permissions.py [id-token]

With id-token the job that this runs in is asked as well: GitHub sets ACTIONS_ID_TOKEN_REQUEST_URL only where it has the permission.
"""

from __future__ import annotations

import collections.abc as c
import os
import re
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

WORKFLOWS = Path(".github", "workflows")
LEVELS = {"none": 0, "read": 1, "write": 2}
# What a step needs, by the action that it uses and by the program that it runs.
ACTIONS = {"actions/checkout": ("contents", "read"), "aws-actions/configure-aws-credentials": ("id-token", "write")}
PROGRAMS = {
    "aws_session.py": ("id-token", "write"),
    "failure_issue.py": ("issues", "write"),
    "publish_notes.py": ("contents", "write"),
}
# The workflows of golden.ami itself, by the name of their files.
REUSABLE = re.compile(r"[^/]+/golden\.ami/\.github/workflows/([a-z_]+)\.yml@.+")
REUSABLE_NEEDS = {
    "build": [("contents", "read"), ("id-token", "write")],
    "publish": [("contents", "write")],
    "report": [("contents", "read"), ("issues", "write")],
    "test": [("contents", "read")],
}

Job = dict[str, t.Any]


@dataclass(frozen=True)
class Need:
    """A permission, and what needs it."""

    right: str
    level: str
    by: str


def needs(job: Job, workflows: c.Mapping[str, t.Any]) -> list[Need]:
    """What a job needs. One that calls a workflow needs what that one does: it gets no more than its caller."""
    called = str(job.get("uses", ""))
    reusable = REUSABLE.fullmatch(called)
    if reusable:
        return [Need(right, level, called) for right, level in REUSABLE_NEEDS.get(reusable[1], [])]
    if called.startswith("./"):
        name = Path(called).name
        jobs = (workflows.get(name) or {}).get("jobs") or {}
        others = {key: workflow for key, workflow in workflows.items() if key != name}
        below = [need for one in jobs.values() for need in needs(one, others)]
        return [Need(need.right, need.level, f"{need.by} in {called}") for need in below]
    found = []
    for step in job.get("steps") or []:
        action = str(step.get("uses", "")).partition("@")[0]
        if action in ACTIONS:
            found.append(Need(*ACTIONS[action], action))
        found += [Need(*need, name) for name, need in PROGRAMS.items() if name in str(step.get("run", ""))]
    return found


def granted(stated: t.Any, right: str) -> str:
    """The level of a right in what stands under permissions. What is not named there is not granted."""
    if isinstance(stated, str):
        return {"read-all": "read", "write-all": "write"}.get(stated, "none")
    return str((stated or {}).get(right, "none"))


def lacking(workflows: c.Mapping[str, t.Any]) -> list[str]:
    """What jobs lack, in words, by the workflows' names."""
    found: dict[str, None] = {}
    for name, workflow in sorted(workflows.items()):
        for job_name, job in ((workflow or {}).get("jobs") or {}).items():
            stated = job.get("permissions", workflow.get("permissions"))
            for need in needs(job, workflows):
                if stated is None or LEVELS.get(granted(stated, need.right), 0) < LEVELS[need.level]:
                    found[
                        f"{WORKFLOWS / name}: job {job_name} lacks the permission {need.right}: {need.level}, which {need.by} needs."
                        f" Say so under jobs.{job_name}.permissions."
                    ] = None
    return list(found)


def read(directory: Path) -> dict[str, t.Any]:
    found = {}
    for path in sorted([*directory.glob("*.yml"), *directory.glob("*.yaml")]):
        try:
            found[path.name] = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            sys.exit(f"{path}: this is not YAML: {error}")
    return found


def main() -> None:
    workflows = read(WORKFLOWS)
    said = lacking(workflows)
    if "id-token" in sys.argv[1:] and not os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        said.append(
            "This job got no permission id-token: write, so GitHub's OIDC cannot enter the role of AWS. Its caller has to grant it too,"
            " and the settings of the repository or organisation must not take it away."
        )
    if said:
        sys.exit("\n".join(said))
    print(f"{len(workflows)} workflows have the permissions that they need")


if __name__ == "__main__":
    main()
