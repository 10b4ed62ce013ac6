# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventBridge: patterns, inputs, and targets that are really called."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from golden_cloud.api import bus
from golden_cloud.api.events import firing, pattern, transform
from pipelines import Pipelines, bucket, build, builds, pipelines, role, stage, until

__all__ = ["bucket", "builds", "pipelines"]

EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "CodeCommit Repository State Change",
    "source": "aws.codecommit",
    "account": "123456789012",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:codecommit:us-east-1:123456789012:images"],
    "detail": {"event": "referenceUpdated", "referenceName": "main", "size": 3, "ip": "10.0.0.7", "tags": ["a", "b"]},
}
ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({"source": ["aws.codecommit"]}, True),
        ({"source": ["aws.s3", "aws.codecommit"], "detail": {"referenceName": ["main"]}}, True),
        ({"source": ["aws.codecommit"], "detail": {"referenceName": ["dev"]}}, False),
        ({"resources": ["arn:aws:codecommit:us-east-1:123456789012:images"]}, True),
        ({"detail": {"tags": ["b"]}}, True),
        ({"detail": {"referenceName": [{"prefix": "ma"}]}}, True),
        ({"detail": {"referenceName": [{"suffix": {"equals-ignore-case": "IN"}}]}}, True),
        ({"detail": {"referenceName": [{"equals-ignore-case": "MAIN"}]}}, True),
        ({"detail": {"referenceName": [{"wildcard": "m*n"}]}}, True),
        ({"detail": {"referenceName": [{"wildcard": "m\\*n"}]}}, False),
        ({"detail": {"referenceName": [{"anything-but": ["dev", "main"]}]}}, False),
        ({"detail": {"referenceName": [{"anything-but": {"prefix": "d"}}]}}, True),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"referenceName": [{"exists": False}]}}, False),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
        ({"detail": {"size": [{"numeric": [">", 1, "<=", 3]}]}}, True),
        ({"detail": {"size": [3.0]}}, True),
        ({"detail": {"size": ["3"]}}, False),
        ({"detail": {"size": [True]}}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"event": ["referenceUpdated"]}}]}, True),
        ({"detail": ["main"]}, False),
    ],
)
def test_a_pattern_matches(wanted: Any, *, matches: bool) -> None:
    assert pattern.matches(pattern.parse(json.dumps(wanted)), EVENT) is matches


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"a": []}', '{"a": "b"}', '{"a": [{"like": "b"}]}', '{"a": [{"numeric": [">"]}]}',
     '{"a": [["b"]]}', '{"a": [{"prefix": 1}]}', '{"a": [{"anything-but": []}]}'],
)  # fmt: skip
def test_a_pattern_that_is_none(text: str) -> None:
    with pytest.raises(pattern.InvalidPattern):
        pattern.parse(text)


def test_the_input_of_a_target() -> None:
    def get(**target: Any) -> str:
        transform.check({"Id": "1"} | target)
        return transform.transformed(target, EVENT, "arn:aws:events:us-east-1:1:rule/R", "now")

    assert json.loads(get()) == EVENT
    assert get(Input='{"a": 1}') == '{"a": 1}'
    assert get(InputPath="$.detail.tags[1]") == '"b"'
    paths = {"branch": "$.detail.referenceName", "tags": "$.detail.tags", "none": "$.detail.none"}
    template = '{"text": "Branch \\"<branch>\\" moved, <tags>", "tags": <tags>, "none": <none>, "no": "<none>"}'
    made = json.loads(get(InputTransformer={"InputPathsMap": paths, "InputTemplate": template}))
    assert made == {"text": 'Branch "main" moved, ["a", "b"]', "tags": ["a", "b"], "none": None, "no": ""}
    text = get(InputTransformer={"InputPathsMap": paths, "InputTemplate": '"<branch> by <aws.events.rule-name>"'})
    assert text == '"main by R"'
    with pytest.raises(transform.InvalidInput, match="placeholder branch"):
        get(InputTransformer={"InputTemplate": "<branch>"})
    with pytest.raises(transform.InvalidInput, match="Only one"):
        get(Input="{}", InputPath="$")


