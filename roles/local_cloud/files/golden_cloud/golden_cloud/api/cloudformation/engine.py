# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes stacks and takes them away, by calls of EC2's API with the credentials of whom the stack is for.

So an instance of a stack is launched as any other, its call is recorded, and policies and faults apply to it.
"""

from __future__ import annotations

import base64
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.ec2.models import ec2_backends

from golden_cloud.api import inside, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.cloudformation.model import DELETED, CloudFormationBackend, Stack
from golden_cloud.api.cloudformation.template import INSTANCE, TEMPLATE, Resource, Scope, as_text, resolve
from golden_cloud.api.inside import Credentials

# What a template makes of itself whose functions or properties have another form than they should.
_MISTAKES = (AttributeError, KeyError, TypeError, ValueError)
_GONE = ("InvalidInstanceID.NotFound", "InvalidLaunchTemplateId.NotFound")


class _Failed(Exception):
    """A resource could not be made or taken away; the text says why."""


class Work:
    """The work on one stack, on behalf of whom the credentials are."""

    def __init__(self, backend: CloudFormationBackend, stack: Stack, credentials: Credentials) -> None:
        self._cloud = runtime.current()
        self._account, self._region = backend.account_id, backend.region_name
        self._stack = stack
        self._ec2 = inside.client("ec2", self._region, credentials)

    # Making

    def create(self) -> None:
        stack, scope = self._stack, self._scope()
        for resource in stack.template.resources:
            try:
                self._make(resource, scope)
            except _Failed as error:
                self._note(resource, "CREATE_FAILED", reason=str(error))
                self._undo(f"The following resource(s) failed to create: [{resource.name}].")
                return
        try:
            outputs = {name: as_text(resolve(one.get("Value"), scope)) for name, one in stack.template.outputs.items()}
        except _MISTAKES as error:
            self._undo(f"The outputs can't be resolved: {error!r}.")
            return
        with self._cloud.changing():
            stack.outputs = outputs
            stack.enter("CREATE_COMPLETE")

    def _scope(self) -> Scope:
        stack = self._stack
        own = {
            "AWS::AccountId": self._account,
            "AWS::Partition": PARTITION,
            "AWS::Region": self._region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        return Scope({**own, **stack.given, **stack.resolved})

    def _make(self, resource: Resource, scope: Scope) -> None:
        self._note(resource, "CREATE_IN_PROGRESS")
        make = {TEMPLATE: self._make_template, INSTANCE: self._make_instance}[resource.kind]
        try:
            physical, attributes = make(resource, resolve(resource.properties, scope))
        except (ClientError, BotoCoreError, *_MISTAKES) as error:
            raise _Failed(f'Resource handler returned message: "{error}"') from error
        scope.values[resource.name], scope.attributes[resource.name] = physical, attributes
        self._note(resource, "CREATE_COMPLETE", physical)

    def _make_template(self, resource: Resource, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        request = {name: value for name, value in properties.items() if name != "TagSpecifications"}
        request.setdefault("LaunchTemplateName", self._physical_name(resource))
        own = {"launch-template": dict(self._stack.tags)}
        for one in properties.get("TagSpecifications") or []:
            own.setdefault(one["ResourceType"], {}).update({tag["Key"]: tag["Value"] for tag in one["Tags"]})
        tags = [{"ResourceType": kind, "Tags": _listed(some)} for kind, some in own.items() if some]
        data = _typed(request.pop("LaunchTemplateData"))
        made = self._ec2.create_launch_template(
            LaunchTemplateData=data, **request, **({"TagSpecifications": tags} if tags else {})
        )["LaunchTemplate"]
        physical = str(made["LaunchTemplateId"])
        self._mark(resource, physical)
        return physical, {
            "LaunchTemplateId": physical,
            "DefaultVersionNumber": str(made["DefaultVersionNumber"]),
            "LatestVersionNumber": str(made["LatestVersionNumber"]),
        }

    def _make_instance(self, resource: Resource, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        request = _typed({name: value for name, value in properties.items() if name not in _OTHERWISE})
        if "UserData" in request:
            # The client encodes it.
            request["UserData"] = base64.b64decode(request["UserData"], validate=True)
        if properties.get("IamInstanceProfile"):
            request["IamInstanceProfile"] = {"Name": properties["IamInstanceProfile"]}
        if "Monitoring" in properties:
            request["Monitoring"] = {"Enabled": _flag(properties["Monitoring"])}
        if properties.get("AvailabilityZone"):
            request["Placement"] = {"AvailabilityZone": properties["AvailabilityZone"]}
        if properties.get("LaunchTemplate"):
            request["LaunchTemplate"] = {k: str(v) for k, v in properties["LaunchTemplate"].items()}
        tags = {**self._stack.tags, **{tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}}
        if tags:
            request["TagSpecifications"] = [{"ResourceType": "instance", "Tags": _listed(tags)}]
        (made,) = self._ec2.run_instances(MinCount=1, MaxCount=1, **request)["Instances"]
        physical = str(made["InstanceId"])
        self._mark(resource, physical)
        self._note(resource, "CREATE_IN_PROGRESS", physical, "Resource creation Initiated")
        self._until(physical, "pending")
        told = self._described(physical)
        if told["State"]["Name"] != "running":
            why = told.get("StateReason", {}).get("Message") or f"it is {told['State']['Name']}"
            raise _Failed(f'Resource handler returned message: "{physical} did not start: {why}"')
        return physical, {
            "AvailabilityZone": told["Placement"]["AvailabilityZone"],
            "InstanceId": physical,
            "PrivateDnsName": told.get("PrivateDnsName", ""),
            "PrivateIp": told.get("PrivateIpAddress", ""),
            "PublicDnsName": told.get("PublicDnsName", ""),
            "PublicIp": told.get("PublicIpAddress", ""),
            "VpcId": told.get("VpcId", ""),
        }

    def _physical_name(self, resource: Resource) -> str:
        """As AWS makes one: of stack, resource, and something of its own."""
        return f"{self._stack.name}-{resource.name}-{self._stack.id.rpartition('/')[2][:12]}"

    def _described(self, instance_id: str) -> dict[str, Any]:
        (reservation,) = self._ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        return dict(reservation["Instances"][0])

    def _until(self, instance_id: str, state: str) -> None:
        """Wait while the instance is in the state; the cloud's end is told by who takes up its stacks."""
        backend = ec2_backends[self._account][self._region]

        def unsettled() -> bool:
            return any(one.id == instance_id and one.state == state for one in backend.all_machine_instances())

        while True:
            with self._cloud.lock:
                self._cloud.wait_while(unsettled)
                if self._cloud.closing or not unsettled():
                    return

    def _mark(self, resource: Resource, physical: str) -> None:
        """AWS's own tags, which no caller may write."""
        tags = {
            "aws:cloudformation:stack-name": self._stack.name,
            "aws:cloudformation:stack-id": self._stack.id,
            "aws:cloudformation:logical-id": resource.name,
        }
        with self._cloud.changing():
            self._stack.parts[resource.name].physical = physical
            ec2_backends[self._account][self._region].create_tags([physical], tags)

    def _note(self, resource: Resource, status: str, physical: str | None = None, reason: str | None = None) -> None:
        with self._cloud.changing():
            self._stack.part(resource.name, resource.kind, status, physical, reason)

    # Taking away

    def _undo(self, reason: str) -> None:
        stack = self._stack
        if stack.on_failure == "DO_NOTHING":
            with self._cloud.changing():
                stack.enter("CREATE_FAILED", reason)
            return
        began, ended = ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
        if stack.on_failure == "DELETE":
            began, ended = "DELETE_IN_PROGRESS", DELETED
        with self._cloud.changing():
            stack.enter(began, f"{reason} {began.partition('_')[0].capitalize()} requested by user.")
        self._take_away(ended, ended.replace("COMPLETE", "FAILED"))

    def delete(self) -> None:
        self._take_away(DELETED, "DELETE_FAILED")

    def _take_away(self, done: str, failed: str) -> None:
        left = []
        for resource in reversed(self._stack.template.resources):
            part = self._stack.parts.get(resource.name)
            if part is None or part.status == DELETED:
                continue
            self._note(resource, "DELETE_IN_PROGRESS")
            try:
                if part.physical:
                    self._remove(resource.kind, part.physical)
            except (ClientError, BotoCoreError) as error:
                left.append(resource.name)
                self._note(resource, "DELETE_FAILED", reason=f'Resource handler returned message: "{error}"')
            else:
                self._note(resource, DELETED)
        with self._cloud.changing():
            names = ", ".join(left)
            self._stack.enter(
                failed if left else done, f"The following resource(s) failed to delete: [{names}]." if left else None
            )

    def _remove(self, kind: str, physical: str) -> None:
        try:
            if kind == TEMPLATE:
                self._ec2.delete_launch_template(LaunchTemplateId=physical)
            else:
                self._ec2.terminate_instances(InstanceIds=[physical])
                self._until(physical, "shutting-down")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _GONE:
                raise


_OTHERWISE = {"AvailabilityZone", "IamInstanceProfile", "LaunchTemplate", "Monitoring", "Tags"}
_FLAGS = {
    "AssociatePublicIpAddress",
    "DeleteOnTermination",
    "DisableApiStop",
    "DisableApiTermination",
    "EbsOptimized",
    "Enabled",
    "Encrypted",
}
_NUMBERS = {"DeviceIndex", "HttpPutResponseHopLimit", "Iops", "Throughput", "VolumeSize"}


def _typed(value: Any, name: str = "") -> Any:
    """Parameters are strings, and CloudFormation makes of them what the API takes."""
    if isinstance(value, dict):
        return {key: _typed(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_typed(one, name) for one in value]
    if name in _FLAGS:
        return _flag(value)
    return int(value) if name in _NUMBERS else value


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]
