# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects of CodeBuild: told as AWS tells them, changed by what is given, refused when AWS would refuse them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from build_project import ROLE, Project, trust

MINIMAL = Project.minimal()


@pytest.fixture
def project(cloud: Any) -> Project:
    return Project(cloud)


def test_a_project_is_told_with_its_defaults(project: Project) -> None:
    told = project.api.batch_get_projects(names=["image", "none"])
    assert told["projectsNotFound"] == ["none"]
    found = told["projects"][0]
    assert found["created"] == found["lastModified"]
    del found["created"], found["lastModified"], found["source"]["buildspec"]
    assert found == {
        "name": "image",
        "arn": "arn:aws:codebuild:us-east-1:123456789012:project/image",
        "source": {"type": "NO_SOURCE", "insecureSsl": False},
        "secondarySources": [],
        "secondarySourceVersions": [],
        "artifacts": {"type": "NO_ARTIFACTS"},
        "secondaryArtifacts": [],
        "cache": {"type": "NO_CACHE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [],
            "privilegedMode": False,
            "imagePullCredentialsType": "CODEBUILD",
        },
        "serviceRole": ROLE,
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": "arn:aws:kms:us-east-1:123456789012:alias/aws/s3",
        "tags": [],
        "badge": {"badgeEnabled": False},
        "logsConfig": {
            "cloudWatchLogs": {"status": "ENABLED"},
            "s3Logs": {"status": "DISABLED", "encryptionDisabled": False},
        },
        "projectVisibility": "PRIVATE",
    }


def test_an_update_replaces_what_it_gives(project: Project) -> None:
    project.api.update_project(
        name="image",
        description="of images",
        timeoutInMinutes=30,
        concurrentBuildLimit=2,
        tags=[{"key": "team", "value": "a"}],
        source={"type": "CODEPIPELINE", "buildspec": "ci/build.yml"},
        artifacts={"type": "CODEPIPELINE"},
    )
    found = project.api.update_project(name="image", timeoutInMinutes=40, concurrentBuildLimit=-1)["project"]
    assert (found["description"], found["timeoutInMinutes"]) == ("of images", 40)
    assert "concurrentBuildLimit" not in found and found["tags"] == [{"key": "team", "value": "a"}]
    assert found["source"] == {"type": "CODEPIPELINE", "buildspec": "ci/build.yml", "insecureSsl": False}
    assert found["artifacts"]["type"] == "CODEPIPELINE" and found["artifacts"]["packaging"] == "NONE"
    project.cloud.restart()
    again = project.cloud.client("codebuild").batch_get_projects(names=[found["arn"]])["projects"][0]
    assert again == found


@pytest.mark.parametrize("given", [{}, {"gitCloneDepth": 1, "gitSubmodulesConfig": {"fetchSubmodules": True}}])
def test_of_depth_and_submodules_is_told_what_was_given(project: Project, given: dict[str, Any]) -> None:
    """Terraform takes what it did not give for a change of somebody else's."""
    source = {"type": "GITHUB", "location": "https://github.com/golden/images.git", **given}
    told = project.api.update_project(name="image", source=source)["project"]["source"]
    assert told == {**source, "insecureSsl": False, "reportBuildStatus": False}


def test_a_build_that_codepipeline_would_start_takes_a_source_from_s3_only(project: Project, refused: Any) -> None:
    source = {"type": "CODEPIPELINE", "buildspec": "version: 0.2\nphases: {build: {commands: [ls]}}"}
    project.api.update_project(name="image", source=source, artifacts={"type": "CODEPIPELINE"})
    with refused("InvalidInputException", "CODEPIPELINE"):
        project.start()
    build = project.run(
        sourceTypeOverride="NO_SOURCE", artifactsOverride={"type": "NO_ARTIFACTS"}, imageOverride="localhost/mine"
    )
    assert build["buildStatus"] == "SUCCEEDED" and build["source"]["type"] == "NO_SOURCE"
    assert project.cloud.builders.started[0][1:] == ("localhost/mine", "LINUX_CONTAINER")


CODECOMMIT = {"type": "CODECOMMIT", "location": "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/images"}


