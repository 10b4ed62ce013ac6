# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every source of references is asked, page by page, and one that fails is named."""

from __future__ import annotations

import threading
import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import references as subject
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._ami.references import SOURCES, USAGE, read_references

HERE = Place("111111111111", "eu-west-1")
AMI = "ami-0123456789abcdef0"
KEYS = {
    "describe_instances": "Reservations",
    "describe_launch_template_versions": "LaunchTemplateVersions",
    "describe_auto_scaling_groups": "AutoScalingGroups",
    "describe_launch_configurations": "LaunchConfigurations",
    "describe_spot_fleet_requests": "SpotFleetRequestConfigs",
    "describe_spot_instance_requests": "SpotInstanceRequests",
    "describe_fleets": "Fleets",
    "describe_image_references": "ImageReferences",
    "describe_image_usage_report_entries": "ImageUsageReportEntries",
    "describe_parameters": "Parameters",
}
OPERATIONS = {
    "instances": "describe_instances",
    "launch-templates": "describe_launch_template_versions",
    "auto-scaling-groups": "describe_auto_scaling_groups",
    "launch-configurations": "describe_launch_configurations",
    "ssm-parameters": "describe_parameters",
    "spot-fleets": "describe_spot_fleet_requests",
    "spot-requests": "describe_spot_instance_requests",
    "fleets": "describe_fleets",
    "image-builder": "describe_image_references",
    "usage-reports": "describe_image_usage_report_entries",
}


def denied(operation: str) -> botocore.exceptions.ClientError:
    told = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    return botocore.exceptions.ClientError(t.cast(t.Any, told), operation)


class Pages:
    def __init__(self, client: Client, operation: str) -> None:
        self._client, self._operation = client, operation

    def paginate(self, **request: t.Any) -> Pages:
        with self._client.lock:
            self._client.calls.append((self._operation, request))
        if self._operation in self._client.denied:
            raise denied(self._operation)
        answer = self._client.answers.get(self._operation, [])
        self._found = answer(request) if callable(answer) else answer
        return self

    def build_full_result(self) -> dict[str, t.Any]:
        return {KEYS[self._operation]: self._found}


class Client:
    """All services in one. C(answers) by operation; what is in C(denied) fails."""

    def __init__(self, **answers: t.Any) -> None:
        self.lock = threading.Lock()
        self.answers = answers
        self.denied: set[str] = set()
        self.calls: list[tuple[str, dict[str, t.Any]]] = []
        self.values: dict[str, str] = {}

    def get_paginator(self, operation: str) -> Pages:
        return Pages(self, operation)

    def describe_image_references(self) -> None:
        """It is there."""

    def describe_image_usage_report_entries(self) -> None:
        """It is there."""

    def get_parameters(self, Names: list[str]) -> dict[str, t.Any]:  # noqa: N803 - botocore's name
        with self.lock:
            self.calls.append(("get_parameters", {"Names": Names}))
        if "get_parameters" in self.denied:
            raise denied("GetParameters")
        found = []
        for asked in Names:
            name, _colon, selector = asked.partition(":")
            more = {"Selector": f":{selector}"} if selector else {}
            if asked in self.values:
                found.append({"Name": name, "ARN": f"arn:{name}", "Value": self.values[asked], **more})
        return {"Parameters": found}

    def asked(self, operation: str) -> list[dict[str, t.Any]]:
        return [request for name, request in self.calls if name == operation]


def read(client: t.Any, *image_ids: str, sources: tuple[str, ...] = SOURCES) -> subject.References:
    cloud = Cloud(lambda _service, **_options: client, HERE.region)
    return read_references(cloud, HERE, image_ids or (AMI,), sources)


def version(number: int, image: str, template: str = "lt-1", **more: t.Any) -> dict[str, t.Any]:
    names = {"LaunchTemplateId": template, "LaunchTemplateName": template, "VersionNumber": number}
    return {**names, "LaunchTemplateData": {"ImageId": image}, **more}


def test_of_no_image_nothing_is_asked() -> None:
    client = Client()
    cloud = Cloud(lambda _service, **_options: client, HERE.region)
    assert read_references(cloud, HERE, []) == subject.References({}, ())
    assert client.calls == []


def test_one_call_for_each_source() -> None:
    client = Client()
    assert read(client) == subject.References({AMI: ()}, ())
    assert sorted(operation for operation, _request in client.calls) == sorted(OPERATIONS[one] for one in SOURCES)
    (asked,) = client.asked("describe_instances")
    assert {one["Name"] for one in asked["Filters"]} == {"image-id", "instance-state-name"}