@pytest.fixture
def events(cloud: Any) -> Any:
    return cloud.client("events")


@pytest.fixture
def queue(cloud: Any) -> Any:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]

    def _read(seconds: int = 10) -> list[str]:
        found = cloud.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds, MessageAttributeNames=["All"]
        )
        for message in found.get("Messages", []):
            cloud.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [m["Body"] + str(m.get("MessageAttributes") or "") for m in found.get("Messages", [])]

    return _read


QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:told"


def _moved(branch: str) -> bus.Event:
    detail = {"event": "referenceUpdated", "repositoryName": "images", "referenceName": branch, "commitId": "c1"}
    arn = f"arn:aws:codecommit:us-east-1:{ACCOUNT}:images"
    return bus.Event(ACCOUNT, "us-east-1", "aws.codecommit", "CodeCommit Repository State Change", (arn,), detail)


def test_a_push_starts_the_pipeline_that_its_rule_names(pipelines: Pipelines, events: Any, refused: Any) -> None:
    pipelines.becomes(pipelines.create(stage("Build", build("bake"))), "Succeeded")
    wanted = {"source": ["aws.codecommit"], "detail": {"referenceName": ["main"]}}
    arn = events.put_rule(Name="push", EventPattern=json.dumps(wanted))["RuleArn"]
    pipeline = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:web"
    with refused("ValidationException", "RoleArn is required"):
        events.put_targets(Rule="push", Targets=[{"Id": "1", "Arn": pipeline}])
    stranger = role(pipelines.cloud, "stranger", ["ec2.amazonaws.com"])
    with refused("ValidationException", "cannot be assumed by principal 'events.amazonaws.com'"):
        events.put_targets(Rule="push", Targets=[{"Id": "1", "Arn": pipeline, "RoleArn": stranger}])
    events.put_targets(Rule="push", Targets=[{"Id": "1", "Arn": pipeline, "RoleArn": pipelines.role}])
    assert events.list_rule_names_by_target(TargetArn=pipeline)["RuleNames"] == ["push"]
    bus.publish(_moved("dev"))
    bus.publish(_moved("main"))
    started = until(lambda: len(found := pipelines.executions()) == 2 and found[0])
    assert started["trigger"] == {"triggerType": "CloudWatchEvent", "triggerDetail": arn}
    pipelines.becomes(started["pipelineExecutionId"], "Succeeded")
    events.disable_rule(Name="push")
    bus.publish(_moved("main"))
    pipelines.cloud.settle()
    assert len(pipelines.executions()) == 2
    pipelines.cloud.restart()
    events = pipelines.cloud.client("events")
    assert events.describe_rule(Name="push")["State"] == "DISABLED"
    events.enable_rule(Name="push")
    bus.publish(_moved("main"))
    until(lambda: len(pipelines.executions()) == 3)
    (call,) = [c for c in pipelines.cloud.calls() if c["operation"] == "StartPipelineExecution"][-1:]
    assert ":assumed-role/pipeline/AWSEvents_push" in call["principal"]


def test_what_a_pipeline_does_is_told_in_the_words_of_its_rule(pipelines: Pipelines, events: Any, queue: Any) -> None:
    wanted = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Stage Execution State Change"],
        "detail": {"state": ["FAILED"]},
    }
    events.put_rule(Name="failed", EventPattern=json.dumps(wanted))
    topic = pipelines.cloud.client("sns").create_topic(Name="told")["TopicArn"]
    pipelines.cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    paths = {"pipeline": "$.detail.pipeline", "stage": "$.detail.stage"}
    transformer = {"InputPathsMap": paths, "InputTemplate": '"<pipeline> failed at <stage>"'}
    events.put_targets(Rule="failed", Targets=[{"Id": "1", "Arn": topic, "InputTransformer": transformer}])
    pipelines.builds.fails = {"bake"}
    pipelines.becomes(pipelines.create(stage("Build", build("bake"))), "Failed")
    (body,) = queue()
    assert json.loads(body)["Message"] == '"web failed at Build"'


