# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventBridge's operations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api import bus, constraints, schedules, trust
from golden_cloud.api.access import PARTITION
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.events import firing, pattern, targets, transform
from golden_cloud.api.events.model import DEFAULT_BUS, DISABLED, ENABLED, CloudEventsBackend, Rule, events_backends
from golden_cloud.api.service import CloudResponse

TARGET_OPTIONS = {
    *("Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer"),
    *("SqsParameters", "DeadLetterConfig", "RetryPolicy"),
}
MOST_TARGETS = 5
MOST_ENTRIES = 10
_REQUIRED = ("Source", "DetailType", "Detail")


def _invalid(text: str) -> CloudError:
    return CloudError("ValidationException", text)


class CloudEventsResponse(CloudResponse, BaseResponse):
    """Every operation of EventBridge that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="events")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudEventsBackend:
        backend: CloudEventsBackend = events_backends[self.identity.account_id][self.region]
        return backend

    @property
    def _operation(self) -> str:
        return str(self._get_action())

    def _checked(self) -> dict[str, Any]:
        given = self._given()
        constraints.check("events", self._operation, given)
        self._check_bus(given.get("EventBusName"))
        return given

    def _check_bus(self, name: str | None) -> None:
        if name not in (None, DEFAULT_BUS, self._bus_arn):
            raise CloudError("ResourceNotFoundException", f"Event bus {name} does not exist.")

    @property
    def _bus_arn(self) -> str:
        return f"arn:{PARTITION}:events:{self.region}:{self.identity.account_id}:event-bus/{DEFAULT_BUS}"

    def _rule(self, option: str = "Name") -> Rule:
        name = self._checked()[option]
        rule = self._backend.rules.get(name)
        if rule is None:
            raise CloudError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {DEFAULT_BUS}.")
        return rule

    # Rules

    def put_rule(self) -> ActionResult:
        given = self._checked()
        name, text, schedule = given["Name"], given.get("EventPattern"), given.get("ScheduleExpression")
        if not text and not schedule:
            raise _invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        state = given.get("State") or ENABLED
        if state not in (ENABLED, DISABLED):
            raise UnsupportedOption(self._operation, f"State {state}")
        if given.get("RoleArn"):
            raise UnsupportedOption(self._operation, "RoleArn", "give a role to each target that needs one")
        parsed = _parsed(text) if text else None
        if schedule:
            _check_schedule(schedule)
        known = self._backend.rules.get(name)
        if known is not None and given.get("Tags"):
            # As on AWS, where PutRule leaves the tags of an existing rule alone.
            given = given | {"Tags": None}
        arn = f"arn:{PARTITION}:events:{self.region}:{self.identity.account_id}:rule/{name}"
        rule = Rule(name, arn, text, parsed, schedule, state, given.get("Description"), _tags(given.get("Tags")))
        if known is not None:
            rule.targets, rule.tags = known.targets, known.tags
            rule.begun = known.begun if known.schedule == schedule else rule.begun
        rule.plan(firing.now())
        self._backend.rules[name] = rule
        return ActionResult({"RuleArn": arn})

    def describe_rule(self) -> ActionResult:
        return ActionResult(self._rule().describe() | {"CreatedBy": self.identity.account_id})

    def list_rules(self) -> ActionResult:
        given = self._checked()
        prefix = given.get("NamePrefix") or ""
        rules = [r.describe() for name, r in sorted(self._backend.rules.items()) if name.startswith(prefix)]
        return self._page("Rules", rules)

    def delete_rule(self) -> ActionResult:
        name = self._checked()["Name"]
        rule = self._backend.rules.get(name)
        if rule is not None and rule.targets:
            raise _invalid("Rule can't be deleted since it has targets.")
        self._backend.rules.pop(name, None)
        return EmptyResult()

    def enable_rule(self) -> ActionResult:
        return self._switch(ENABLED)

    def disable_rule(self) -> ActionResult:
        return self._switch(DISABLED)

    def _switch(self, state: str) -> ActionResult:
        rule = self._rule()
        rule.state = state
        rule.plan(firing.now())
        return EmptyResult()

    def _page(self, key: str, shown: list[Any]) -> ActionResult:
        found, token = page(shown, self._get_param("Limit") or 100, self._get_param("NextToken"))
        return ActionResult({key: found, "NextToken": token})

    # Targets

    def put_targets(self) -> ActionResult:
        rule, given = self._rule("Rule"), self._checked()["Targets"]
        for target in given:
            self._check_target(target)
        ids = set(rule.targets) | {target["Id"] for target in given}
        if len(ids) > MOST_TARGETS:
            raise CloudError("LimitExceededException", f"The requested resource exceeds the maximum of {MOST_TARGETS}.")
        rule.targets |= {target["Id"]: target for target in given}
        return ActionResult({"FailedEntryCount": 0, "FailedEntries": []})

    def _check_target(self, target: dict[str, Any]) -> None:
        extra = sorted(name for name, value in target.items() if name not in TARGET_OPTIONS and value is not None)
        if extra:
            raise UnsupportedOption(self._operation, f"Targets.{extra[0]}")
        arn, role = target["Arn"], target.get("RoleArn")
        kind = targets.kind_of(arn)
        if kind in (None, "scheduler"):
            reason = "there are pipelines, projects of CodeBuild, topics, queues and log groups here"
            raise UnsupportedOption(self._operation, f"Targets.Arn {arn}", reason)
        if kind in targets.NEED_ROLE and not role:
            raise _invalid(f"RoleArn is required for target {arn}.")
        if role and not trust.trusts(role, firing.SERVICE):
            raise _invalid(f"Provided role '{role}' cannot be assumed by principal '{firing.SERVICE}'.")
        try:
            transform.check(target)
        except transform.InvalidInput as error:
            raise _invalid(str(error)) from error

    def remove_targets(self) -> ActionResult:
        rule, ids = self._rule("Rule"), self._checked()["Ids"]
        missing = [one for one in ids if one not in rule.targets]
        rule.targets = {name: target for name, target in rule.targets.items() if name not in ids}
        text = "Target does not exist on the rule."
        failed = [{"TargetId": one, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": text} for one in missing]
        return ActionResult({"FailedEntryCount": len(failed), "FailedEntries": failed})

    def list_targets_by_rule(self) -> ActionResult:
        return self._page("Targets", list(self._rule("Rule").targets.values()))

    def list_rule_names_by_target(self) -> ActionResult:
        arn = self._checked()["TargetArn"]
        rules = self._backend.rules.values()
        return self._page("RuleNames", sorted(r.name for r in rules if arn in {t["Arn"] for t in r.targets.values()}))

    # Events

    def put_events(self) -> ActionResult:
        entries = self._given().get("Entries") or []
        if not 1 <= len(entries) <= MOST_ENTRIES:
            text = f"Member must have length from 1 to {MOST_ENTRIES}"
            raise _invalid(f"1 validation error detected: Value at 'entries' failed to satisfy constraint: {text}")
        results = [self._put_event(entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return ActionResult({"FailedEntryCount": failed, "Entries": results})

    def _put_event(self, entry: dict[str, Any]) -> dict[str, str]:
        for name in _REQUIRED:
            if not entry.get(name):
                text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": text}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        if entry["Source"].startswith("aws."):
            text = f"Not authorized for the source {entry['Source']}."
            return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": text}
        self._check_bus(entry.get("EventBusName"))
        time = entry.get("Time")
        event = bus.Event(
            self.identity.account_id,
            self.region,
            entry["Source"],
            entry["DetailType"],
            tuple(entry.get("Resources") or ()),
            detail,
            time=_time(time) if time is not None else datetime.now(UTC),
        )
        bus.publish(event)
        return {"EventId": event.id}

    def test_event_pattern(self) -> ActionResult:
        given = self._checked()
        try:
            event = json.loads(given["Event"])
        except ValueError as error:
            raise CloudError("InvalidEventPatternException", f"Parameter Event is not valid JSON: {error}") from error
        needed = ("id", "account", "source", "time", "region", "resources", "detail-type")
        missing = [name for name in needed if not isinstance(event, dict) or name not in event]
        if missing:
            raise _invalid(f"Parameter Event is not valid. Reason: it has no {missing[0]}.")
        return ActionResult({"Result": pattern.matches(_parsed(given["EventPattern"]), event)})

    def describe_event_bus(self) -> ActionResult:
        self._check_bus(self._get_param("Name"))
        return ActionResult({"Name": DEFAULT_BUS, "Arn": self._bus_arn})

    # Tags

    def tag_resource(self) -> ActionResult:
        rule = self._tagged()
        rule.tags |= _tags(self._get_param("Tags"))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        rule, keys = self._tagged(), set(self._get_param("TagKeys"))
        rule.tags = {name: value for name, value in rule.tags.items() if name not in keys}
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"Tags": [{"Key": k, "Value": v} for k, v in self._tagged().tags.items()]})

    def _tagged(self) -> Rule:
        arn = str(self._checked()["ResourceARN"])
        rule = next((r for r in self._backend.rules.values() if r.arn == arn), None)
        if rule is None:
            name = arn.rpartition("/")[2]
            raise CloudError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {DEFAULT_BUS}.")
        return rule


def _parsed(text: str) -> pattern.Pattern:
    try:
        return pattern.parse(text)
    except pattern.InvalidPattern as error:
        text = f"Event pattern is not valid. Reason: {error}"
        raise CloudError("InvalidEventPatternException", text) from error


def _check_schedule(text: str) -> None:
    try:
        expression = schedules.parse(text)
    except schedules.InvalidExpression as error:
        raise _invalid("Parameter ScheduleExpression is not valid.") from error
    if isinstance(expression, schedules.At):
        raise _invalid("Parameter ScheduleExpression is not valid.")


def _tags(given: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given or []}


def _time(told: Any) -> datetime:
    """A timestamp as clients send it."""
    if isinstance(told, datetime):
        return told.astimezone(UTC)
    if isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    return datetime.fromisoformat(str(told)).astimezone(UTC)
