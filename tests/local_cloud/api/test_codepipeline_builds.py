# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a push to the end of a pipeline with CodeBuild's own builds: nothing stands in for a service."""

from __future__ import annotations

import json
from typing import Any

from pipelines import BUCKET, Pipelines, action, role, stage, until

ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
BAKE = """
version: 0.2
env: {exported-variables: [AMI]}
phases: {build: {commands: ['export AMI=ami-$(cat image.yml)', 'echo "$CODEBUILD_INITIATOR" > made', 'cat wanted']}}
artifacts: {files: [made]}
"""
CHECK = """
version: 0.2
phases: {build: {commands: ['test "$(cat made)" = codepipeline/web', 'test "$AMI" = ami-one']}}
"""


def test_a_push_is_built_and_what_it_made_is_tested(cloud: Any) -> None:
    pipelines = Pipelines(cloud, None)
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    codecommit, codebuild = cloud.client("codecommit"), cloud.client("codebuild")
    codecommit.create_repository(repositoryName="images")
    service_role = role(cloud, "build", ["codebuild.amazonaws.com"])
    for name, buildspec in (("bake", BAKE), ("check", CHECK)):
        codebuild.create_project(
            name=name,
            source={"type": "CODEPIPELINE", "buildspec": buildspec},
            artifacts={"type": "CODEPIPELINE"},
            environment=ENVIRONMENT,
            serviceRole=service_role,
        )
    source = action(
        "Get",
        "Source",
        "CodeCommit",
        {"RepositoryName": "images", "BranchName": "main"},
        outputArtifacts=[{"name": "Source"}],
    )
    ins, outs = [{"name": "Source"}], [{"name": "Made"}]
    bake = action("Bake", "Build", "CodeBuild", {"ProjectName": "bake"}, inputArtifacts=ins, outputArtifacts=outs)
    environment = json.dumps([{"name": "AMI", "value": "#{Bake.AMI}"}])
    tested = {"ProjectName": "check", "EnvironmentVariables": environment}
    check = action("Check", "Test", "CodeBuild", tested, inputArtifacts=outs)
    stages = [stage("Source", source), stage("Build", bake | {"namespace": "Bake"}), stage("Test", check)]
    pipelines.becomes(pipelines.create(stages=stages), "Failed")
    put = {"repositoryName": "images", "branchName": "main", "name": "me", "email": "me@example.com"}
    first = codecommit.put_file(**put, filePath="image.yml", fileContent=b"one")["commitId"]
    broken = until(lambda: len(found := pipelines.executions()) == 2 and found[0])["pipelineExecutionId"]
    pipelines.becomes(broken, "Failed")
    message = pipelines.action("Build", "Bake")["errorDetails"]["message"]
    assert "Phase: BUILD, Code: COMMAND_EXECUTION_ERROR" in message and "cat wanted" in message
    # A push that mends it goes through.
    commit = codecommit.put_file(**put, filePath="wanted", fileContent=b"here", parentCommitId=first)["commitId"]
    mended = until(lambda: len(found := pipelines.executions()) == 3 and found[0])["pipelineExecutionId"]
    assert pipelines.becomes(mended, "Succeeded", "Failed") == "Succeeded", pipelines.actions(mended)
    result = pipelines.actions(mended)[1]["output"]
    assert result["outputVariables"] == {"AMI": "ami-one"}
    (build,) = codebuild.batch_get_builds(ids=[result["executionResult"]["externalExecutionId"]])["builds"]
    assert (build["initiator"], build["resolvedSourceVersion"]) == ("codepipeline/web", commit)