def test_a_build_is_started_with_what_the_target_says(pipelines: Pipelines, events: Any) -> None:
    project = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/bake"
    events.put_rule(Name="mine", EventPattern='{"source": ["my.app"]}')
    paths = {"n": "$.detail.n"}
    template = '{"environmentVariablesOverride": [{"name": "N", "value": "<n>"}], "idempotencyToken": "1"}'
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    target = {"Id": "1", "Arn": project, "RoleArn": pipelines.role, "InputTransformer": transformer}
    events.put_targets(Rule="mine", Targets=[target])
    events.put_events(Entries=[{"Source": "my.app", "DetailType": "Done", "Detail": '{"n": 7}'}])
    until(lambda: pipelines.builds.asked)
    assert pipelines.builds.asked[0]["environmentVariablesOverride"] == [{"name": "N", "value": "7"}]


def test_events_of_ones_own(cloud: Any, events: Any, queue: Any, refused: Any) -> None:
    events.put_rule(Name="mine", EventPattern='{"source": ["my.app"]}', Tags=[{"Key": "team", "Value": "web"}])
    lost = f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone"
    dead = {"Id": "2", "Arn": lost, "DeadLetterConfig": {"Arn": QUEUE}}
    events.put_targets(Rule="mine", Targets=[{"Id": "1", "Arn": QUEUE}, dead])
    given = {"Source": "my.app", "DetailType": "Done", "Detail": '{"n": 1}'}
    answer = events.put_events(
        Entries=[given, given | {"Source": "other"}, given | {"Detail": "x"}, given | {"Source": "aws.s3"}]
    )
    assert answer["FailedEntryCount"] == 2
    assert [e.get("ErrorCode") for e in answer["Entries"]][2:] == ["MalformedDetail", "NotAuthorizedForSourceException"]
    cloud.settle()
    first, undelivered = queue()
    assert json.loads(first)["detail"] == {"n": 1}
    assert lost in undelivered and "ERROR_CODE" in undelivered
    assert queue(0) == []
    assert events.test_event_pattern(EventPattern='{"source": ["aws.codecommit"]}', Event=json.dumps(EVENT))["Result"]
    with refused("InvalidEventPatternException"):
        events.test_event_pattern(EventPattern="{}", Event=json.dumps(EVENT))
    with refused("InvalidEventPatternException", "Unrecognized match type like"):
        events.put_rule(Name="bad", EventPattern='{"a": [{"like": "b"}]}')
    with refused("UnsupportedOperation", "lambda"):
        events.put_targets(Rule="mine", Targets=[{"Id": "3", "Arn": "arn:aws:lambda:us-east-1:1:function:f"}])
    with refused("UnsupportedOperation", "EcsParameters"):
        ecs = {"Id": "3", "Arn": QUEUE, "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:1:x"}}
        events.put_targets(Rule="mine", Targets=[ecs])
    with refused("ResourceNotFoundException", "Event bus other"):
        events.put_rule(Name="x", EventPattern='{"a": ["b"]}', EventBusName="other")
    with refused("ValidationException", "has targets"):
        events.delete_rule(Name="mine")
    answer = events.remove_targets(Rule="mine", Ids=["1", "2", "9"])
    assert [f["TargetId"] for f in answer["FailedEntries"]] == ["9"]
    events.delete_rule(Name="mine")
    assert events.list_rules()["Rules"] == []


def test_a_rule_with_a_schedule_fires(events: Any, queue: Any, monkeypatch: pytest.MonkeyPatch, refused: Any) -> None:
    arn = events.put_rule(Name="nightly", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": QUEUE}])
    assert queue(0) == []
    monkeypatch.setattr(firing, "now", lambda: datetime.now(UTC) + timedelta(seconds=61))
    # Any change has the rules looked at.
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "web"}])
    (body,) = queue()
    told = json.loads(body)
    assert (told["detail-type"], told["source"], told["resources"]) == ("Scheduled Event", "aws.events", [arn])
    for text in ("rate(1 minutes)", "at(2030-01-01T00:00:00)", "cron(0 2 * * * *)"):
        with refused("ValidationException", "ScheduleExpression is not valid"):
            events.put_rule(Name="bad", ScheduleExpression=text)
