# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline stands on, in memory, for the unit tests of pipeline_resources: seven services, as far as it calls them.

``install()`` puts it in place of AWS. What a call is given is validated by botocore's model.
"""

from __future__ import annotations

import json
import typing as t

import botocore.client
import botocore.exceptions
import botocore.validate
import pytest

ACCOUNT, REGION = "111111111111", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
Resource = dict[str, t.Any]
Request = dict[str, t.Any]


def error(code: str, operation: str) -> botocore.exceptions.ClientError:
    """A code, or a code and a message with a colon between."""
    code, _colon, message = code.partition(": ")
    return botocore.exceptions.ClientError(
        t.cast(t.Any, {"Error": {"Code": code, "Message": message or f"{code}, says the test"}}), operation
    )


class World:
    """C(things) by kind and name; C(tags) by whatever the service knows them by."""

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], Resource] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.calls: list[tuple[str, Request]] = []
        self.deny: dict[str, list[str]] = {}

    def kinds(self) -> set[str]:
        return {kind for kind, _name in self.things}

    def writes(self) -> list[str]:
        reads = ("Describe", "Get", "List", "Head", "BatchGet")
        return [operation for operation, _request in self.calls if not operation.startswith(reads)]

    def __call__(self, client: t.Any, operation: str, request: Request) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        self.calls.append((operation, request))
        if self.deny.get(operation):
            raise error(self.deny[operation].pop(0), operation)
        answer = getattr(self, f"_{operation}")(request)
        return {} if answer is None else answer

    def _get(self, kind: str, name: str, code: str, operation: str) -> Resource:
        if (kind, name) not in self.things:
            raise error(code, operation)
        return self.things[kind, name]

    def _tag(self, name: str, tags: t.Any, key: str = "Key", value: str = "Value") -> None:
        given = tags if isinstance(tags, dict) else {tag[key]: tag[value] for tag in tags}
        self.tags.setdefault(name, {}).update(given)

    def _tagged(self, name: str, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        return [{key: name, value: text} for name, text in self.tags.get(name, {}).items()]

    def _GetCallerIdentity(self, _request: Request) -> Resource:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}

    # KMS
    def _DescribeKey(self, request: Request) -> Resource:
        return {"KeyMetadata": self._get("key", request["KeyId"], "NotFoundException", "DescribeKey")}

    def _ListResourceTags(self, request: Request) -> Resource:
        return {"Tags": self._tagged(request["KeyId"], "TagKey", "TagValue")}

    def _GetKeyRotationStatus(self, _request: Request) -> Resource:
        return {"KeyRotationEnabled": bool(self.things.get(("rotation", KEY)))}

    def _CreateKey(self, request: Request) -> Resource:
        self._tag(KEY.rpartition("/")[2], request["Tags"], "TagKey", "TagValue")
        self.things["made", KEY] = {"Arn": KEY, "Description": request["Description"]}
        return {"KeyMetadata": self.things["made", KEY]}

    def _CreateAlias(self, request: Request) -> None:
        self.things["key", request["AliasName"]] = self.things.pop(("made", KEY))

    def _EnableKeyRotation(self, _request: Request) -> None:
        self.things["rotation", KEY] = {"on": True}

    def _UpdateKeyDescription(self, request: Request) -> None:
        next(thing for (kind, _name), thing in self.things.items() if kind == "key")["Description"] = request[
            "Description"
        ]

    def _DeleteAlias(self, request: Request) -> None:
        del self.things["key", request["AliasName"]]

    def _ScheduleKeyDeletion(self, _request: Request) -> None:
        self.things.pop(("rotation", KEY))

    # S3
    def _HeadBucket(self, request: Request) -> None:
        self._get("bucket", request["Bucket"], "404", "HeadBucket")

    def _CreateBucket(self, request: Request) -> None:
        self.things["bucket", request["Bucket"]] = {"where": request["CreateBucketConfiguration"]["LocationConstraint"]}

    def _PutBucketTagging(self, request: Request) -> None:
        self.tags[request["Bucket"]] = {tag["Key"]: tag["Value"] for tag in request["Tagging"]["TagSet"]}

    def _GetBucketTagging(self, request: Request) -> Resource:
        if not self.tags.get(request["Bucket"]):
            raise error("NoSuchTagSet", "GetBucketTagging")
        return {"TagSet": self._tagged(request["Bucket"])}

    def _of_bucket(self, request: Request, part: str, code: str = "") -> Resource:
        told: Resource = self.things["bucket", request["Bucket"]].get(part, {})
        if code and not told:
            raise error(code, part)
        return told

    def _GetBucketVersioning(self, request: Request) -> Resource:
        return self._of_bucket(request, "VersioningConfiguration")

    def _GetBucketEncryption(self, request: Request) -> Resource:
        part = "ServerSideEncryptionConfiguration"
        return {part: self._of_bucket(request, part, f"{part}NotFoundError")}

    def _GetPublicAccessBlock(self, request: Request) -> Resource:
        part = "PublicAccessBlockConfiguration"
        return {part: self._of_bucket(request, part, f"NoSuch{part}")}

    def _GetBucketLifecycleConfiguration(self, request: Request) -> Resource:
        return self._of_bucket(request, "LifecycleConfiguration", "NoSuchLifecycleConfiguration")

    def _put_of_bucket(self, request: Request) -> None:
        self.things["bucket", request["Bucket"]].update({key: request[key] for key in request if key != "Bucket"})

    _PutBucketVersioning = _PutBucketEncryption = _PutPublicAccessBlock = _put_of_bucket
    _PutBucketLifecycleConfiguration = _put_of_bucket

    def _ListObjectVersions(self, request: Request) -> Resource:
        objects = self.things["bucket", request["Bucket"]].get("objects", [])
        return {"Versions": [{"Key": name, "VersionId": "1"} for name in objects], "IsTruncated": False}

    def _DeleteObjects(self, request: Request) -> None:
        self.things["bucket", request["Bucket"]]["objects"] = []

    def _DeleteBucket(self, request: Request) -> None:
        if self.things["bucket", request["Bucket"]].get("objects"):
            raise error("BucketNotEmpty", "DeleteBucket")
        del self.things["bucket", request["Bucket"]]

    # CodeCommit
    def _GetRepository(self, request: Request) -> Resource:
        name = request["repositoryName"]
        return {"repositoryMetadata": self._get("repository", name, "RepositoryDoesNotExistException", "GetRepository")}

    def _CreateRepository(self, request: Request) -> Resource:
        name = request["repositoryName"]
        arn = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{name}"
        self.things["repository", name] = {
            "repositoryName": name,
            "Arn": arn,
            "cloneUrlHttp": f"https://git/{name}",
            "repositoryDescription": request["repositoryDescription"],
        }
        self._tag(arn, request["tags"])
        return {"repositoryMetadata": self.things["repository", name]}

    def _UpdateRepositoryDescription(self, request: Request) -> None:
        thing = self.things["repository", request["repositoryName"]]
        thing["repositoryDescription"] = request["repositoryDescription"]

    def _DeleteRepository(self, request: Request) -> None:
        del self.things["repository", request["repositoryName"]]

    # CodeBuild and CodePipeline: they are only looked at.
    def _BatchGetProjects(self, request: Request) -> Resource:
        return {
            "projects": [self.things["project", name] for name in request["names"] if ("project", name) in self.things]
        }

    def _GetPipeline(self, request: Request) -> Resource:
        return self._get("pipeline", request["name"], "PipelineNotFoundException", "GetPipeline")

    # Tags of several services: each has its own words.
    def _ListTagsForResource(self, request: Request) -> Resource:
        if ":codepipeline:" in request.get("resourceArn", ""):
            return {"tags": self._tagged(request["resourceArn"], "key", "value")}
        if "resourceArn" in request:
            return {"tags": self.tags.get(request["resourceArn"], {})}
        return {"Tags": self._tagged(next(iter(request.values())))}

    def _TagResource(self, request: Request) -> None:
        (name,) = [value for key, value in request.items() if key.lower() in ("resourcearn", "keyid")]
        tags = request.get("Tags") or request.get("tags")
        keys = ("TagKey", "TagValue") if "KeyId" in request else ("Key", "Value")
        self._tag(name, tags, *keys)

    # CloudWatch Logs
    def _DescribeLogGroups(self, request: Request) -> Resource:
        prefix = request["logGroupNamePrefix"]
        groups = [(name, thing) for (kind, name), thing in self.things.items() if kind == "log_group"]
        return {"logGroups": [{"logGroupName": name, **thing} for name, thing in groups if name.startswith(prefix)]}

    def _CreateLogGroup(self, request: Request) -> None:
        name = request["logGroupName"]
        self.things["log_group", name] = {}
        self._tag(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}", request["tags"])

    def _PutRetentionPolicy(self, request: Request) -> None:
        self.things["log_group", request["logGroupName"]]["retentionInDays"] = request["retentionInDays"]

    def _DeleteLogGroup(self, request: Request) -> None:
        del self.things["log_group", request["logGroupName"]]

    # IAM
    def _GetRole(self, request: Request) -> Resource:
        role = self._get("role", request["RoleName"], "NoSuchEntity", "GetRole")
        trust = json.loads(role["AssumeRolePolicyDocument"])
        return {"Role": {"AssumeRolePolicyDocument": trust, "Tags": self._tagged(request["RoleName"])}}

    def _GetRolePolicy(self, request: Request) -> Resource:
        role = self.things["role", request["RoleName"]]
        if request["PolicyName"] not in role:
            raise error("NoSuchEntity", "GetRolePolicy")
        return {"PolicyDocument": json.loads(role[request["PolicyName"]])}

    def _CreateRole(self, request: Request) -> None:
        document = request["AssumeRolePolicyDocument"]
        self.things["role", request["RoleName"]] = {"AssumeRolePolicyDocument": document}
        self._tag(request["RoleName"], request["Tags"])

    def _UpdateAssumeRolePolicy(self, request: Request) -> None:
        self.things["role", request["RoleName"]]["AssumeRolePolicyDocument"] = request["PolicyDocument"]

    def _PutRolePolicy(self, request: Request) -> None:
        self.things["role", request["RoleName"]][request["PolicyName"]] = request["PolicyDocument"]

    def _TagRole(self, request: Request) -> None:
        self._tag(request["RoleName"], request["Tags"])

    def _DeleteRolePolicy(self, request: Request) -> None:
        del self.things["role", request["RoleName"]][request["PolicyName"]]

    def _DeleteRole(self, request: Request) -> None:
        del self.things["role", request["RoleName"]]

    # SNS
    def _GetTopicAttributes(self, request: Request) -> Resource:
        topic = self._get("topic", request["TopicArn"], "NotFound", "GetTopicAttributes")
        return {"Attributes": {"Policy": topic["Policy"]}}

    def _ListSubscriptionsByTopic(self, request: Request) -> Resource:
        return {"Subscriptions": self.things["topic", request["TopicArn"]]["subscriptions"]}

    def _CreateTopic(self, request: Request) -> None:
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{request['Name']}"
        self.things["topic", arn] = {**request["Attributes"], "subscriptions": []}
        self._tag(arn, request["Tags"])

    def _SetTopicAttributes(self, request: Request) -> None:
        self.things["topic", request["TopicArn"]][request["AttributeName"]] = request["AttributeValue"]

    def _Subscribe(self, request: Request) -> None:
        one = {"Protocol": request["Protocol"], "Endpoint": request["Endpoint"]}
        self.things["topic", request["TopicArn"]]["subscriptions"].append(one)

    def _DeleteTopic(self, request: Request) -> None:
        del self.things["topic", request["TopicArn"]]

    # EventBridge
    def _DescribeRule(self, request: Request) -> Resource:
        return self._get("rule", request["Name"], "ResourceNotFoundException", "DescribeRule")

    def _ListTargetsByRule(self, request: Request) -> Resource:
        return {"Targets": self.things["rule", request["Rule"]]["targets"]}

    def _PutRule(self, request: Request) -> None:
        kept = self.things.get(("rule", request["Name"]), {"targets": []})
        self.things["rule", request["Name"]] = {**kept, **{key: request[key] for key in request if key != "Tags"}}
        self._tag(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{request['Name']}", request.get("Tags", []))

    def _PutTargets(self, request: Request) -> Resource:
        rule = self.things["rule", request["Rule"]]
        given = {target["Id"] for target in request["Targets"]}
        rule["targets"] = [*(one for one in rule["targets"] if one["Id"] not in given), *request["Targets"]]
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def _RemoveTargets(self, request: Request) -> None:
        rule = self.things["rule", request["Rule"]]
        rule["targets"] = [one for one in rule["targets"] if one["Id"] not in request["Ids"]]

    def _DeleteRule(self, request: Request) -> None:
        if self.things["rule", request["Name"]]["targets"]:
            raise error("ValidationException", "DeleteRule")
        del self.things["rule", request["Name"]]

    # EventBridge Scheduler
    def _GetScheduleGroup(self, request: Request) -> Resource:
        return self._get("group", request["Name"], "ResourceNotFoundException", "GetScheduleGroup")

    def _CreateScheduleGroup(self, request: Request) -> None:
        self.things["group", request["Name"]] = {"Name": request["Name"]}
        self._tag(f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{request['Name']}", request["Tags"])

    def _GetSchedule(self, request: Request) -> Resource:
        return self._get("schedule", request["Name"], "ResourceNotFoundException", "GetSchedule")

    def _CreateSchedule(self, request: Request) -> None:
        self.things["schedule", request["Name"]] = request

    _UpdateSchedule = _CreateSchedule

    def _DeleteScheduleGroup(self, request: Request) -> None:
        del self.things["group", request["Name"]]
        self.things.pop(("schedule", request["Name"]), None)


def install(monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty world in place of AWS."""
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made
