# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline of one image on a local cloud that enforces IAM's policies: a checkout that is pushed, and what it is told."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from harness.cloud import CHECKOUT, Cloud, Run


@dataclass
class Lane:
    """The cloud, the name of image and pipeline, the checkout that is pushed, and the queue that its topic tells."""

    cloud: Cloud
    name: str
    checkout: Path
    queue: str

    def play(self, playbook: str, *arguments: str) -> Run:
        return self.cloud.play(
            playbook, "-e", f"image={self.name}", *arguments, cwd=self.checkout, PWD=str(self.checkout)
        )

    def write(self, name: str, text: str) -> None:
        (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (self.checkout / name).write_text(text)

    def push(self, words: str) -> str:
        """An ordinary push of all there is; the id of the execution that it starts."""
        before = self.executions()
        git(self.checkout, "add", "--all")
        git(self.checkout, "commit", "--quiet", "--message", words)
        git(self.checkout, "push", "--quiet", "pipeline", "HEAD:refs/heads/main")
        for _second in range(60):
            if new := [one for one in self.executions() if one not in before]:
                return new[0]
            time.sleep(1)
        raise AssertionError("the push started nothing")

    def executions(self) -> list[str]:
        found = self.cloud.client("codepipeline").list_pipeline_executions(pipelineName=self.name)
        return [one["pipelineExecutionId"] for one in found["pipelineExecutionSummaries"]]

    def stages(self) -> dict[str, str]:
        """How each stage ended last."""
        state = self.cloud.client("codepipeline").get_pipeline_state(name=self.name)["stageStates"]
        return {one["stageName"]: one.get("latestExecution", {}).get("status", "") for one in state}

    def asked(self) -> dict[str, t.Any]:
        """The approval as it is now."""
        state = self.cloud.client("codepipeline").get_pipeline_state(name=self.name)["stageStates"]
        (stage,) = [one for one in state if one["stageName"] == "Approve"]
        return t.cast("dict[str, t.Any]", stage["actionStates"][0]["latestExecution"])

    def told(self) -> list[dict[str, t.Any]]:
        """The notifications that have come since the last time."""
        sqs = self.cloud.client("sqs")
        found = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=10).get("Messages", [])
        for one in found:
            # Otherwise it would be told once more.
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(one["Body"]) for one in found]

    def iam(self, *arguments: str) -> dict[str, t.Any]:
        door = CHECKOUT / "roles" / "local_cloud" / "files" / "cloud.py"
        argv = [sys.executable, str(door), "iam", "--json", *arguments]
        done = subprocess.run(argv, env=self.cloud.environment, check=True, capture_output=True)
        return t.cast("dict[str, t.Any]", json.loads(done.stdout))


def git(checkout: Path, *arguments: str) -> None:
    who = ["-c", "user.name=golden.ami", "-c", "user.email=golden-ami@example.com"]
    done = subprocess.run(["git", "-C", str(checkout), *who, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def pipeline_of(
    cloud: Cloud, name: str, checkout: Path, files: c.Mapping[str, str], **variables: t.Any
) -> c.Iterator[Lane]:
    """A pipeline for an image that these files are, with nothing pushed yet; it is gone afterwards, with its repository."""
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(checkout)], check=True)
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = Lane(cloud, name, checkout, queue)
    made.iam("--enforce", "on")
    made.iam("--forget")
    for file, text in files.items():
        made.write(file, text)
    told = {"pipeline_subscriptions": [{"protocol": "sqs", "endpoint": arn}], **variables}
    done = made.play("pipeline.yml", "-e", "pipeline_git_remote=pipeline", "-e", json.dumps(told))
    assert done.rc == 0, done.output
    try:
        yield made
    finally:
        made.iam("--enforce", "off")
        gone = made.play("pipeline.yml", "-e", "pipeline_state=absent", "-e", "pipeline_delete_repository=true")
    assert gone.rc == 0, gone.output
