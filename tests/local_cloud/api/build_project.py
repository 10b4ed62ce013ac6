# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project and its builds, as tests of CodeBuild use them."""

from __future__ import annotations

import json
import time
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/build"


def trust(*services: str) -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


class Project:
    """A project called ``image`` without a source, and what becomes of its builds."""

    def __init__(self, cloud: Any, **more: Any) -> None:
        self.cloud = cloud
        self.api = cloud.client("codebuild")
        cloud.client("iam").create_role(RoleName="build", AssumeRolePolicyDocument=trust("codebuild.amazonaws.com"))
        self.api.create_project(**(self.minimal() | more))

    @staticmethod
    def minimal(buildspec: str = "version: 0.2\nphases: {build: {commands: [true]}}") -> dict[str, Any]:
        return {
            "name": "image",
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": ROLE,
        }

    def start(self, buildspec: str | None = None, **more: Any) -> str:
        """The new build's id."""
        given = {"buildspecOverride": buildspec} if buildspec is not None else {}
        return str(self.api.start_build(projectName="image", **given, **more)["build"]["id"])

    def get(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.batch_get_builds(ids=[identifier])["builds"][0]
        return found

    def run(self, buildspec: str | None = None, **more: Any) -> dict[str, Any]:
        """A build that has ended."""
        return self.ended(self.start(buildspec, **more))

    def ended(self, identifier: str) -> dict[str, Any]:
        end = time.monotonic() + 20
        while not (build := self.get(identifier))["buildComplete"]:
            assert time.monotonic() < end, build["phases"]
            time.sleep(0.05)
        self.cloud.settle()
        return self.get(identifier)

    def wait_for_line(self, identifier: str, text: str) -> None:
        end = time.monotonic() + 20
        while text not in "".join(self.log(identifier)):
            assert time.monotonic() < end, self.log(identifier)
            time.sleep(0.05)

    def log(self, identifier: str) -> list[str]:
        """The lines that the build's commands have said, and CodeBuild's own without their time."""
        place = self.get(identifier)["logs"]
        if "groupName" not in place:
            return []
        told = self.cloud.client("logs").get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )
        lines = [event["message"].rstrip("\n") for event in told["events"]]
        return [line.split(" ", 3)[3] if line.startswith("[Container] ") else line for line in lines]


def phases(build: dict[str, Any]) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


def context(build: dict[str, Any], kind: str) -> tuple[str, str]:
    """Status code and message of a phase."""
    phase = next(phase for phase in build["phases"] if phase["phaseType"] == kind)
    return phase["contexts"][0].get("statusCode", ""), phase["contexts"][0].get("message", "")