@pytest.mark.parametrize(
    ("changed", "code", "text"),
    [
        ({"name": "image"}, "ResourceAlreadyExistsException", "already exists"),
        ({"name": "a b"}, "ValidationException", "'name'"),
        ({"source": {"type": "SVN"}}, "ValidationException", "enum value set"),
        ({"timeoutInMinutes": 2161}, "ValidationException", "less than or equal to 2160"),
        ({"source": {"type": "NO_SOURCE"}}, "InvalidInputException", "buildspec"),
        ({"source": {"type": "CODECOMMIT"}}, "InvalidInputException", "location is required"),
        ({"source": {"type": "S3", "location": "bucket"}}, "InvalidInputException", "valid S3 source"),
        ({"source": {"type": "CODEPIPELINE"}}, "InvalidInputException", "both be of type CODEPIPELINE"),
        ({"artifacts": {"type": "S3"}}, "InvalidInputException", "location is required"),
        ({"artifacts": {"type": "NO_ARTIFACTS", "location": "b"}}, "InvalidInputException", "null location"),
        ({"secondarySources": [CODECOMMIT]}, "InvalidInputException", "sourceIdentifier"),
        ({"serviceRole": "arn:aws:iam::999999999999:role/build"}, "InvalidInputException", "account ID"),
        ({"serviceRole": ROLE + "er"}, "InvalidInputException", "sts:AssumeRole"),
        ({"serviceRole": "arn:aws:iam::123456789012:role/other"}, "InvalidInputException", "sts:AssumeRole"),
        ({"cache": {"type": "LOCAL"}}, "InvalidInputException", "modes"),
        ({"badgeEnabled": True}, "InvalidInputException", "badges"),
        ({"vpcConfig": {"vpcId": "vpc-1"}}, "InvalidInputException", "securityGroupIds"),
        (
            {"vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}},
            "InvalidInputException",
            "vpc-1",
        ),
        ({"tags": [{"key": "aws:x", "value": ""}]}, "InvalidInputException", "tags"),
        ({"autoRetryLimit": 1}, "UnsupportedOperation", "autoRetryLimit"),
        (
            {"environment": {**MINIMAL["environment"], "certificate": "b/k"}},
            "UnsupportedOperation",
            "environment.certificate",
        ),
    ],
)
def test_what_aws_refuses_is_refused(
    project: Project, refused: Any, changed: dict[str, Any], code: str, text: str
) -> None:
    iam = project.cloud.client("iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    with refused(code, text):
        project.api.create_project(**{**MINIMAL, "name": "second", **changed})
    assert project.api.list_projects()["projects"] == ["image"]


def test_a_network_that_is_there_is_kept(project: Project, refused: Any) -> None:
    ec2 = project.cloud.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    network = {"vpcId": vpc, "subnets": [subnet], "securityGroupIds": [group]}
    assert project.api.update_project(name="image", vpcConfig=network)["project"]["vpcConfig"] == network
    assert project.run()["vpcConfig"] == network
    with refused("InvalidInputException", "subnet-9"):
        project.api.update_project(name="image", vpcConfig={**network, "subnets": ["subnet-9"]})


def test_projects_are_listed_and_deleted_and_their_builds_stay(project: Project, refused: Any) -> None:
    project.api.create_project(**{**MINIMAL, "name": "another"})
    assert project.api.list_projects()["projects"] == ["another", "image"]
    assert project.api.list_projects(sortBy="CREATED_TIME")["projects"] == ["image", "another"]
    build = project.run()
    project.api.delete_project(name="image")
    project.api.delete_project(name="image")
    assert project.get(build["id"])["buildNumber"] == 1
    with refused("ResourceNotFoundException", "project/image"):
        project.start()
    with refused("ResourceNotFoundException"):
        project.api.update_project(name="image", description="")


def test_credentials_of_git_servers_are_told_without_their_token(project: Project, refused: Any) -> None:
    api = project.api
    arn = api.import_source_credentials(token="secret", serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN")["arn"]
    assert api.list_source_credentials()["sourceCredentialsInfos"] == [
        {"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}
    ]
    with refused("ResourceAlreadyExistsException"):
        api.import_source_credentials(
            token="s", serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN", shouldOverwrite=False
        )
    api.delete_source_credentials(arn=arn)
    assert api.list_source_credentials()["sourceCredentialsInfos"] == []
    assert "secret" not in "".join(str(call) for call in project.cloud.calls())


def test_times_are_numbers_for_clients_in_go(project: Project) -> None:
    build = project.run()
    cloud = project.cloud
    request = AWSRequest(
        method="POST",
        url=f"{cloud.endpoint}/",
        data=f'{{"ids": ["{build["id"]}"]}}',
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "CodeBuild_20161006.BatchGetBuilds"},
    )
    SigV4Auth(Credentials(cloud.config.access_key, cloud.config.secret_key), "codebuild", "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, request.data.encode(), dict(request.headers))
    with urllib.request.urlopen(sent) as answer:
        raw = json.load(answer)["builds"][0]
    assert isinstance(raw["startTime"], int | float) and isinstance(raw["phases"][0]["endTime"], int | float)
    assert isinstance(raw["phases"][0]["durationInSeconds"], int) and raw["buildNumber"] == 1
