# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of EventBridge, its Scheduler, SNS and SQS ask for."""

from __future__ import annotations

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import Ask, first, parameter, pass_role
from golden_cloud.api.policies.asked.table import table

DEFAULT = "default"


def _rule(parameter_name: str) -> str:
    return f"rule/{{{parameter_name}|rule}}"


def _on_bus(call: Call, rule: str) -> str:
    """A rule of another bus than the default one has that one's name in front."""
    bus = (first(call, "EventBusName") or DEFAULT).rpartition("/")[2]
    return rule if bus == DEFAULT else f"{bus}/{rule}"


def _bus(_call: Call, name: str) -> str:
    return name if name.startswith("arn:") else f"event-bus/{name or DEFAULT}"


def _passes_rule_role(call: Call) -> list[Ask]:
    return [pass_role(role, "events.amazonaws.com") for role in parameter(call, "RoleArn")]


def _passes_target_roles(call: Call) -> list[Ask]:
    return [pass_role(role, "events.amazonaws.com") for role in dict.fromkeys(parameter(call, "Targets.RoleArn"))]


def _puts_events(call: Call) -> list[Ask]:
    """The bus of each entry; the default one where none is named."""
    entries = [one for one in call.parameters.get("Entries") or [] if isinstance(one, dict)]
    buses = dict.fromkeys(_bus(call, str(one.get("EventBusName") or "")) for one in entries)
    prefix = f"arn:aws:events:{call.region}:{call.account}:"
    return [Ask("events:PutEvents", bus if bus.startswith("arn:") else prefix + bus) for bus in buses]


EVENTS = table(
    "events",
    f"""
    * ListRules ListRuleNamesByTarget ListEventBuses TestEventPattern
    PutRule {_rule("Name")} +TagResource?Tags
    DeleteRule {_rule("Name")}
    DescribeRule {_rule("Name")}
    EnableRule {_rule("Name")}
    DisableRule {_rule("Name")}
    PutTargets {_rule("Rule")}
    RemoveTargets {_rule("Rule")}
    ListTargetsByRule {_rule("Rule")}
    DescribeEventBus {{Name|bus}}
    CreateEventBus {{Name|bus}}
    DeleteEventBus {{Name|bus}}
    TagResource {{ResourceARN}}
    UntagResource {{ResourceARN}}
    ListTagsForResource {{ResourceARN}}
    """,
    ways={"rule": _on_bus, "bus": _bus},
    more={"PutRule": _passes_rule_role, "PutTargets": _passes_target_roles},
)

WHOLLY = {"PutEvents": _puts_events}
"""Operations without a line: the resources depend on more than one parameter."""


def _in_group(call: Call, name: str) -> str:
    return f"{first(call, 'GroupName') or DEFAULT}/{name}"


def _passes_schedule_role(call: Call) -> list[Ask]:
    return [pass_role(role, "scheduler.amazonaws.com") for role in parameter(call, "Target.RoleArn")]


SCHEDULER = table(
    "scheduler",
    """
    * ListSchedules ListScheduleGroups
    CreateSchedule schedule/{Name|schedule}
    GetSchedule schedule/{Name|schedule}
    UpdateSchedule schedule/{Name|schedule}
    DeleteSchedule schedule/{Name|schedule}
    CreateScheduleGroup schedule-group/{Name} +TagResource?Tags
    GetScheduleGroup schedule-group/{Name}
    DeleteScheduleGroup schedule-group/{Name}
    TagResource {ResourceArn}
    UntagResource {ResourceArn}
    ListTagsForResource {ResourceArn}
    """,
    ways={"schedule": _in_group},
    more={"CreateSchedule": _passes_schedule_role, "UpdateSchedule": _passes_schedule_role},
)

SNS = table(
    "sns",
    """
    * ListTopics ListSubscriptions Unsubscribe GetSubscriptionAttributes SetSubscriptionAttributes
    CreateTopic {Name} +TagResource?Tags
    DeleteTopic {TopicArn}
    GetTopicAttributes {TopicArn}
    SetTopicAttributes {TopicArn}
    Publish {TopicArn|target}
    PublishBatch=Publish {TopicArn}
    Subscribe {TopicArn}
    ConfirmSubscription {TopicArn}
    ListSubscriptionsByTopic {TopicArn}
    AddPermission {TopicArn}
    RemovePermission {TopicArn}
    TagResource {ResourceArn}
    UntagResource {ResourceArn}
    ListTagsForResource {ResourceArn}
    """,
    ways={"target": lambda call, topic: topic or first(call, "TargetArn") or "*"},
)


def _queue(call: Call, url: str) -> str:
    """ARN of the queue behind a URL, which ends in ACCOUNT/NAME."""
    account, _slash, name = "/".join(url.rstrip("/").split("/")[-2:]).partition("/")
    return f"arn:aws:sqs:{call.region}:{account or call.account}:{name or '*'}"


SQS = table(
    "sqs",
    """
    * ListQueues
    CreateQueue {QueueName} +TagQueue?tags
    GetQueueUrl {QueueName}
    DeleteQueue {QueueUrl|queue}
    GetQueueAttributes {QueueUrl|queue}
    SetQueueAttributes {QueueUrl|queue}
    PurgeQueue {QueueUrl|queue}
    SendMessage {QueueUrl|queue}
    SendMessageBatch=SendMessage {QueueUrl|queue}
    ReceiveMessage {QueueUrl|queue}
    DeleteMessage {QueueUrl|queue}
    DeleteMessageBatch=DeleteMessage {QueueUrl|queue}
    ChangeMessageVisibility {QueueUrl|queue}
    ChangeMessageVisibilityBatch=ChangeMessageVisibility {QueueUrl|queue}
    TagQueue {QueueUrl|queue}
    UntagQueue {QueueUrl|queue}
    ListQueueTags {QueueUrl|queue}
    AddPermission {QueueUrl|queue}
    RemovePermission {QueueUrl|queue}
    """,
    ways={"queue": _queue},
)
