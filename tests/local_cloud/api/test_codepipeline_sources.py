# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources as they are: a branch of CodeCommit, an object in S3, and pushes that start pipelines."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from pipelines import BUCKET, Builds, Pipelines, action, build, builds, source, stage, until

__all__ = ["builds"]
ACCOUNT = "123456789012"


@pytest.fixture
def pipelines(cloud: Any, builds: Builds) -> Pipelines:
    """With buckets of S3's own."""
    made = Pipelines(cloud, builds)
    s3 = cloud.client("s3")
    for name in (BUCKET, "source"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    cloud.client("codecommit").create_repository(repositoryName="images")
    return made


def _commit(cloud: Any, text: str, branch: str = "main") -> str:
    codecommit = cloud.client("codecommit")
    branches = codecommit.list_branches(repositoryName="images")["branches"]
    parent = {}
    if branch in branches:
        head = codecommit.get_branch(repositoryName="images", branchName=branch)["branch"]["commitId"]
        parent = {"parentCommitId": head}
    made = codecommit.put_file(
        repositoryName="images",
        branchName=branch,
        filePath="image.yml",
        fileContent=text.encode(),
        commitMessage=f"It says {text}",
        name="me",
        email="me@example.com",
        **parent,
    )
    return str(made["commitId"])


def _branch(**configuration: str) -> dict[str, Any]:
    configuration = {"RepositoryName": "images", "BranchName": "main", **configuration}
    outputs = [{"name": "SourceOutput"}]
    return action("Get", "Source", "CodeCommit", configuration, outputArtifacts=outputs, namespace="Source")


def _content(pipelines: Pipelines, number: int) -> dict[str, str]:
    """The files that a build was given."""
    bundle, _slash, key = pipelines.builds.asked[number]["sourceLocationOverride"].partition("/")
    body = pipelines.cloud.client("s3").get_object(Bucket=bundle, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_push_goes_through_the_pipeline(pipelines: Pipelines) -> None:
    cloud = pipelines.cloud
    environment = '[{"name": "WHAT", "value": "#{Source.CommitId} #{Source.BranchName} #{Source.CommitMessage}"}]'
    made = build("bake") | {"configuration": {"ProjectName": "bake", "EnvironmentVariables": environment}}
    stages = [stage("Source", _branch(PollForSourceChanges="false")), stage("Build", made)]
    # It runs at once, and there is nothing yet.
    nothing = pipelines.create(stages=stages)
    pipelines.becomes(nothing, "Failed")
    error = pipelines.action("Source", "Get")["errorDetails"]
    assert (error["code"], "no branch named main" in error["message"]) == ("ConfigurationError", True)
    events = cloud.client("events")
    wanted = {
        "source": ["aws.codecommit"],
        "detail": {"referenceName": ["main"], "event": ["referenceCreated", "referenceUpdated"]},
    }
    events.put_rule(Name="push", EventPattern=json.dumps(wanted))
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:web"
    events.put_targets(Rule="push", Targets=[{"Id": "1", "Arn": arn, "RoleArn": pipelines.role}])
    first = _commit(cloud, "one")
    execution = until(lambda: len(found := pipelines.executions()) == 2 and found[0])["pipelineExecutionId"]
    assert pipelines.becomes(execution, "Succeeded", "Failed") == "Succeeded", pipelines.actions(execution)
    assert _content(pipelines, 0) == {"image.yml": "one"}
    assert pipelines.builds.asked[0]["environmentVariablesOverride"][0]["value"] == f"{first} main It says one"
    told = pipelines.actions(execution)[0]["output"]["outputVariables"]
    assert (told["RepositoryName"], told["AuthorDate"][-1]) == ("images", "Z")
    assert pipelines.executions()[0]["sourceRevisions"][0]["revisionId"] == first
    assert pipelines.builds.revisions == [first]
    cloud.client("codecommit").create_branch(repositoryName="images", branchName="dev", commitId=first)
    _commit(cloud, "other", "dev")
    cloud.settle()
    assert len(pipelines.executions()) == 2
    _commit(cloud, "two")
    second = until(lambda: len(found := pipelines.executions()) == 3 and found[0])["pipelineExecutionId"]
    pipelines.becomes(second, "Succeeded")
    # An older commit, by its id.
    revision = {"actionName": "Get", "revisionType": "COMMIT_ID", "revisionValue": first}
    pipelines.becomes(pipelines.start(sourceRevisions=[revision]), "Succeeded")
    assert [_content(pipelines, n)["image.yml"] for n in (1, 2)] == ["two", "one"]


def test_a_branch_that_codepipeline_watches_by_itself(pipelines: Pipelines) -> None:
    _commit(pipelines.cloud, "one")
    first = pipelines.create(stages=[stage("Source", _branch()), stage("Build", build("bake"))])
    pipelines.becomes(first, "Succeeded")
    _commit(pipelines.cloud, "two")
    started = until(lambda: len(found := pipelines.executions()) == 2 and found[0])
    assert started["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Get"}
    pipelines.becomes(started["pipelineExecutionId"], "Succeeded")


def test_an_object_is_a_source_in_its_version(pipelines: Pipelines) -> None:
    s3 = pipelines.cloud.client("s3")
    versions = []
    for text in ("one", "two"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("image.yml", text)
        versions.append(s3.put_object(Bucket="source", Key="app.zip", Body=archive.getvalue())["VersionId"])
    first = pipelines.create(stages=[stage("Source", source()), stage("Build", build("bake"))])
    assert pipelines.becomes(first, "Succeeded", "Failed") == "Succeeded", pipelines.actions(first)
    assert pipelines.executions()[0]["sourceRevisions"][0]["revisionId"] == versions[1]
    revision = {"actionName": "Get", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": versions[0]}
    pipelines.becomes(pipelines.start(sourceRevisions=[revision]), "Succeeded")
    assert [_content(pipelines, n)["image.yml"] for n in (0, 1)] == ["two", "one"]
    head = s3.head_object(Bucket=BUCKET, Key=pipelines.builds.asked[0]["sourceLocationOverride"].partition("/")[2])
    assert head["ServerSideEncryption"] == "aws:kms"
    s3.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket="source", Key="app.zip", Body=b"")
    pipelines.becomes(pipelines.start(), "Failed")
    assert "versioning" in pipelines.action("Source", "Get")["errorDetails"]["message"]


def test_what_happens_is_written_to_a_log_group(pipelines: Pipelines) -> None:
    logs, events = pipelines.cloud.client("logs"), pipelines.cloud.client("events")
    logs.create_log_group(logGroupName="/aws/events/images")
    events.put_rule(Name="all", EventPattern='{"source": ["aws.codecommit"]}')
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/images"
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
    _commit(pipelines.cloud, "one")
    (found,) = until(lambda: logs.filter_log_events(logGroupName="/aws/events/images")["events"])
    assert json.loads(found["message"])["detail"]["referenceName"] == "main"
