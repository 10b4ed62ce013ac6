# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds are started, followed to their end with their lines on the screen, and stopped."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from harness.build_role import build_role
from harness.cloud import Cloud
from harness.four import Four
from harness.recorder import Recorder

MODULE = "golden.ami.codebuild_build"
AGAIN = "each run starts a build"
GOOD = """
version: 0.2
env:
  exported-variables: [AMI_ID]
phases:
  build:
    commands:
      - echo "size is $SIZE"
      - AMI_ID=ami-0123456789abcdef0
"""
BAD = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo before the fall\n      - (exit 3)\n"
SLOW = "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 300\n"


@pytest.fixture(scope="module")
def project(cloud: Cloud) -> t.Iterator[str]:
    """A project whose builds do what they are started with."""
    codebuild = cloud.client("codebuild")
    with build_role(cloud) as role:
        arn = cloud.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        name = f"web-{secrets.token_hex(3)}"
        codebuild.create_project(
            name=name,
            serviceRole=arn,
            source={"type": "NO_SOURCE", "buildspec": GOOD},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
        )
        yield name
        codebuild.delete_project(name=name)


def test_a_build_is_followed_to_its_end(four: Four, project: str) -> None:
    overrides = {"environment_variables": [{"name": "SIZE", "value": "eight"}]}
    outcome = four.module(MODULE, {"project": project, "overrides": overrides}, again=AGAIN)
    outcome.expect(changed=True, writes={"StartBuild": 1}, idle_reads=0)
    build = outcome.apply.result["build"]
    assert (build["status"], build["exit_status"], build["failed_phase"]) == ("SUCCEEDED", 0, None)
    assert build["exported_variables"] == {"AMI_ID": "ami-0123456789abcdef0"}
    assert "size is eight" in build["last_lines"]
    assert "    size is eight" in outcome.output.splitlines()
    assert "BUILD: succeeded" in outcome.output
    assert outcome.apply_again.result["build"]["number"] == build["number"] + 1


def test_a_build_that_fails_fails_the_task_with_its_phase_and_lines(
    cloud: Cloud, project: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    codebuild = cloud.client("codebuild")
    identifier = codebuild.start_build(projectName=project, buildspecOverride=BAD)["build"]["id"]
    options = {"state": "finished", "build_id": identifier}
    recorder = Recorder(cloud, tmp_path_factory.mktemp("failing"))
    # In check mode nothing is waited for, so that it may still be running then.
    _run, (_check, failed) = recorder.tasks(MODULE, options, 2, {})
    assert failed.failed
    assert "in phase BUILD" in failed.result["msg"]
    assert "before the fall" in failed.result["msg"].splitlines()
    assert failed.result["build"]["exit_status"] == 3
    assert failed.result["build"]["failed_phase"]["name"] == "BUILD"


def test_stopped_once(four: Four, cloud: Cloud, project: str) -> None:
    codebuild = cloud.client("codebuild")
    identifier = codebuild.start_build(projectName=project, buildspecOverride=SLOW)["build"]["id"]
    outcome = four.module(MODULE, {"state": "stopped", "build_id": identifier})
    outcome.expect(changed=True, writes={"StopBuild": 1}, idle_reads=1)
    assert outcome.apply.result["build"]["status"] == "STOPPED"


def test_what_is_refused_before_a_write(four: Four, project: str) -> None:
    four.refuses(
        MODULE,
        {
            "is no id of a build": {"state": "stopped", "build_id": "web"},
            "There is no build": {"state": "finished", "build_id": f"{project}:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"},
            "overrides.timeout_in_minutes: 1": {"project": project, "overrides": {"timeout_in_minutes": 1}},
        },
    )
