# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What acts for a pipeline: roles, the topic, rules, schedules. Each reads what is there, and makes it as it is to be."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from .._ami.calls import AmiError, Client, Resource, _call
from .new_roles import once_the_role_is_known
from .resources_plan import Thing

_POLICY = "golden-pipeline"
_TARGET = "golden-pipeline"


def _trust(service: str) -> str:
    principal = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [principal]})


def _policy(statements: list[Resource]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _document(value: t.Any) -> Resource:
    """boto3 has decoded IAM's documents; a text is one of another service."""
    document: Resource = json.loads(value) if isinstance(value, str) else value
    return document


class Roles:
    """A role of one service with one policy of its own."""

    def __init__(self, iam: Client) -> None:
        self._iam = iam

    @_call("read the role {name}")
    def read(self, name: str) -> Thing | None:
        try:
            role: Resource = self._iam.get_role(RoleName=name)["Role"]
        except is_boto3_error_code("NoSuchEntity"):
            return None
        state = {"trust": _document(role["AssumeRolePolicyDocument"]), "statements": self._statements(name)}
        return Thing("role", name, state, boto3_tag_list_to_ansible_dict(role.get("Tags", [])))

    def _statements(self, name: str) -> list[Resource]:
        try:
            told = self._iam.get_role_policy(RoleName=name, PolicyName=_POLICY)["PolicyDocument"]
        except is_boto3_error_code("NoSuchEntity"):
            return []
        statements: list[Resource] = _document(told)["Statement"]
        return statements

    @staticmethod
    def wanted(option: Resource) -> Resource:
        return {"trust": json.loads(_trust(option["service"])), "statements": option["statements"]}

    @_call("create the role {thing.name}")
    def create(self, thing: Thing) -> None:
        trust = json.dumps(thing.state["trust"])
        tags = ansible_dict_to_boto3_tag_list(thing.tags)
        self._iam.create_role(RoleName=thing.name, AssumeRolePolicyDocument=trust, Tags=tags)
        self._put(thing)

    @_call("update the role {after.name}")
    def update(self, before: Thing, after: Thing) -> None:
        if before.state["trust"] != after.state["trust"]:
            self._iam.update_assume_role_policy(RoleName=after.name, PolicyDocument=json.dumps(after.state["trust"]))
        if before.state["statements"] != after.state["statements"]:
            self._put(after)
        if before.tags != after.tags:
            self._iam.tag_role(RoleName=after.name, Tags=ansible_dict_to_boto3_tag_list(after.tags))

    def _put(self, thing: Thing) -> None:
        document = _policy(thing.state["statements"])
        self._iam.put_role_policy(RoleName=thing.name, PolicyName=_POLICY, PolicyDocument=document)

    @_call("delete the role {thing.name}")
    def delete(self, thing: Thing) -> None:
        if thing.state["statements"]:
            self._iam.delete_role_policy(RoleName=thing.name, PolicyName=_POLICY)
        self._iam.delete_role(RoleName=thing.name)


class Topics:
    """The topic of notifications, known by its ARN. Subscribers that others have added stay."""

    def __init__(self, sns: Client) -> None:
        self._sns = sns

    @_call("read the topic {name}")
    def read(self, name: str) -> Thing | None:
        try:
            told = self._sns.get_topic_attributes(TopicArn=name)["Attributes"]
        except is_boto3_error_code("NotFound"):
            return None
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=name)
        listed = [one for page in pages for one in page["Subscriptions"]]
        state = {
            "statements": _document(told.get("Policy") or '{"Statement": []}')["Statement"],
            "subscriptions": sorted([one["Protocol"], one["Endpoint"]] for one in listed),
        }
        tags = self._sns.list_tags_for_resource(ResourceArn=name)["Tags"]
        return Thing("topic", name, state, boto3_tag_list_to_ansible_dict(tags))

    @staticmethod
    def wanted(arn: str, rules: list[str], subscriptions: list[Resource], found: Thing | None) -> Resource:
        """EventBridge needs the topic's own word to publish; roles of the account do not."""
        publish = {
            "Sid": "Rules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        }
        before = found.state["subscriptions"] if found else []
        asked = [[one["protocol"], one["endpoint"]] for one in subscriptions]
        return {
            "statements": [publish],
            "subscriptions": sorted([*before, *(one for one in asked if one not in before)]),
        }

    @_call("create the topic {thing.name}")
    def create(self, thing: Thing) -> None:
        name = thing.name.rpartition(":")[2]
        self._sns.create_topic(
            Name=name,
            Attributes={"Policy": _policy(thing.state["statements"])},
            Tags=ansible_dict_to_boto3_tag_list(thing.tags),
        )
        self._subscribe(thing, [])

    @_call("update the topic {after.name}")
    def update(self, before: Thing, after: Thing) -> None:
        if before.state["statements"] != after.state["statements"]:
            policy = _policy(after.state["statements"])
            self._sns.set_topic_attributes(TopicArn=after.name, AttributeName="Policy", AttributeValue=policy)
        if before.tags != after.tags:
            self._sns.tag_resource(ResourceArn=after.name, Tags=ansible_dict_to_boto3_tag_list(after.tags))
        self._subscribe(after, before.state["subscriptions"])

    def _subscribe(self, thing: Thing, before: list[list[str]]) -> None:
        for protocol, endpoint in thing.state["subscriptions"]:
            if [protocol, endpoint] not in before:
                self._sns.subscribe(TopicArn=thing.name, Protocol=protocol, Endpoint=endpoint)

    @_call("delete the topic {thing.name}")
    def delete(self, thing: Thing) -> None:
        self._sns.delete_topic(TopicArn=thing.name)


class Rules:
    """An EventBridge rule with one target."""

    def __init__(self, events: Client, arn: t.Callable[[str], str]) -> None:
        self._events = events
        self._arn = arn

    @_call("read the rule {name}")
    def read(self, name: str) -> Thing | None:
        try:
            rule: Resource = self._events.describe_rule(Name=name)
        except is_boto3_error_code("ResourceNotFoundException"):
            return None
        targets = self._events.list_targets_by_rule(Rule=name)["Targets"]
        state = {
            "description": rule.get("Description", ""),
            "pattern": json.loads(rule.get("EventPattern", "{}")),
            "enabled": rule.get("State") == "ENABLED",
            "targets": {one["Id"]: {key: value for key, value in one.items() if key != "Id"} for one in targets},
        }
        tags = self._events.list_tags_for_resource(ResourceARN=self._arn(name))["Tags"]
        return Thing("rule", name, state, boto3_tag_list_to_ansible_dict(tags))

    @staticmethod
    def wanted(option: Resource) -> Resource:
        return {
            "description": option["description"],
            "pattern": option["pattern"],
            "enabled": True,
            "targets": {_TARGET: option["target"]},
        }

    @_call("create the rule {thing.name}")
    def create(self, thing: Thing) -> None:
        self._put(thing, Tags=ansible_dict_to_boto3_tag_list(thing.tags))

    @_call("update the rule {after.name}")
    def update(self, before: Thing, after: Thing) -> None:
        self._put(after)
        strange = [name for name in before.state["targets"] if name not in after.state["targets"]]
        if strange:
            self._events.remove_targets(Rule=after.name, Ids=strange)
        if before.tags != after.tags:
            tags = ansible_dict_to_boto3_tag_list(after.tags)
            self._events.tag_resource(ResourceARN=self._arn(after.name), Tags=tags)

    def _put(self, thing: Thing, **tags: t.Any) -> None:
        state = thing.state
        pattern = json.dumps(state["pattern"])
        self._events.put_rule(
            Name=thing.name, Description=state["description"], EventPattern=pattern, State="ENABLED", **tags
        )
        targets = [{"Id": name, **target} for name, target in state["targets"].items()]
        answer = self._events.put_targets(Rule=thing.name, Targets=targets)
        # It answers 200, and says there what it has not taken.
        if answer.get("FailedEntryCount"):
            failed = "; ".join(str(entry.get("ErrorMessage")) for entry in answer["FailedEntries"])
            raise AmiError(f"EventBridge does not take the target of the rule {thing.name}: {failed}")

    @_call("delete the rule {thing.name}")
    def delete(self, thing: Thing) -> None:
        if thing.state["targets"]:
            self._events.remove_targets(Rule=thing.name, Ids=list(thing.state["targets"]))
        self._events.delete_rule(Name=thing.name)


class Schedules:
    """A schedule in a group of its own: the group has the tags, which schedules themselves have not."""

    def __init__(self, scheduler: Client, arn: t.Callable[[str], str]) -> None:
        self._scheduler = scheduler
        self._arn = arn

    @_call("read the schedule {name}")
    def read(self, name: str) -> Thing | None:
        try:
            self._scheduler.get_schedule_group(Name=name)
        except is_boto3_error_code("ResourceNotFoundException"):
            return None
        tags = self._scheduler.list_tags_for_resource(ResourceArn=self._arn(name))["Tags"]
        return Thing("schedule", name, self._state(name), boto3_tag_list_to_ansible_dict(tags))

    def _state(self, name: str) -> Resource:
        try:
            told: Resource = self._scheduler.get_schedule(GroupName=name, Name=name)
        except is_boto3_error_code("ResourceNotFoundException"):
            return {}
        target = {key: told["Target"].get(key) for key in ("Arn", "RoleArn")}
        zone = told.get("ScheduleExpressionTimezone", "UTC")
        return {"expression": told["ScheduleExpression"], "time_zone": zone, "target": target}

    @_call("create the schedule {thing.name}")
    def create(self, thing: Thing) -> None:
        self._scheduler.create_schedule_group(Name=thing.name, Tags=ansible_dict_to_boto3_tag_list(thing.tags))
        self._put(thing, self._scheduler.create_schedule)

    @_call("update the schedule {after.name}")
    def update(self, before: Thing, after: Thing) -> None:
        if before.tags != after.tags:
            tags = ansible_dict_to_boto3_tag_list(after.tags)
            self._scheduler.tag_resource(ResourceArn=self._arn(after.name), Tags=tags)
        write = self._scheduler.update_schedule if before.state else self._scheduler.create_schedule
        self._put(after, write)

    def _put(self, thing: Thing, write: t.Callable[..., Resource]) -> None:
        request = {
            "GroupName": thing.name,
            "Name": thing.name,
            "ScheduleExpression": thing.state["expression"],
            "ScheduleExpressionTimezone": thing.state["time_zone"],
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": thing.state["target"],
        }
        once_the_role_is_known(lambda: write(**request), "ValidationException", "assume the role")

    @_call("delete the schedule {thing.name}")
    def delete(self, thing: Thing) -> None:
        self._scheduler.delete_schedule_group(Name=thing.name)
