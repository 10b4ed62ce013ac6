# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Scheduler's operations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api import constraints, schedules, trust
from golden_cloud.api.access import PARTITION
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.events import targets
from golden_cloud.api.scheduler.model import (
    DEFAULT_GROUP,
    SERVICE,
    CloudSchedulerBackend,
    Group,
    Schedule,
    now,
    scheduler_backends,
)
from golden_cloud.api.service import CloudResponse

TARGET_OPTIONS = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig", "SqsParameters"}
_KEPT = (
    "ScheduleExpression",
    "StartDate",
    "EndDate",
    "Description",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
_DEFAULTS = {"ScheduleExpressionTimezone": "UTC", "State": "ENABLED", "ActionAfterCompletion": "NONE"}
_RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


def _invalid(text: str) -> CloudError:
    return CloudError("ValidationException", text)


class CloudSchedulerResponse(CloudResponse, BaseResponse):
    """Every operation of the Scheduler that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="scheduler")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudSchedulerBackend:
        backend: CloudSchedulerBackend = scheduler_backends[self.identity.account_id][self.region]
        return backend

    @property
    def _operation(self) -> str:
        return str(self._get_action())

    def _checked(self) -> dict[str, Any]:
        given = {name: value for name, value in self._given().items() if value is not None}
        constraints.check("scheduler", self._operation, given)
        return given

    # Schedules

    def create_schedule(self) -> ActionResult:
        given = self._checked()
        group, name = self._group(given.get("GroupName")), given["Name"]
        if name in group.schedules:
            raise CloudError("ConflictException", f"Schedule {name} already exists.")
        arn = f"arn:{PARTITION}:scheduler:{self.region}:{self.identity.account_id}:schedule/{group.name}/{name}"
        moment = now()
        schedule = Schedule(name, group.name, arn, self._kept(given), moment, moment)
        schedule.plan(moment)
        group.schedules[name] = schedule
        return ActionResult({"ScheduleArn": arn})

    def update_schedule(self) -> ActionResult:
        """What is not given gets its default, as on AWS."""
        given = self._checked()
        schedule = self._schedule(given)
        schedule.given, schedule.modified = self._kept(given), now()
        schedule.plan(schedule.modified)
        return ActionResult({"ScheduleArn": schedule.arn})

    def _kept(self, given: dict[str, Any]) -> dict[str, Any]:
        kept = _DEFAULTS | {name: given[name] for name in _KEPT if name in given}
        if given.get("KmsKeyArn"):
            raise UnsupportedOption(self._operation, "KmsKeyArn")
        for name in ("StartDate", "EndDate"):
            if name in kept:
                kept[name] = _time(kept[name])
        window = kept["FlexibleTimeWindow"]
        if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
            raise _invalid("FlexibleTimeWindow: MaximumWindowInMinutes belongs to the mode FLEXIBLE, and to no other.")
        try:
            schedules.parse(kept["ScheduleExpression"], kept["ScheduleExpressionTimezone"])
        except schedules.InvalidExpression as error:
            raise _invalid(str(error)) from error
        kept["Target"] = self._target(kept["Target"])
        return kept

    def _target(self, target: dict[str, Any]) -> dict[str, Any]:
        extra = sorted(name for name, value in target.items() if name not in TARGET_OPTIONS and value is not None)
        if extra:
            raise UnsupportedOption(self._operation, f"Target.{extra[0]}")
        arn = target["Arn"]
        kind = targets.kind_of(arn)
        universal = tuple(arn.split(":")[-2:]) if kind == "scheduler" else None
        if kind in (None, "logs") or (universal is not None and universal not in targets.UNIVERSAL):
            reason = "there are pipelines, projects of CodeBuild, topics and queues here"
            raise UnsupportedOption(self._operation, f"Target.Arn {arn}", reason)
        _check_input(target.get("Input"), needed=kind == "scheduler", is_json=kind not in ("sns", "sqs"))
        if not trust.trusts(target["RoleArn"], SERVICE):
            text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise _invalid(text)
        return target | {"RetryPolicy": _RETRIES | (target.get("RetryPolicy") or {})}

    def get_schedule(self) -> ActionResult:
        return ActionResult(self._schedule(self._checked()).describe())

    def delete_schedule(self) -> ActionResult:
        schedule = self._schedule(self._checked())
        del self._backend.groups[schedule.group].schedules[schedule.name]
        return EmptyResult()

    def list_schedules(self) -> ActionResult:
        given = self._checked()
        prefix, state = given.get("NamePrefix") or "", given.get("State")
        groups = [self._group(given["GroupName"])] if given.get("GroupName") else self._backend.groups.values()
        found = [s for group in groups for s in group.schedules.values() if s.name.startswith(prefix)]
        shown = [
            schedule.describe() | {"Target": {"Arn": schedule.given["Target"]["Arn"]}}
            for schedule in sorted(found, key=lambda s: (s.name, s.group))
            if state in (None, schedule.given["State"])
        ]
        return self._page("Schedules", shown, given)

    def _schedule(self, given: dict[str, Any]) -> Schedule:
        schedule = self._group(given.get("GroupName")).schedules.get(given["Name"])
        if schedule is None:
            raise CloudError("ResourceNotFoundException", f"Schedule {given['Name']} does not exist.")
        return schedule

    # Groups

    def create_schedule_group(self) -> ActionResult:
        given = self._checked()
        if given["Name"] in self._backend.groups:
            raise CloudError("ConflictException", f"Schedule group {given['Name']} already exists.")
        tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags") or []}
        return ActionResult({"ScheduleGroupArn": self._backend.add_group(given["Name"], tags).arn})

    def get_schedule_group(self) -> ActionResult:
        return ActionResult(self._group(self._checked()["Name"]).describe())

    def delete_schedule_group(self) -> ActionResult:
        """With its schedules, as on AWS."""
        group = self._group(self._checked()["Name"])
        if group.name == DEFAULT_GROUP:
            raise _invalid("The default schedule group can't be deleted.")
        del self._backend.groups[group.name]
        return EmptyResult()

    def list_schedule_groups(self) -> ActionResult:
        given = self._checked()
        prefix = given.get("NamePrefix") or ""
        shown = [g.describe() for name, g in sorted(self._backend.groups.items()) if name.startswith(prefix)]
        return self._page("ScheduleGroups", shown, given)

    def _group(self, name: str | None) -> Group:
        group = self._backend.groups.get(name or DEFAULT_GROUP)
        if group is None:
            raise CloudError("ResourceNotFoundException", f"Schedule group {name} does not exist.")
        return group

    def _page(self, key: str, shown: list[Any], given: dict[str, Any]) -> ActionResult:
        found, token = page(shown, given.get("MaxResults", 100), given.get("NextToken"))
        return ActionResult({key: found, "NextToken": token})

    # Tags

    def tag_resource(self) -> ActionResult:
        group = self._tagged()
        group.tags |= {tag["Key"]: tag["Value"] for tag in self._given()["Tags"]}
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        group, keys = self._tagged(), set(self._given()["TagKeys"])
        group.tags = {name: value for name, value in group.tags.items() if name not in keys}
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"Tags": [{"Key": k, "Value": v} for k, v in self._tagged().tags.items()]})

    def _tagged(self) -> Group:
        arn = unquote(str(self._given()["ResourceArn"]))
        group = next((g for g in self._backend.groups.values() if g.arn == arn), None)
        if group is None:
            raise CloudError("ResourceNotFoundException", f"Schedule group {arn} does not exist.")
        return group


def _check_input(text: str | None, *, needed: bool, is_json: bool) -> None:
    if text is None and needed:
        raise _invalid("Target.Input must name the parameters of the operation.")
    if text is None or not is_json:
        return
    try:
        json.loads(text)
    except ValueError as error:
        raise _invalid(f"Target.Input is not valid JSON: {error}") from error


def _time(told: Any) -> datetime:
    if isinstance(told, datetime):
        return told.astimezone(UTC) if told.tzinfo is not None else told.replace(tzinfo=UTC)
    if isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    return datetime.fromisoformat(str(told)).astimezone(UTC)
