# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests ask for: actions and resources as the Service Authorization Reference has them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from golden_cloud.api import catalogue
from golden_cloud.api.errors import service_model
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked import asks, is_known, table
from golden_cloud.api.policies.asked.requests import TABLES

HERE = "us-east-1:123456789012"
EVERY = [(service, operation) for service, operations in catalogue.SERVICES.items() for operation in operations]


def asked(service: str, operation: str, **parameters: Any) -> list[str]:
    found = asks(Call(service, operation, "AKIA", "123456789012", "us-east-1", "", parameters))
    return [f"{ask.action} {ask.resource}" for ask in found]


def context(service: str, operation: str, action: str, **parameters: Any) -> Any:
    found = asks(Call(service, operation, "AKIA", "123456789012", "us-east-1", "", parameters))
    return next(ask.context for ask in found if ask.action == action)


def test_every_operation_of_the_cloud_is_in_a_table() -> None:
    assert [pair for pair in EVERY if not is_known(*pair)] == []


def test_the_tables_name_operations_and_parameters_that_there_are() -> None:
    wrong = []
    for service, of_service in TABLES.items():
        model: Any = service_model(service)
        for operation, line in of_service.lines.items():
            shape = model.operation_model(operation).input_shape if operation in model.operation_names else None
            known = set(shape.members) if shape is not None else set()
            words = [*line.templates, *(f"{{{when}}}" for _name, when in line.added if when)]
            holes = itertools.chain.from_iterable(table._HOLE.findall(word) for word in words)
            wrong += [(service, operation, name) for name, _way in holes if name.partition(".")[0] not in known]
            wrong += [(service, operation)] if operation not in model.operation_names else []
    assert wrong == []


def test_an_operation_that_no_table_knows_is_asked_for_without_a_resource() -> None:
    assert asked("ec2", "CreateDragon") == ["ec2:CreateDragon *"]
    assert asked("dragons", "Feed") == ["dragons:Feed *"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "wanted"),
    [
        ("ec2", "DescribeImages", {"ImageIds": ["ami-1"]}, ["ec2:DescribeImages *"]),
        (
            "ec2",
            "TerminateInstances",
            {"InstanceIds": ["i-1", "i-2"]},
            [f"ec2:TerminateInstances arn:aws:ec2:{HERE}:instance/i-{n}" for n in (1, 2)],
        ),
        ("ec2", "DeregisterImage", {"ImageId": "ami-1"}, ["ec2:DeregisterImage arn:aws:ec2:us-east-1::image/ami-1"]),
        ("ec2", "DeleteKeyPair", {"KeyName": "k"}, [f"ec2:DeleteKeyPair arn:aws:ec2:{HERE}:key-pair/k"]),
        (
            "ec2",
            "CreateTags",
            {"Resources": ["ami-0123", "i-0123"]},
            ["ec2:CreateTags arn:aws:ec2:us-east-1::image/ami-0123", f"ec2:CreateTags arn:aws:ec2:{HERE}:instance/i-0123"],
        ),
        (
            "ec2",
            "CreateImage",
            {"InstanceId": "i-1", "TagSpecifications": [{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}]},
            [
                "ec2:CreateImage arn:aws:ec2:us-east-1::image/*",
                f"ec2:CreateImage arn:aws:ec2:{HERE}:instance/i-1",
                "ec2:CreateImage arn:aws:ec2:us-east-1::snapshot/*",
                "ec2:CreateTags arn:aws:ec2:us-east-1::image/*",
            ],
        ),
        ("ssm", "GetParameter", {"Name": "/a/b:3"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/a/b"]),
        ("ssm", "GetParameter", {"Name": "plain"}, [f"ssm:GetParameter arn:aws:ssm:{HERE}:parameter/plain"]),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/aws/service/debian/x"]},
            ["ssm:GetParameters arn:aws:ssm:us-east-1::parameter/aws/service/debian/x"],
        ),
        (
            "ssm",
            "PutParameter",
            {"Name": "/a", "Tags": [{"Key": "k", "Value": "v"}]},
            [f"ssm:PutParameter arn:aws:ssm:{HERE}:parameter/a", f"ssm:AddTagsToResource arn:aws:ssm:{HERE}:parameter/a"],
        ),
        ("sts", "GetCallerIdentity", {}, []),
        ("iam", "CreateRole", {"RoleName": "r", "Path": "/p/"}, ["iam:CreateRole arn:aws:iam::123456789012:role/p/r"]),
        ("kms", "ListKeys", {}, ["kms:ListKeys *"]),
        ("rbin", "GetRule", {"Identifier": "r1"}, [f"rbin:GetRule arn:aws:rbin:{HERE}:rule/r1"]),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
        ("s3", "GetObject", {"Bucket": "b", "Key": "a/k", "VersionId": "1"}, ["s3:GetObjectVersion arn:aws:s3:::b/a/k"]),
        ("s3", "PutBucketEncryption", {"Bucket": "b"}, ["s3:PutEncryptionConfiguration arn:aws:s3:::b"]),
        ("s3", "PutPublicAccessBlock", {"Bucket": "b"}, ["s3:PutBucketPublicAccessBlock arn:aws:s3:::b"]),
        (
            "s3",
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "c/x"},
            ["s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::c/x"],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y", "VersionId": "1"}]}},
            ["s3:DeleteObject arn:aws:s3:::b/x", "s3:DeleteObjectVersion arn:aws:s3:::b/y"],
        ),
        ("codecommit", "GetBranch", {"repositoryName": "r"}, [f"codecommit:GetBranch arn:aws:codecommit:{HERE}:r"]),
        (
            "codebuild",
            "UpdateProject",
            {"name": "p", "serviceRole": "arn:aws:iam::123456789012:role/b"},
            [f"codebuild:UpdateProject arn:aws:codebuild:{HERE}:project/p", "iam:PassRole arn:aws:iam::123456789012:role/b"],
        ),
        ("codebuild", "BatchGetBuilds", {"ids": ["p:1", "p:2"]}, [f"codebuild:BatchGetBuilds arn:aws:codebuild:{HERE}:project/p"]),
        (
            "codepipeline",
            "PutApprovalResult",
            {"pipelineName": "p", "stageName": "s", "actionName": "a"},
            [f"codepipeline:PutApprovalResult arn:aws:codepipeline:{HERE}:p/s/a"],
        ),
        (
            "codepipeline",
            "CreatePipeline",
            {"pipeline": {"name": "p", "roleArn": "arn:r", "stages": [{"actions": [{"roleArn": "arn:x"}, {}]}]}},
            [f"codepipeline:CreatePipeline arn:aws:codepipeline:{HERE}:p", "iam:PassRole arn:r", "iam:PassRole arn:x"],
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [f"logs:PutLogEvents arn:aws:logs:{HERE}:log-group:/g:log-stream:s"],
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "/g"}, [f"logs:CreateLogGroup arn:aws:logs:{HERE}:log-group:/g:log-stream:"]),
        (
            "events",
            "PutTargets",
            {"Rule": "r", "Targets": [{"RoleArn": "arn:r"}, {"RoleArn": "arn:r"}]},
            [f"events:PutTargets arn:aws:events:{HERE}:rule/r", "iam:PassRole arn:r"],
        ),
        ("events", "PutRule", {"Name": "r", "EventBusName": "b"}, [f"events:PutRule arn:aws:events:{HERE}:rule/b/r"]),
        ("events", "PutEvents", {"Entries": [{}, {}]}, [f"events:PutEvents arn:aws:events:{HERE}:event-bus/default"]),
        (
            "scheduler",
            "CreateSchedule",
            {"Name": "s", "Target": {"RoleArn": "arn:r"}},
            [f"scheduler:CreateSchedule arn:aws:scheduler:{HERE}:schedule/default/s", "iam:PassRole arn:r"],
        ),
        ("sns", "CreateTopic", {"Name": "t"}, [f"sns:CreateTopic arn:aws:sns:{HERE}:t"]),
        ("sns", "GetTopicAttributes", {"TopicArn": "arn:t"}, ["sns:GetTopicAttributes arn:t"]),
        (
            "sqs",
            "SetQueueAttributes",
            {"QueueUrl": "http://127.0.0.1:1/123456789012/q"},
            [f"sqs:SetQueueAttributes arn:aws:sqs:{HERE}:q"],
        ),
    ],
)  # fmt: skip
def test_what_an_operation_asks_for(service: str, operation: str, parameters: Any, wanted: list[str]) -> None:
    assert asked(service, operation, **parameters) == wanted


