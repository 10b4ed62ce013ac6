# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A world (``harness.aws_world``) in which instances can be launched as well, in memory, with all that is tagged.

``machine`` decides how instances behave: it is given the request of a launch and gives the states that the instance is found in,
one after the other; the last one stays.
"""

from __future__ import annotations

import collections.abc as c
from dataclasses import dataclass, field

import botocore.client
import pytest
from harness.aws_world import Resource, Where, World, error

RUNNING = ("pending", "running")


@dataclass
class Instance:
    request: Resource
    states: list[str]
    tags: list[Resource] = field(default_factory=list)

    def state(self) -> str:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class InstanceWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.instances: dict[str, Instance] = {}
        self.groups: dict[str, Resource] = {}
        self.key_pairs: dict[str, Resource] = {}
        self.machine: c.Callable[[Resource], c.Sequence[str]] = lambda _request: RUNNING
        # Why an instance type cannot be launched.
        self.lacking: dict[str, str] = {}
        self.types = {"t3.small": ["x86_64"], "m7i.large": ["x86_64"], "t4g.small": ["arm64"]}

    def left(self) -> list[str]:
        """The ids of what is still there."""
        running = [name for name, one in self.instances.items() if one.states[-1] != "terminated"]
        return [*running, *self.groups, *self.key_pairs]

    def _DescribeInstanceTypes(self, _where: Where, request: Resource) -> Resource:
        if any(name not in self.types for name in request["InstanceTypes"]):
            raise error("InvalidInstanceType", "DescribeInstanceTypes")
        return {
            "InstanceTypes": [
                {"InstanceType": name, "ProcessorInfo": {"SupportedArchitectures": self.types[name]}}
                for name in request["InstanceTypes"]
            ]
        }

    def _DescribeSubnets(self, _where: Where, request: Resource) -> Resource:
        return {"Subnets": [{"SubnetId": name, "VpcId": f"vpc-{name[-1]}"} for name in request["SubnetIds"]]}

    def _ImportKeyPair(self, _where: Where, request: Resource) -> Resource:
        name = request["KeyName"]
        pair = {"KeyName": name, "KeyPairId": f"key-{name}", "Tags": request["TagSpecifications"][0]["Tags"]}
        self.key_pairs[pair["KeyPairId"]] = pair
        return pair

    def _DescribeKeyPairs(self, _where: Where, request: Resource) -> Resource:
        names = {"key-pair-id": "KeyPairId", "key-name": "KeyName"}
        return {"KeyPairs": [one for one in self.key_pairs.values() if self._passes(one, request["Filters"], names)]}

    def _DeleteKeyPair(self, _where: Where, request: Resource) -> Resource:
        self.key_pairs = {name: one for name, one in self.key_pairs.items() if one["KeyName"] != request["KeyName"]}
        return {}

    def _CreateSecurityGroup(self, _where: Where, request: Resource) -> Resource:
        name = f"sg-{len(self.groups):08x}"
        self.groups[name] = {**request, "GroupId": name, "Tags": request["TagSpecifications"][0]["Tags"]}
        return {"GroupId": name}

    def _AuthorizeSecurityGroupIngress(self, _where: Where, request: Resource) -> Resource:
        self.groups[request["GroupId"]]["Ingress"] = request["IpPermissions"]
        return {}

    def _DescribeSecurityGroups(self, _where: Where, request: Resource) -> Resource:
        names = {"group-id": "GroupId", "group-name": "GroupName"}
        return {"SecurityGroups": [one for one in self.groups.values() if self._passes(one, request["Filters"], names)]}

    def _DeleteSecurityGroup(self, _where: Where, request: Resource) -> Resource:
        if any(one.states[-1] != "terminated" for one in self.instances.values()):
            raise error("DependencyViolation", "DeleteSecurityGroup")
        self.groups.pop(request["GroupId"])
        return {}

    def _RunInstances(self, _where: Where, request: Resource) -> Resource:
        code = self.lacking.get(request["InstanceType"])
        if code:
            raise error(code, "RunInstances")
        name = f"i-{len(self.instances):017x}"
        self.instances[name] = Instance(request, list(self.machine(request)), request["TagSpecifications"][0]["Tags"])
        return {"Instances": [{"InstanceId": name, "State": {"Name": "pending"}}]}

    def _DescribeInstances(self, _where: Where, request: Resource) -> Resource:
        (wanted,) = [one["Values"] for one in request["Filters"] if one["Name"] == "instance-id"]
        found = [
            {
                "InstanceId": name,
                "State": {"Name": one.state()},
                "StateReason": {"Message": "says the test"},
                "PublicIpAddress": "192.0.2.7",
                "PrivateIpAddress": "10.0.0.7",
                "KeyName": one.request["KeyName"],
                "SecurityGroups": [],
                "Tags": one.tags,
            }
            for name, one in self.instances.items()
            if name in wanted
        ]
        return {"Reservations": [{"Instances": found}]}

    def _RebootInstances(self, _where: Where, _request: Resource) -> Resource:
        return {}

    def _TerminateInstances(self, _where: Where, request: Resource) -> Resource:
        for name in request["InstanceIds"]:
            self.instances[name].states = ["terminated"]
        return {}

    def _DescribeTags(self, _where: Where, request: Resource) -> Resource:
        (run,) = next(one["Values"] for one in request["Filters"] if one["Name"] == "value")
        kinds: dict[str, dict[str, list[Resource]]] = {
            "instance": {name: one.tags for name, one in self.instances.items()},
            "security-group": {name: one["Tags"] for name, one in self.groups.items()},
            "key-pair": {name: one["Tags"] for name, one in self.key_pairs.items()},
        }
        return {
            "Tags": [
                {"ResourceType": kind, "ResourceId": name, "Key": "golden:run", "Value": run}
                for kind, some in kinds.items()
                for name, tags in some.items()
                if {"Key": "golden:run", "Value": run} in tags
            ]
        }

    def _PutParameter(self, where: Where, request: Resource) -> Resource:
        self.parameters.setdefault(where, {})[request["Name"]] = request["Value"]
        return {"Version": 1}

    def _GetParametersByPath(self, where: Where, request: Resource) -> Resource:
        below = self.parameters.get(where, {})
        return {
            "Parameters": [
                {"Name": name, "Value": value} for name, value in below.items() if name.startswith(request["Path"])
            ]
        }


def install(monkeypatch: pytest.MonkeyPatch) -> InstanceWorld:
    """An empty world in place of AWS."""
    made = InstanceWorld()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made
