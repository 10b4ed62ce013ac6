# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds of CodeBuild in real containers."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from own_cloud import Cloud

ROLE = "arn:aws:iam::123456789012:role/build"
PHASES = """
version: 0.2
env: {shell: bash, exported-variables: [WHO, AGAIN]}
phases:
  install:
    commands:
      - cd /tmp && export KEPT=yes
      - git --version && jq --version && aws --version && python3 -m venv /tmp/venv
  build:
    commands:
      - echo "$KEPT in $(pwd) as $(id -un)"
      - WHO=$(aws sts get-caller-identity --query Arn --output text)
      - sleep 3
      - AGAIN=$(python3 -c 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])')
      - curl -s -m 3 http://169.254.169.254/latest/meta-data/ || echo no metadata
      - curl -s -o /dev/null -w 'stranger %{http_code}\\n' http://169.254.170.2/v2/credentials/guess
  post_build:
    run-as: nobody
    commands: ['echo "post as $(id -un)"']
"""


def _ended(codebuild: Any, identifier: str) -> dict[str, Any]:
    end = time.monotonic() + 300
    while not (build := codebuild.batch_get_builds(ids=[identifier])["builds"][0])["buildComplete"]:
        assert time.monotonic() < end, build["phases"]
        time.sleep(0.2)
    found: dict[str, Any] = build
    return found


def _podman(cloud: Cloud, *arguments: str) -> str:
    from golden_cloud.machines.podman import argv_prefix
    from golden_cloud.place import Place

    prefix = argv_prefix(Place("default", cloud.state, cloud.home))
    return subprocess.run([*prefix, *arguments], capture_output=True, text=True, check=True).stdout


def test_builds_run_in_containers_and_leave_nothing(cloud: Cloud) -> None:
    allow = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
    cloud.client("iam").create_role(RoleName="build", AssumeRolePolicyDocument=json.dumps({"Statement": [allow]}))
    codebuild = cloud.client("codebuild")
    codebuild.create_project(
        name="image",
        source={"type": "NO_SOURCE", "buildspec": PHASES},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )

    build = _ended(codebuild, codebuild.start_build(projectName="image")["build"]["id"])
    place = build["logs"]
    told = cloud.client("logs").get_log_events(
        logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
    )
    log = [event["message"].rstrip("\n") for event in told["events"]]
    assert build["buildStatus"] == "SUCCEEDED", (build["phases"], log)
    assert {"yes in /tmp as root", "no metadata", "stranger 404", "post as nobody"} <= set(log), log
    session = f"arn:aws:sts::123456789012:assumed-role/build/AWSCodeBuild-{build['id'].split(':')[1]}"
    assert {one["name"]: one["value"] for one in build["exportedEnvironmentVariables"]} == {
        "WHO": session,
        "AGAIN": session,
    }

    # One that is stopped goes at once, with all that it runs.
    waiting = "version: 0.2\nphases: {build: {commands: ['sleep 4711 & sleep 4711']}}"
    identifier = codebuild.start_build(projectName="image", buildspecOverride=waiting)["build"]["id"]
    while codebuild.batch_get_builds(ids=[identifier])["builds"][0]["currentPhase"] != "BUILD":
        time.sleep(0.1)
    assert "build-" in _podman(cloud, "ps", "--format", "{{.Names}}")
    assert codebuild.stop_build(id=identifier)["build"]["buildStatus"] == "STOPPED"
    end = time.monotonic() + 20
    while "build-" in _podman(cloud, "ps", "--all", "--format", "{{.Names}}"):
        assert time.monotonic() < end
        time.sleep(0.2)

    # An image that is not there says so.
    refused = codebuild.start_build(projectName="image", imageOverride="localhost/none")["build"]["id"]
    phase = next(one for one in _ended(codebuild, refused)["phases"] if one["phaseType"] == "PROVISIONING")
    assert "there is no image localhost/none" in phase["contexts"][0]["message"]