def test_a_launch_asks_for_all_that_it_takes_and_makes() -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Team", "Value": "web"}]}]
    given: dict[str, Any] = {
        "ImageId": "ami-1", "InstanceType": "t3.micro", "KeyName": "k", "SubnetId": "subnet-1",
        "SecurityGroupIds": ["sg-1"], "TagSpecifications": tags, "MetadataOptions": {"HttpTokens": "required"},
    }  # fmt: skip
    assert asked("ec2", "RunInstances", **given) == [
        "ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-1",
        *(
            f"ec2:RunInstances arn:aws:ec2:{HERE}:{resource}"
            for resource in (
                "instance/*", "network-interface/*", "subnet/subnet-1", "volume/*", "security-group/sg-1", "key-pair/k",
            )
        ),
        f"ec2:CreateTags arn:aws:ec2:{HERE}:instance/*",
    ]  # fmt: skip
    made = context("ec2", "RunInstances", "ec2:CreateTags", **given)
    assert made == {"ec2:createaction": "RunInstances", "aws:requesttag/team": "web", "aws:tagkeys": ["Team"]}
    found = asks(Call("ec2", "RunInstances", "AKIA", "123456789012", "us-east-1", "", given))
    about = {ask.resource.rpartition(":")[2]: ask.context for ask in found if ask.action == "ec2:RunInstances"}
    assert about["instance/*"]["ec2:instancetype"] == "t3.micro"
    assert about["instance/*"]["ec2:metadatahttptokens"] == "required"
    assert about["instance/*"]["aws:requesttag/team"] == "web"
    assert "aws:requesttag/team" not in about["volume/*"]


def test_condition_keys_of_services() -> None:
    assert context("s3", "ListObjectsV2", "s3:ListBucket", Bucket="b", Prefix="a/")["s3:prefix"] == "a/"
    passed = context("codebuild", "CreateProject", "iam:PassRole", name="p", serviceRole="arn:r")
    assert passed["iam:passedtoservice"] == "codebuild.amazonaws.com"
    tagged = context("iam", "TagRole", "iam:TagRole", RoleName="r", Tags=[{"Key": "k", "Value": "v"}])
    assert tagged == {"aws:requesttag/k": "v", "aws:tagkeys": ["k"]}
    untagged = context("iam", "UntagRole", "iam:UntagRole", RoleName="r", TagKeys=["k"])
    assert untagged == {"aws:tagkeys": ["k"]}
