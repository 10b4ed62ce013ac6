# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs and Secrets Manager, as far as builds and pipelines use them."""

from __future__ import annotations

import json
import time
from typing import Any


def test_log_events_are_read_to_the_end_and_on_from_there(cloud: Any, refused: Any) -> None:
    logs = cloud.client("logs")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="/golden/build", kmsKeyId=key, tags={"a": "b"})
    logs.create_log_stream(logGroupName="/golden/build", logStreamName="one")
    logs.put_retention_policy(logGroupName="/golden/build", retentionInDays=30)
    stream = {"logGroupName": "/golden/build", "logStreamName": "one"}
    now = int(time.time() * 1000)

    def _put(*messages: str) -> None:
        events = [{"timestamp": now, "message": message} for message in messages]
        logs.put_log_events(**stream, logEvents=events)

    def _get(**options: Any) -> tuple[list[str], str]:
        told = logs.get_log_events(**stream, **options)
        return [event["message"] for event in told["events"]], told["nextForwardToken"]

    empty, token = _get(startFromHead=True)
    _put("a", "b", "c")
    assert (empty, _get(nextToken=token)[0]) == ([], ["a", "b", "c"])
    seen, token = _get(startFromHead=True, limit=2)
    assert seen == ["a", "b"]
    seen, token = _get(nextToken=token)
    assert seen == ["c"]
    assert _get(nextToken=token) == ([], token)
    cloud.restart()
    logs = cloud.client("logs")
    _put("ERROR: d")
    assert _get(nextToken=token)[0] == ["ERROR: d"]
    (found,) = logs.filter_log_events(logGroupName="/golden/build", filterPattern='"ERROR: d"')["events"]
    told = logs.filter_log_events(logGroupName="/golden/build")["events"]
    # Numbers go on; in between there may be those of a build of another test's cloud, which is of the same process.
    assert found["message"] == "ERROR: d"
    assert [int(one["eventId"]) for one in told[:3]] == sorted(
        {int(one["eventId"]) for one in told} - {int(found["eventId"])}
    )
    assert int(found["eventId"]) > int(told[2]["eventId"])
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/golden")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"], group["logGroupClass"]) == (30, key, "STANDARD")
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {"a": "b"}
    logs.disassociate_kms_key(logGroupName="/golden/build")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    logs.associate_kms_key(logGroupName="/golden/build", kmsKeyId=key)
    with refused("InvalidParameterException"):
        logs.associate_kms_key(logGroupName="/golden/build", kmsKeyId=f"{key}0")
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName="/golden/build", retentionInDays=2)
    with refused("UnsupportedOperation", "filterPattern"):
        logs.filter_log_events(logGroupName="/golden/build", filterPattern="{ $.a = 1 }")
    with refused("ResourceNotFoundException"):
        logs.get_log_events(logGroupIdentifier=f"{group['logGroupArn']}2", logStreamName="one")
    logs.delete_log_group(logGroupName="/golden/build")
    logs.create_log_group(logGroupName="/golden/build")
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {}


def test_a_secret_is_found_by_name_and_arn_in_its_versions(cloud: Any, refused: Any) -> None:
    secrets = cloud.client("secretsmanager")
    value = json.dumps({"user": "packer", "password": "hidden-value"})
    arn = secrets.create_secret(Name="golden/build", SecretString=value, Tags=[{"Key": "a", "Value": "b"}])["ARN"]
    first = secrets.get_secret_value(SecretId=arn)
    assert json.loads(first["SecretString"])["user"] == "packer"
    second = secrets.put_secret_value(SecretId="golden/build", SecretString="hidden-too")["VersionId"]
    cloud.restart()
    secrets = cloud.client("secretsmanager")
    assert secrets.get_secret_value(SecretId=arn[:-7])["SecretString"] == "hidden-too"
    assert secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"] == value
    assert secrets.get_secret_value(SecretId=arn, VersionId=first["VersionId"])["SecretString"] == value
    secrets.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=first["VersionId"]
    )
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == value
    told = secrets.describe_secret(SecretId="golden/build")
    assert told["VersionIdsToStages"] == {first["VersionId"]: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}
    listed = secrets.list_secret_version_ids(SecretId="golden/build")
    assert (listed["ARN"], {one["VersionId"] for one in listed["Versions"]}) == (arn, {first["VersionId"], second})
    with refused("ResourceNotFoundException", "NONE"):
        secrets.get_secret_value(SecretId=arn, VersionStage="NONE")
    with refused("EncryptionFailure"):
        secrets.create_secret(Name="x", SecretString="y", KmsKeyId="alias/none")
    with refused("UnsupportedOperation", "AddReplicaRegions"):
        secrets.create_secret(Name="x", SecretString="y", AddReplicaRegions=[{"Region": "eu-west-1"}])
    with refused("NotImplemented", "RotateSecret"):
        secrets.rotate_secret(SecretId=arn)
    secrets.delete_secret(SecretId=arn)
    with refused("InvalidRequestException"):
        secrets.get_secret_value(SecretId=arn)
    assert "hidden" not in (cloud.directory / "calls.jsonl").read_text()
