# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: when they are due, in which time zone, and what they call."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from golden_cloud.api import schedules
from pipelines import Pipelines, bucket, build, builds, pipelines, role, stage, until

__all__ = ["bucket", "builds", "pipelines"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "due"),
    [
        ("cron(0 2 * * ? *)", "UTC", "2026-01-01T02:00", "2026-01-02T02:00"),
        ("cron(0/15 * * * ? *)", "UTC", "2026-01-01T02:01", "2026-01-01T02:15"),
        ("cron(0 2 ? * MON-FRI *)", "UTC", "2026-01-02T03:00", "2026-01-05T02:00"),
        ("cron(0 2 ? * 1 *)", "UTC", "2026-01-01T00:00", "2026-01-04T02:00"),
        ("cron(0 2 L * ? *)", "UTC", "2026-02-01T00:00", "2026-02-28T02:00"),
        ("cron(0 2 1W * ? *)", "UTC", "2026-08-01T00:00", "2026-08-03T02:00"),
        ("cron(0 2 ? * 3#2 *)", "UTC", "2026-01-01T00:00", "2026-01-13T02:00"),
        ("cron(0 2 ? * 6L *)", "UTC", "2026-01-01T00:00", "2026-01-30T02:00"),
        ("cron(30 4 29 FEB ? *)", "UTC", "2026-01-01T00:00", "2028-02-29T04:30"),
        ("cron(0 2 * * ? 2025)", "UTC", "2026-01-01T00:00", None),
        ("cron(0 2 * * ? *)", "Europe/Berlin", "2026-01-01T12:00", "2026-01-02T01:00"),
        ("cron(0 2 * * ? *)", "Europe/Berlin", "2026-07-01T12:00", "2026-07-02T00:00"),
        # 02:30 is no time there on 29 March 2026, and comes twice on 25 October.
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T00:30"),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("rate(5 minutes)", "UTC", "2026-01-01T00:07", "2026-01-01T00:10"),
        ("rate(1 day)", "UTC", "2026-01-01T00:00", "2026-01-02T00:00"),
        ("at(2026-07-01T02:00:00)", "America/New_York", "2026-01-01T00:00", "2026-07-01T06:00"),
    ],
)
def test_when_a_schedule_is_due(expression: str, zone: str, after: str, due: str | None) -> None:
    found = schedules.parse(expression, zone).following(_time(after), _time("2026-01-01T00:00"))
    assert found == (_time(due) if due else None)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("rate(0 minutes)", "UTC"),
        ("rate(1 minutes)", "UTC"),
        ("rate(5 minute)", "UTC"),
        ("rate(5 seconds)", "UTC"),
        ("cron(0 2 * * *)", "UTC"),
        ("cron(0 2 * * * *)", "UTC"),
        ("cron(60 2 * * ? *)", "UTC"),
        ("cron(0 2 ? * MOX *)", "UTC"),
        ("at(2026-02-30T00:00:00)", "UTC"),
        ("at(2026-03-29T02:30:00)", "Europe/Berlin"),
        ("rate(1 day)", "Mars/Olympus"),
        ("0 2 * * *", "UTC"),
    ],
)
def test_what_is_no_schedule(text: str, zone: str) -> None:
    with pytest.raises(schedules.InvalidExpression):
        schedules.parse(text, zone)


OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(cloud: Any) -> Any:
    return cloud.client("scheduler")


def _soon(seconds: float) -> str:
    return f"at({(datetime.now(UTC) + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')})"


@pytest.mark.parametrize("universal", [True, False])
def test_a_schedule_starts_a_pipeline(pipelines: Pipelines, scheduler: Any, *, universal: bool) -> None:
    pipelines.becomes(pipelines.create(stage("Build", build("bake"))), "Succeeded")
    own = role(pipelines.cloud, "scheduler", ["scheduler.amazonaws.com"])
    target = {"RoleArn": own, "Arn": "arn:aws:codepipeline:us-east-1:123456789012:web"}
    if universal:
        target |= {
            "Arn": "arn:aws:scheduler:::aws-sdk:codepipeline:startPipelineExecution",
            "Input": json.dumps({"Name": "web"}),
        }
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=_soon(1),
        FlexibleTimeWindow=OFF,
        Target=target,
        ActionAfterCompletion="DELETE",
    )
    started = until(lambda: len(found := pipelines.executions()) == 2 and found[0])
    assert started["trigger"]["triggerType"] == "StartPipelineExecution"
    assert ":assumed-role/scheduler/" in started["trigger"]["triggerDetail"]
    assert scheduler.list_schedules()["Schedules"] == []
    pipelines.becomes(started["pipelineExecutionId"], "Succeeded")
    assert len(pipelines.executions()) == 2


def test_the_life_of_a_schedule(cloud: Any, scheduler: Any, refused: Any) -> None:
    own = role(cloud, "scheduler", ["scheduler.amazonaws.com"])
    group = scheduler.create_schedule_group(Name="images", Tags=[{"Key": "team", "Value": "web"}])["ScheduleGroupArn"]
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "team", "Value": "web"}]
    target = {"RoleArn": own, "Arn": "arn:aws:codebuild:us-east-1:123456789012:project/bake"}
    given = {
        "Name": "nightly",
        "GroupName": "images",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": OFF,
        "Target": target,
        "StartDate": datetime(2030, 1, 1, tzinfo=UTC),
    }
    arn = scheduler.create_schedule(**given)["ScheduleArn"]
    assert arn == "arn:aws:scheduler:us-east-1:123456789012:schedule/images/nightly"
    shown = scheduler.get_schedule(Name="nightly", GroupName="images")
    assert {k: shown[k] for k in given if k != "Target"} == {k: v for k, v in given.items() if k != "Target"}
    assert shown["Target"] == target | {"RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}}
    assert shown["State"] == "ENABLED"
    with refused("ConflictException"):
        scheduler.create_schedule(**given)
    scheduler.update_schedule(**given | {"State": "DISABLED", "ScheduleExpression": "rate(1 hour)"})
    assert [s["State"] for s in scheduler.list_schedules(GroupName="images")["Schedules"]] == ["DISABLED"]
    cloud.restart()
    scheduler = cloud.client("scheduler")
    assert scheduler.get_schedule(Name="nightly", GroupName="images")["ScheduleExpression"] == "rate(1 hour)"
    with refused("ResourceNotFoundException"):
        scheduler.get_schedule(Name="nightly")
    for changed, code, text in (
        ({"ScheduleExpression": "rate(1 hours)"}, "ValidationException", "rate"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "ValidationException", "Timezone"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "ValidationException", "MaximumWindowInMinutes"),
        ({"Target": target | {"RoleArn": own + "x"}}, "ValidationException", "execution role"),
        ({"Target": target | {"Arn": "arn:aws:lambda:us-east-1:1:function:f"}}, "UnsupportedOperation", "lambda"),
        ({"Target": target | {"EcsParameters": {"TaskDefinitionArn": "arn:x"}}}, "UnsupportedOperation", "Ecs"),
        ({"Name": "a b"}, "ValidationException", "pattern"),
    ):
        with refused(code, text):
            scheduler.create_schedule(**given | {"GroupName": "default", "Name": "other"} | changed)
    scheduler.delete_schedule(Name="nightly", GroupName="images")
    scheduler.delete_schedule_group(Name="images")
    assert [g["Name"] for g in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"]
