# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks, and what became of their resources."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from golden_cloud.api.cloudformation.template import Template

STACK = "AWS::CloudFormation::Stack"
DELETED = "DELETE_COMPLETE"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Part:
    """A resource of a stack. ``physical`` is empty until EC2 has said what it is called."""

    name: str
    kind: str
    physical: str = ""
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    since: datetime = field(default_factory=now)


@dataclass
class Stack:
    name: str
    id: str
    body: str
    template: Template
    given: dict[str, str]
    """Parameters as they were given."""
    resolved: dict[str, str]
    """Of those that SSM was asked for, what it said."""
    tags: dict[str, str]
    on_failure: str
    token: str | None
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    created: datetime = field(default_factory=now)
    deleted: datetime | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    """The newest first."""

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    def enter(self, status: str, reason: str | None = None) -> None:
        self.status, self.reason = status, reason
        if status == DELETED:
            self.deleted = now()
        self._note(self.name, STACK, self.id, status, reason)

    def part(self, name: str, kind: str, status: str, physical: str | None = None, reason: str | None = None) -> None:
        """What a resource has become."""
        part = self.parts.setdefault(name, Part(name, kind))
        part.status, part.reason, part.since = status, reason, now()
        part.physical = part.physical if physical is None else physical
        self._note(name, kind, part.physical, status, reason)

    def _note(self, name: str, kind: str, physical: str, status: str, reason: str | None) -> None:
        event = {
            "StackId": self.id,
            "StackName": self.name,
            "EventId": str(uuid.uuid4()),
            "LogicalResourceId": name,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "Timestamp": now(),
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ClientRequestToken": self.token,
        }
        self.events.insert(0, event)

    def describe(self) -> dict[str, Any]:
        return {
            "StackId": self.id,
            "StackName": self.name,
            "Description": self.template.description,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value, "ResolvedValue": self.resolved.get(name)}
                for name, value in self.given.items()
            ],
            "CreationTime": self.created,
            "DeletionTime": self.deleted,
            "StackStatus": self.status,
            "StackStatusReason": self.reason,
            "DisableRollback": self.on_failure == "DO_NOTHING",
            "NotificationARNs": [],
            "Capabilities": [],
            "Outputs": [
                {
                    "OutputKey": name,
                    "OutputValue": value,
                    "Description": self.template.outputs[name].get("Description"),
                }
                for name, value in self.outputs.items()
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            "EnableTerminationProtection": False,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }

    def describe_part(self, part: Part) -> dict[str, Any]:
        return {
            "StackId": self.id,
            "StackName": self.name,
            "LogicalResourceId": part.name,
            "PhysicalResourceId": part.physical,
            "ResourceType": part.kind,
            "Timestamp": part.since,
            "LastUpdatedTimestamp": part.since,
            "ResourceStatus": part.status,
            "ResourceStatusReason": part.reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }


class CloudFormationBackend(BaseBackend):
    """The stacks of an account and Region, by id; of a name one that is not deleted."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.stacks: dict[str, Stack] = {}

    def find(self, name: str) -> Stack | None:
        """By its id also when it is deleted, by its name only until then."""
        if name in self.stacks:
            return self.stacks[name]
        return next((one for one in self.stacks.values() if one.name == name and one.status != DELETED), None)


cloudformation_backends: BackendDict[CloudFormationBackend] = BackendDict(CloudFormationBackend, "cloudformation")


def recover() -> None:
    """A stack that was worked on when the cloud ended stays as it was: nobody has the caller's credentials any more."""
    for _account, _region, backend in list(cloudformation_backends.iter_backends()):
        for stack in backend.stacks.values():
            if stack.busy:
                verb = "DELETE_FAILED" if stack.status == "DELETE_IN_PROGRESS" else "CREATE_FAILED"
                stack.enter(verb, "The local cloud ended meanwhile. Delete the stack.")
