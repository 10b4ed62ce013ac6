# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A workflow without its permissions is told which one it lacks, by name, before a step needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import reusable_workflows
import yaml

PROGRAM = Path(__file__).parents[4] / "roles" / "scaffold" / "files" / "workflow_permissions.py"
ALL = ("build", "daily", "publish", "release", "report", "test")


def run(directory: Path, *arguments: str, oidc: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ACTIONS_ID_TOKEN_REQUEST_URL": oidc}
    argv = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    directory = tmp_path / ".github" / "workflows"
    directory.mkdir(parents=True)
    for name in ALL:
        (directory / f"{name}.yml").write_text(reusable_workflows.render(name, reusable=False))
    return directory


def without(workflows: Path, file: str, line: str) -> None:
    path = workflows / file
    text = path.read_text()
    assert text.count(line) == 1, text
    path.write_text(text.replace(line, ""))


def test_what_a_repository_begins_with_lacks_nothing(workflows: Path) -> None:
    made = run(workflows.parents[1])
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == "6 workflows have the permissions that they need\n"


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        (
            "build.yml",
            "      id-token: write\n",
            ".github/workflows/build.yml: job build lacks the permission id-token: write,"
            " which aws_session.py needs. Say so under jobs.build.permissions.",
        ),
        (
            "daily.yml",
            "      id-token: write\n",
            ".github/workflows/daily.yml: job build lacks the permission id-token: write,"
            " which aws_session.py in ./.github/workflows/build.yml needs.",
        ),
        (
            "daily.yml",
            "      issues: write\n",
            "daily.yml: job report lacks the permission issues: write, which failure_issue.py",
        ),
        ("report.yml", "      issues: write\n", "report.yml: job issue lacks the permission issues: write"),
        ("publish.yml", "      contents: write\n", "publish.yml: job publish lacks the permission contents: write"),
        ("release.yml", "      contents: write\n", "release.yml: job publish lacks the permission contents: write"),
        ("test.yml", "permissions:\n  contents: read\n", "test.yml: job test lacks the permission contents: read"),
    ],
)
def test_what_lacks_is_named_with_its_place(workflows: Path, file: str, line: str, said: str) -> None:
    without(workflows, file, line)
    made = run(workflows.parents[1])
    assert made.returncode == 1
    assert said in made.stderr


def test_workflows_of_this_collection_are_known_where_others_call_them(workflows: Path) -> None:
    called = "uses: golden-ami/golden.ami/.github/workflows/build.yml@v1.0.0"
    daily = workflows / "daily.yml"
    daily.write_text(daily.read_text().replace("uses: ./.github/workflows/build.yml", called))
    assert run(workflows.parents[1]).returncode == 0
    without(workflows, "daily.yml", "      id-token: write\n")
    assert (
        "daily.yml: job build lacks the permission id-token: write, which golden-ami/"
        in run(workflows.parents[1]).stderr
    )


def test_what_is_known_of_them_is_what_they_need(tmp_path: Path) -> None:
    """Each is called with nothing: what is said to lack is what its own jobs ask for."""
    directory = tmp_path / ".github" / "workflows"
    directory.mkdir(parents=True)
    for name in reusable_workflows.REUSABLE:
        jobs = {"it": {"permissions": {}, "uses": f"acme/golden.ami/.github/workflows/{name}.yml@v1"}}
        (directory / f"{name}.yml").write_text(yaml.safe_dump({"on": "push", "jobs": jobs}))
    said = run(tmp_path).stderr
    for name in reusable_workflows.REUSABLE:
        stated = yaml.safe_load(reusable_workflows.render(name, reusable=True))
        asked = {
            f"{right}: {level}"
            for job in stated["jobs"].values()
            for right, level in job.get("permissions", stated["permissions"]).items()
        }
        lines = [line for line in said.splitlines() if f"workflows/{name}.yml: job" in line]
        assert {line.partition("permission ")[2].partition(",")[0] for line in lines} == asked


@pytest.mark.parametrize(("stated", "lacks"), [("write-all", False), ("read-all", True), ("{}", True)])
def test_permissions_in_one_word(workflows: Path, stated: str, lacks: bool) -> None:
    path = workflows / "report.yml"
    rights = "    permissions:\n      contents: read\n      issues: write\n"
    path.write_text(path.read_text().replace(rights, f"    permissions: {stated}\n"))
    assert ("issue lacks the permission issues: write" in run(workflows.parents[1]).stderr) is lacks


def test_the_job_itself_is_asked(workflows: Path) -> None:
    """Its caller or the settings can take away what stands in the file."""
    refused = run(workflows.parents[1], "id-token")
    assert refused.returncode == 1
    assert refused.stderr.startswith("This job got no permission id-token: write")
    assert run(workflows.parents[1], "id-token", oidc="https://oidc.invalid").returncode == 0


def test_what_is_not_yaml_is_told(workflows: Path) -> None:
    (workflows / "broken.yml").write_text("jobs: [\n")
    made = run(workflows.parents[1])
    assert made.returncode == 1
    assert ".github/workflows/broken.yml: this is not YAML" in made.stderr