@pytest.mark.parametrize("source", [*SOURCES, USAGE])
def test_a_source_that_is_denied_is_unread_and_the_others_are_read(source: str) -> None:
    client = Client(describe_instances=[{"Instances": [{"InstanceId": "i-1", "ImageId": AMI}]}])
    client.denied = {OPERATIONS[source]}
    found = read(client, sources=(*SOURCES, USAGE))
    (unread,) = found.unread
    assert (unread.source, unread.account, unread.region) == (source, HERE.account, HERE.region)
    assert "AccessDenied" in unread.reason
    assert bool(found.by_image[AMI]) is (source != "instances")


@pytest.mark.parametrize("source", ["image-builder", USAGE])
def test_what_botocore_does_not_know_is_unread(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Client, OPERATIONS[source])
    (unread,) = read(Client(), sources=(*SOURCES, USAGE)).unread
    assert unread.source == source
    assert "install a newer one" in unread.reason


def test_only_launch_templates_with_more_versions_cost_a_call_of_their_own() -> None:
    known = [
        version(1, AMI, "lt-one", DefaultVersion=True),
        version(1, AMI, "lt-two", DefaultVersion=True),
        version(2, AMI, "lt-two"),
        version(3, AMI, "lt-many", DefaultVersion=True),
    ]

    def answer(request: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        return [version(n, AMI, "lt-many") for n in (1, 2, 3)] if "LaunchTemplateId" in request else known

    client = Client(describe_launch_template_versions=answer)
    found = read(client, sources=("launch-templates",)).by_image[AMI]
    asked = [one.get("LaunchTemplateId") for one in client.asked("describe_launch_template_versions")]
    assert asked == [None, "lt-many"]
    stale = {one.id for one in found if one.kind == "launch-template-version"}
    assert stale == {"lt-many:1", "lt-many:2"}
    assert {one.id for one in found if one.kind == "launch-template"} == {"lt-one", "lt-two", "lt-many"}


def test_parameters_are_read_in_tens_without_the_records_of_versions() -> None:
    names = [f"/golden/web/c{n}" for n in range(12)]
    records = [f"/golden/web/versions/{n}" for n in range(30)]
    client = Client(describe_parameters=[{"Name": name} for name in [*names, *records]])
    client.values = dict.fromkeys([*names, *records], AMI)
    found = read(client, sources=("ssm-parameters",)).by_image[AMI]
    assert {one.id for one in found} == set(names)
    assert sorted(len(one["Names"]) for one in client.asked("get_parameters")) == [2, 10]


def test_a_parameter_that_a_launch_template_names_by_its_version_is_looked_up() -> None:
    templates = [version(1, "resolve:ssm:/golden/web/prod:3", DefaultVersion=True), version(1, AMI, "lt-2")]
    client = Client(describe_launch_template_versions=templates)
    client.values = {"/golden/web/prod:3": AMI}
    found = read(client, sources=("launch-templates",))
    assert {one.id for one in found.by_image[AMI]} == {"lt-1", "lt-2"}
    client.denied = {"get_parameters"}
    found = read(client, sources=("launch-templates",))
    assert [one.source for one in found.unread] == ["launch-templates"]
    assert {one.id for one in found.by_image[AMI]} == {"lt-2"}


def test_many_images_are_asked_for_in_batches() -> None:
    ids = [f"ami-{n:017x}" for n in range(400)]
    client = Client()
    found = read(client, *ids, sources=("instances", "image-builder", USAGE))
    assert list(found.by_image) == ids
    assert len(client.asked("describe_instances")) == 3
    # EC2 takes ten at once there.
    assert {len(one["ImageIds"]) for one in client.asked("describe_image_references")} == {10}
    assert len(client.asked("describe_image_usage_report_entries")) == 3


@pytest.mark.parametrize(
    ("source", "operation"),
    [("instances", "describe_instances"), (USAGE, "describe_image_usage_report_entries")],
)
def test_batches_are_read_beside_each_other(source: str, operation: str) -> None:
    three = threading.Barrier(3, timeout=30)
    client = Client(**{operation: lambda _request: [] if three.wait() >= 0 else None})
    assert not read(client, *(f"ami-{n:017x}" for n in range(400)), sources=(source,)).unread


def test_usage_reports_are_told_when_they_are_asked_for() -> None:
    entry = {"ImageId": AMI, "AccountId": "222222222222", "UsageCount": 2, "ResourceType": "ec2:Instance"}
    client = Client(describe_image_usage_report_entries=[entry])
    assert read(client).by_image[AMI] == ()
    (one,) = read(client, sources=(USAGE,)).by_image[AMI]
    assert (one.kind, one.id) == ("account", "222222222222")
