# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world of channels (``harness.channel_world``) with launch templates, instances, a target group and an Auto Scaling group.

Time passes when somebody pauses, and not otherwise.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import types
import typing as t
from dataclasses import dataclass, field

import botocore.client
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import leftovers, moving
from ansible_collections.golden.ami.plugins.module_utils._deploy import asking
from ansible_collections.golden.ami.plugins.module_utils._deploy.health import Reply, Url
from ansible_collections.golden.ami.plugins.module_utils._testing import ready
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Commands
from harness.channel_world import HOME, OTHER, REGION, Request, Where, World, error

TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{HOME}:targetgroup/web/0123456789abcdef"


@dataclass
class Template:
    name: str
    versions: dict[int, Request]
    default: int = 1
    last: int = 1

    @property
    def id(self) -> str:
        return f"lt-{self.name}"

    @property
    def image_id(self) -> str:
        return str(self.versions[self.default]["ImageId"])

    def described(self) -> Request:
        return {
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "DefaultVersionNumber": self.default,
            "LatestVersionNumber": max(self.versions),
        }

    def version(self, wanted: str) -> Request:
        number = self.default if wanted == "$Default" else int(wanted)
        return {
            "LaunchTemplateId": self.id,
            "VersionNumber": number,
            "DefaultVersion": number == self.default,
            "LaunchTemplateData": self.versions[number],
        }


@dataclass
class Scaling:
    """C(script) has the statuses of a refresh, one for each look; the last stays. C(after_rollback) is what they are then."""

    name: str
    template: str
    version: str = "1"
    instances: list[str] = field(default_factory=lambda: ["i-00000000000000001"])
    script: list[str] = field(default_factory=lambda: ["InProgress", "Successful"])
    after_rollback: list[str] = field(default_factory=lambda: ["RollbackInProgress", "RollbackSuccessful"])
    started: list[Request] = field(default_factory=list)
    # What is told of the newest refreshes, without asking for one.
    listed: list[Request] = field(default_factory=list)
    mixed: bool = False


class DeployWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self.templates: dict[Where, dict[str, Template]] = {}
        self.instances: dict[str, Request] = {}
        self.console = "boot\r\n[FAILED] Failed to start web.service\n"
        self.statuses: c.Callable[[], str] = lambda: "ok"
        self.replies: c.Callable[[str], Reply] = lambda _asked: Reply(200, "Welcome")
        self.asked: list[tuple[str, Url]] = []
        self.targets: list[str] = []
        self.target_type = "instance"
        self.target_health: Request = {"State": "healthy"}
        self.scaling: Scaling | None = None
        self.state = "running"

    def template(self, where: Where, name: str, image_id: str, **more: t.Any) -> Template:
        made = Template(name, {1: {"ImageId": image_id, "InstanceType": "t3.small", **more}})
        self.templates.setdefault(where, {})[name] = made
        return made

    def running(self) -> list[str]:
        return [name for name, one in self.instances.items() if one["State"]["Name"] != "terminated"]

    def fetch(self, asked: str, wanted: Url) -> Reply:
        self.asked.append((asked, wanted))
        return self.replies(asked)

    def _template(self, where: Where, request: Request) -> Template:
        return next(one for one in self.templates[where].values() if one.id == request["LaunchTemplateId"])

    # Launch templates

    def _DescribeLaunchTemplates(self, where: Where, request: Request) -> t.Any:
        (names,) = [one["Values"] for one in request["Filters"] if one["Name"] == "launch-template-name"]
        found = [one for one in self.templates.get(where, {}).values() if one.name in names]
        return {"LaunchTemplates": [one.described() for one in found]}

    def _DescribeLaunchTemplateVersions(self, where: Where, request: Request) -> t.Any:
        template = self._template(where, request)
        return {"LaunchTemplateVersions": [template.version(one) for one in request["Versions"]]}

    def _CreateLaunchTemplate(self, where: Where, request: Request) -> t.Any:
        made = Template(request["LaunchTemplateName"], {1: request["LaunchTemplateData"]})
        self.templates.setdefault(where, {})[made.name] = made
        return {"LaunchTemplate": made.described()}

    def _CreateLaunchTemplateVersion(self, where: Where, request: Request) -> t.Any:
        template = self._template(where, request)
        template.last += 1
        source = template.versions[int(request["SourceVersion"])]
        template.versions[template.last] = {**source, **request["LaunchTemplateData"]}
        return {"LaunchTemplateVersion": template.version(str(template.last))}

    def _ModifyLaunchTemplate(self, where: Where, request: Request) -> t.Any:
        template = self._template(where, request)
        template.default = int(request["DefaultVersion"])
        return {"LaunchTemplate": template.described()}

    def _DeleteLaunchTemplate(self, where: Where, request: Request) -> t.Any:
        del self.templates[where][self._template(where, request).name]
        return {}

    def _DeleteLaunchTemplateVersions(self, where: Where, request: Request) -> t.Any:
        template = self._template(where, request)
        (number,) = map(int, request["Versions"])
        if number == template.default:
            refusal = {
                "VersionNumber": number,
                "ResponseError": {"Code": "unexpectedError", "Message": "it is the default"},
            }
            return {"UnsuccessfullyDeletedLaunchTemplateVersions": [refusal]}
        del template.versions[number]
        return {"SuccessfullyDeletedLaunchTemplateVersions": [{"VersionNumber": number}]}

    # Instances

    def _DescribeInstanceTypes(self, _where: Where, request: Request) -> t.Any:
        if request["InstanceTypes"] != ["t3.small"]:
            raise error("InvalidInstanceType", "DescribeInstanceTypes")
        supported = {"SupportedArchitectures": ["x86_64"]}
        return {"InstanceTypes": [{"InstanceType": "t3.small", "ProcessorInfo": supported}]}

    def _RunInstances(self, where: Where, request: Request) -> t.Any:
        template = self._template(where, request["LaunchTemplate"])
        name = f"i-{len(self.instances) + 0x10:017x}"
        self.instances[name] = {
            "InstanceId": name,
            "State": {"Name": self.state},
            "PublicIpAddress": "192.0.2.7",
            "PrivateIpAddress": "10.0.0.7",
            "LaunchTime": datetime.datetime.now(datetime.UTC),
            "Image": template.versions[int(request["LaunchTemplate"]["Version"])]["ImageId"],
            "Tags": request["TagSpecifications"][0]["Tags"],
            "KeyName": request.get("KeyName", ""),
            "SecurityGroups": [],
            "Where": where,
        }
        return {"Instances": [self.instances[name]]}

    def _DescribeInstances(self, _where: Where, request: Request) -> t.Any:
        (wanted,) = [one["Values"] for one in request["Filters"] if one["Name"] == "instance-id"]
        return {"Reservations": [{"Instances": [self.instances[name] for name in wanted if name in self.instances]}]}

    def _DescribeInstanceStatus(self, _where: Where, _request: Request) -> t.Any:
        status = {"Status": self.statuses()}
        return {"InstanceStatuses": [{"SystemStatus": status, "InstanceStatus": status}]}

    def _GetConsoleOutput(self, _where: Where, _request: Request) -> t.Any:
        return {"Output": self.console}

    def _TerminateInstances(self, _where: Where, request: Request) -> t.Any:
        for name in request["InstanceIds"]:
            self.instances[name]["State"] = {"Name": "terminated"}
        return {}

    def _DescribeTags(self, where: Where, request: Request) -> t.Any:
        (run,) = next(one["Values"] for one in request["Filters"] if one["Name"] == "value")
        tagged = [name for name, one in self.instances.items() if {"Key": "golden:run", "Value": run} in one["Tags"]]
        return {
            "Tags": [
                {"ResourceType": "instance", "ResourceId": name, "Key": "golden:run", "Value": run}
                for name in tagged
                if self.instances[name]["Where"] == where
            ]
        }

    # The target group

    def _DescribeTargetGroups(self, _where: Where, request: Request) -> t.Any:
        if request["TargetGroupArns"] != [TARGET_GROUP]:
            raise error("TargetGroupNotFound", "DescribeTargetGroups")
        return {"TargetGroups": [{"TargetGroupArn": TARGET_GROUP, "TargetType": self.target_type}]}

    def _RegisterTargets(self, _where: Where, request: Request) -> t.Any:
        self.targets += [one["Id"] for one in request["Targets"]]
        return {}

    def _DeregisterTargets(self, _where: Where, request: Request) -> t.Any:
        self.targets = [name for name in self.targets if {"Id": name} not in request["Targets"]]
        return {}

    def _DescribeTargetHealth(self, _where: Where, _request: Request) -> t.Any:
        return {"TargetHealthDescriptions": [{"TargetHealth": self.target_health}]}

    # The Auto Scaling group

    def group(self, where: Where, name: str, template: Template, **more: t.Any) -> Scaling:
        self.scaling = Scaling(name, template.id, **more)
        for one in self.scaling.instances:
            self._replace(where, one)
        return self.scaling

    def _replace(self, where: Where, name: str) -> None:
        self.instances[name] = {
            "InstanceId": name,
            "State": {"Name": "running"},
            "PrivateIpAddress": "10.0.0.9",
            "Tags": [],
            "Where": where,
        }

    def _DescribeAutoScalingGroups(self, _where: Where, request: Request) -> t.Any:
        group = self.scaling
        if group is None or request["AutoScalingGroupNames"] != [group.name]:
            return {"AutoScalingGroups": []}
        spec = {"LaunchTemplateId": group.template, "Version": group.version}
        members = [
            {"InstanceId": name, "LifecycleState": "InService", "LaunchTemplate": spec} for name in group.instances
        ]
        mixed: Request = {"MixedInstancesPolicy": {"LaunchTemplate": {}}} if group.mixed else {}
        return {"AutoScalingGroups": [{"LaunchTemplate": spec, "Instances": members, **mixed}]}

    def _StartInstanceRefresh(self, where: Where, request: Request) -> t.Any:
        group = t.cast(Scaling, self.scaling)
        group.started.append(request)
        group.version = request["DesiredConfiguration"]["LaunchTemplate"]["Version"]
        group.instances = [f"i-{0x100 * len(group.started) + number:017x}" for number in range(len(group.instances))]
        for name in group.instances:
            self._replace(where, name)
        if len(group.started) > 1:
            group.script = ["InProgress", "Successful"]
        return {"InstanceRefreshId": f"refresh-{len(group.started)}"}

    def _DescribeInstanceRefreshes(self, _where: Where, request: Request) -> t.Any:
        group = t.cast(Scaling, self.scaling)
        if not request.get("InstanceRefreshIds"):
            return {"InstanceRefreshes": group.listed}
        status = group.script.pop(0) if len(group.script) > 1 else group.script[0]
        reason = {"StatusReason": "says the test"} if status not in {"InProgress", "Successful"} else {}
        return {"InstanceRefreshes": [{"InstanceRefreshId": "r", "Status": status, "PercentageComplete": 50, **reason}]}

    def _RollbackInstanceRefresh(self, where: Where, _request: Request) -> t.Any:
        group = t.cast(Scaling, self.scaling)
        group.script = list(group.after_rollback)
        group.version = "1"
        group.instances = ["i-00000000000000fff"]
        self._replace(where, group.instances[0])
        return {"InstanceRefreshId": "r"}


def install(monkeypatch: pytest.MonkeyPatch) -> DeployWorld:
    """The world in place of AWS, of the instances' web servers, and of time."""
    made = DeployWorld()
    clock = types.SimpleNamespace(monotonic=lambda: made.clock)

    def pause(commands: Commands, seconds: float) -> None:
        commands.check()
        made.clock += seconds

    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(Commands, "pause", pause)
    monkeypatch.setattr(ready, "time", clock)
    monkeypatch.setattr(asking, "time", clock)
    monkeypatch.setattr(asking, "fetch", made.fetch)
    monkeypatch.setattr(moving, "_SOON", 0.01)
    monkeypatch.setattr(leftovers, "_POLL", 0.01)
    return made


__all__ = ["HOME", "OTHER", "REGION", "DeployWorld", "install"]
