# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline needs on a local cloud before it can be made: a role, a bucket with a source in it, and options that name them."""

from __future__ import annotations

import io
import json
import secrets
import time
import typing as t
import zipfile

from harness.cloud import Cloud

Resource = dict[str, t.Any]
# What CodePipeline does here, as its role.
ACTIONS = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "s3:GetBucketAcl",
]
REVISION = "s3.zip"


class Pipelines:
    """A pipeline of a name of its own: a source in S3, an approval where a test wants one, and a deployment to S3."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.name = f"web-{secrets.token_hex(3)}"
        self.bucket = f"{self.name}-artifacts"
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.html", "hello")
        s3.put_object(Bucket=self.bucket, Key=REVISION, Body=archive.getvalue())
        self.role = self._role()

    def _role(self) -> str:
        principal = {
            "Effect": "Allow",
            "Principal": {"Service": "codepipeline.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        may = {
            "Effect": "Allow",
            "Action": ACTIONS,
            "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"],
        }
        iam = self.cloud.client("iam")
        made = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=_policy(principal))
        iam.put_role_policy(RoleName=self.name, PolicyName="artifacts", PolicyDocument=_policy(may))
        return str(made["Role"]["Arn"])

    @property
    def client(self) -> t.Any:
        return self.cloud.client("codepipeline")

    def options(self, *, approval: bool = False, **more: t.Any) -> Resource:
        """Those of the module codepipeline."""
        source = {
            "name": "object",
            "category": "Source",
            "provider": "S3",
            "namespace": "Source",
            "configuration": {"S3Bucket": self.bucket, "S3ObjectKey": REVISION, "PollForSourceChanges": False},
            "output_artifacts": ["source"],
        }
        look = {"name": "look", "category": "Approval", "provider": "Manual"}
        deploy = {
            "name": "site",
            "category": "Deploy",
            "provider": "S3",
            "configuration": {"BucketName": self.bucket, "ObjectKey": "site", "Extract": True},
            "input_artifacts": ["source"],
        }
        return {
            "name": self.name,
            "role_arn": self.role,
            "artifact_store": {"location": self.bucket},
            "stages": [
                {"name": "Source", "actions": [source]},
                *([{"name": "Approve", "actions": [look]}] if approval else []),
                {"name": "Deploy", "actions": [deploy]},
            ],
            # Without a default CodePipeline does not start a pipeline by itself.
            "variables": [{"name": "REASON"}],
            **more,
        }

    def status(self, execution_id: str) -> str:
        found = self.client.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=execution_id)
        return str(found["pipelineExecution"]["status"])

    def start(self) -> str:
        given = [{"name": "REASON", "value": "test"}]
        return str(self.client.start_pipeline_execution(name=self.name, variables=given)["pipelineExecutionId"])

    def until_it_waits(self) -> None:
        """Until its approval has a token."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            states = self.client.get_pipeline_state(name=self.name)["stageStates"]
            latest = [one.get("latestExecution", {}) for state in states for one in state["actionStates"]]
            if any(one.get("token") for one in latest):
                return
            time.sleep(0.1)
        raise AssertionError(f"no approval of {self.name} waits")


def _policy(statement: Resource) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
