# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every step of every workflow that a repository begins with is run, with its own commands and programs.

On the edge are stand-ins: Task and pip, GitHub's API and OIDC, STS, and what AWS's SSM says of a channel.
"""

from __future__ import annotations

import collections.abc as c
import os
import re
import shutil
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import reusable_workflows
import yaml
from harness.github import REPOSITORY, GitHub, served, served_github
from harness.oidc import Sts, served_sts
from harness.workflow_expressions import Unknown
from harness.workflow_runs import Runner, Whole, run_workflow

SCRIPTS = Path(__file__).parents[4] / "roles" / "scaffold" / "files"
ALL = ("build", "daily", "publish", "release", "report", "test")
ROLE = "arn:aws:iam::123456789012:role/images"

# Says what it was called with, and fails where TASK_FAILS is part of that.
TASK = """\
#!/bin/sh
echo "task $*" >>"$CALLS"
case "$*" in
  images) echo demo,shop ;;
  diff*) for one in "$@"; do case "$one" in FILE=*) echo "htop added" >"${one#FILE=}" ;; esac; done ;;
esac
echo "ran $*" >&2
case "$*" in *"${TASK_FAILS:-nothing at all}"*) echo "no capacity"; exit 1 ;; esac
"""
# pip is not for real; all else is.
PYTHON = """\
#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then echo "pip $*" >>"$CALLS"; exit 0; fi
exec {python} "$@"
"""


@dataclass
class Repository:
    """A repository with its workflows, GitHub, and what was called."""

    root: Path
    github: GitHub
    environment: dict[str, str]
    sts: Sts
    contexts: dict[str, t.Any]

    def file(self, name: str) -> Path:
        return self.root / ".github" / "workflows" / f"{name}.yml"

    def run(self, name: str, **environment: str) -> Whole:
        def step(argv: list[str], given: dict[str, str]) -> tuple[int, str]:
            around = {**self.environment, **environment, **given}
            made = subprocess.run(argv, cwd=self.root, env=around, capture_output=True, text=True, check=False)
            return made.returncode, made.stdout + made.stderr

        for rest in ("calls", "build.log"):
            (self.root / rest).unlink(missing_ok=True)
        runner = Runner(step, self.github.issue_token, oidc=self.sts.oidc)
        return run_workflow(self.file(name), self.contexts, runner)

    @property
    def entered(self) -> list[tuple[str, str]]:
        return self.sts.entered

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()


def ssm(_method: str, _path: str, headers: c.Mapping[str, str], body: dict[str, t.Any]) -> tuple[int, t.Any]:
    assert headers["X-Amz-Target"] == "AmazonSSM.GetParameter"
    region = headers["Authorization"].split("/")[2]
    return 200, {"Parameter": {"Name": body["Name"], "Value": f"ami-of{body['Name'].replace('/', '-')}-{region}"}}


@pytest.fixture
def repository(tmp_path: Path) -> c.Iterator[Repository]:
    root = tmp_path / "images-of-acme"
    workflows, scripts, programs = root / ".github/workflows", root / ".github/scripts", tmp_path / "programs"
    for directory in (workflows, scripts, programs, root / "images/demo", root / "images/shop"):
        directory.mkdir(parents=True)
    for name in ALL:
        (workflows / f"{name}.yml").write_text(reusable_workflows.render(name, reusable=False))
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, scripts)
    for image, regions in (("demo", "[eu-west-1]"), ("shop", "[]")):
        (root / "images" / image / "image.yml").write_text(f"distribution: {{regions: {regions}}}\n")
    for name, text in (("task", TASK), ("python", PYTHON), ("python3", PYTHON)):
        (programs / name).write_text(text.replace("{python}", sys.executable))
        (programs / name).chmod(0o755)
    github = GitHub()
    github.releases["7"] = {"body": "Thanks to all."}
    with served_github(github) as api, served(ssm) as aws, served_sts() as sts:
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "CALLS": str(root / "calls"),
            "GITHUB_API_URL": api,
            "GITHUB_REPOSITORY": REPOSITORY,
            "AWS_ENDPOINT_URL": aws,
            "AWS_ENDPOINT_URL_STS": sts.address,
        }
        contexts = {
            "vars.AWS_ROLE": ROLE,
            "vars.AWS_REGION": "us-east-1",
            "github.event.release.id": "7",
            "github.server_url": "https://github.invalid",
            "github.repository": REPOSITORY,
            "github.run_id": "1",
        }
        yield Repository(root, github, environment, sts, contexts)


def stepped(repository: Repository, *names: str) -> list[str]:
    """The commands of all steps of workflows."""
    jobs = [job for name in names for job in yaml.safe_load(repository.file(name).read_text())["jobs"].values()]
    return [step["run"] for job in jobs for step in job.get("steps", []) if "run" in step]


def test_every_command_of_every_workflow_is_run(repository: Repository) -> None:
    """By a release, by one that fails, and by a push: nothing is left that was not run."""
    ran = set(repository.run("release").commands)
    ran |= set(repository.run("daily", TASK_FAILS="packer-build").commands)
    ran |= set(repository.run("test").commands)
    commands = stepped(repository, *ALL)
    assert len(commands) == 15
    # Where a workflow is called with other words, its commands are the same but for them.
    assert {command for command in commands if command not in ran} == set()


def test_a_daily_build(repository: Repository) -> None:
    whole = repository.run("daily")
    assert whole.outcome == "success", whole.log
    assert whole.jobs["build/build"].steps == {
        "Hold the session against the expected time": "success",
        "Bring Ansible and the collections": "success",
        "Hold the permissions against what is needed": "success",
        "Enter the role of AWS": "success",
        "Build against the newest base": "success",
        "Test, copy, share and promote": "skipped",
        "Write the notes": "skipped",
        "Keep the cause": "skipped",
    }
    assert repository.entered == [("AssumeRoleWithWebIdentity", ROLE)]
    assert repository.calls == [
        "pip -m pip install --quiet -r requirements.txt",
        "task ansible-collection-install",
        "task images",
        "task packer-build CLOUD=aws IMAGE=demo,shop",
    ]
    assert repository.github.issues == []


def test_failures_open_one_issue_that_the_next_success_closes(repository: Repository) -> None:
    for _night in range(2):
        failed = repository.run("daily", TASK_FAILS="packer-build")
        assert failed.outcome == "failure"
        assert failed.jobs["build/build"].steps["Keep the cause"] == "success"
    (issue,) = repository.github.issues
    assert issue["title"] == "Daily build fails"
    assert "    no capacity" in issue["body"]
    assert f"https://github.invalid/{REPOSITORY}/actions/runs/1" in issue["body"]
    assert [number for number, _words in repository.github.comments] == [1]

    # A release that fails is another matter.
    assert repository.run("release", TASK_FAILS="task test").outcome == "success"
    assert repository.run("release", TASK_FAILS="promote").outcome == "failure"
    assert [one["title"] for one in repository.github.issues] == ["Daily build fails", "Release fails"]

    assert repository.run("daily").outcome == "success"
    assert [one["state"] for one in repository.github.issues] == ["closed", "open"]


def test_a_release_deploys_and_tells(repository: Repository) -> None:
    whole = repository.run("release")
    assert whole.outcome == "success", whole.log
    done = [call for call in repository.calls if not re.search("pip|install|images$", call)]
    file = f"FILE={repository.root}/changes"
    assert done == ["task packer-build CLOUD=aws IMAGE=demo,shop"] + [
        f"task {what}"
        for image in ("demo", "shop")
        for what in (
            f"test CLOUD=aws IMAGE={image}",
            f"diff CLOUD=aws IMAGE={image} FROM=prod {file}-{image}.md",
            f"distribute CLOUD=aws IMAGE={image}",
            f"promote CLOUD=aws IMAGE={image} CHANNEL=prod",
        )
    ]
    body = repository.github.releases["7"]["body"]
    assert body.startswith("Thanks to all.\n")
    for line in (
        "## demo",
        "| eu-west-1 | `ami-of-golden-demo-prod-eu-west-1` |",
        "| us-east-1 | `ami-of-golden-shop-prod-us-east-1` |",
        "htop added",
    ):
        assert line in body


def test_a_release_that_fails_publishes_nothing(repository: Repository) -> None:
    whole = repository.run("release", TASK_FAILS="distribute")
    assert whole.outcome == "failure"
    assert whole.jobs["publish"].outcome == "skipped"
    assert not [call for call in repository.calls if "promote" in call]
    assert repository.github.releases["7"]["body"] == "Thanks to all."


def test_the_amis_of_a_test_build_go_also_when_it_fails(repository: Repository) -> None:
    whole = repository.run("test", TASK_FAILS="task test")
    assert whole.outcome == "success"
    assert repository.calls[-1] == "task cloud:reset"
    for fails in ("lint", "packer-build", "test IMAGE=shop"):
        whole = repository.run("test", TASK_FAILS=fails)
        assert whole.outcome == "failure"
        assert repository.calls[-1] == "task cloud:reset"
        assert repository.entered == []


def test_a_variable_names_another_cloud(repository: Repository) -> None:
    repository.contexts["vars.GOLDEN_CLOUD"] = "around"
    repository.run("daily")
    assert repository.calls[-1] == "task packer-build CLOUD=around IMAGE=demo,shop"


def test_a_role_may_be_entered_from_the_first_one(repository: Repository) -> None:
    chained = repository.contexts["vars.AWS_CHAINED_ROLE"] = "arn:aws:iam::210987654321:role/builder"
    assert repository.run("release").outcome == "success"
    assert set(repository.entered) == {("AssumeRoleWithWebIdentity", ROLE), ("AssumeRole", chained)}


def long(repository: Repository) -> None:
    file = repository.file("daily")
    file.write_text(
        file.read_text().replace("      role: ", "      expected_minutes: 50\n      chained: true\n      role: ")
    )


def test_a_session_of_the_runner_that_is_too_short_stops_before_anything(repository: Repository) -> None:
    long(repository)
    repository.contexts["vars.AWS_ROLE"] = ""
    whole = repository.run("daily")
    assert whole.outcome == "failure"
    assert (repository.entered, repository.root.joinpath("calls").exists()) == ([], False)
    assert "one hour at most" not in whole.log
    assert "Give a role that GitHub's OIDC enters" in repository.github.issues[0]["body"]


def test_a_session_that_is_entered_again_is_long_enough_for_all(repository: Repository) -> None:
    long(repository)
    assert repository.run("daily").outcome == "success"


def test_a_runner_may_go_by_its_own_session(repository: Repository) -> None:
    repository.contexts["vars.AWS_ROLE"] = ""
    whole = repository.run("daily")
    assert whole.outcome == "success", whole.log
    assert repository.entered == []
    assert whole.jobs["build/build"].steps["Enter the role of AWS"] == "skipped"


def test_a_role_that_does_not_let_github_in_is_told_before_the_build(repository: Repository) -> None:
    repository.sts.trusts = False
    assert repository.run("daily").outcome == "failure"
    assert not [call for call in repository.calls if "packer-build" in call]
    assert "The role has to trust the provider" in repository.github.issues[0]["body"]


@pytest.mark.parametrize(
    ("workflow", "right", "job"),
    [
        ("build", "id-token: write", "deploy"),
        ("report", "issues: write", "report"),
        ("publish", "contents: write", "publish"),
    ],
)
def test_without_its_permission_it_is_told_before_aws_is_reached(
    repository: Repository, workflow: str, right: str, job: str
) -> None:
    """GitHub itself refuses a called workflow that asks for more than its caller has; without the words of both this says it."""
    for name in (workflow, "release"):
        file = repository.file(name)
        file.write_text(file.read_text().replace(f"      {right}\n", "      metadata: read\n"))
    whole = repository.run("release")
    assert whole.outcome == "failure"
    assert repository.entered == []
    assert not [call for call in repository.calls if "packer-build" in call]
    assert f"release.yml: job {job} lacks the permission {right}" in whole.log


def test_a_caller_without_the_permission_is_refused_as_by_github(repository: Repository) -> None:
    file = repository.file("daily")
    file.write_text(file.read_text().replace("      id-token: write\n", ""))
    with pytest.raises(Unknown, match="build.yml: build asks for id-token: write, and its caller has none"):
        repository.run("daily")


@pytest.mark.parametrize("name", reusable_workflows.REUSABLE)
def test_what_others_call_is_made_of_the_same_template(name: str) -> None:
    assert reusable_workflows.path(name).read_text() == reusable_workflows.render(name, reusable=True), (
        "./taskw workflows writes it again"
    )


def test_what_others_call_runs_there(repository: Repository) -> None:
    """With the programs of the version that is called, which come beside the caller's own checkout."""
    for name in reusable_workflows.REUSABLE:
        repository.file(name).write_text(reusable_workflows.path(name).read_text())
    shutil.rmtree(repository.root / ".github/scripts")
    programs = repository.root / ".golden/roles/scaffold/files"
    shutil.copytree(SCRIPTS, programs, ignore=shutil.ignore_patterns("__pycache__"))
    whole = repository.run("release")
    assert whole.outcome == "success", whole.log
    assert "## demo" in repository.github.releases["7"]["body"]
    assert repository.run("daily", TASK_FAILS="packer-build").outcome == "failure"
    assert [issue["title"] for issue in repository.github.issues] == ["Daily build fails"]
    assert repository.run("test").outcome == "success"
    fetched = [
        step["with"]
        for name in ("build", "publish", "report")
        for job in yaml.safe_load(repository.file(name).read_text())["jobs"].values()
        for step in job["steps"]
        if "repository" in step.get("with", {})
    ]
    galaxy = yaml.safe_load((SCRIPTS.parents[2] / "galaxy.yml").read_text())
    assert len(fetched) == 3
    for one in fetched:
        assert f"https://github.com/{one['repository']}" == galaxy["repository"]
        assert (one["ref"], one["path"]) == (f"v{galaxy['version']}", ".golden")
