# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of what is left, and what a sweep does with AMIs whose build ended before they were complete."""

from __future__ import annotations

import pathlib
import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._ami.leftovers import Learned
from ansible_collections.golden.ami.plugins.module_utils._packer.cleanup import Cleanup, clean_up, sweep
from ansible_collections.golden.ami.plugins.module_utils._packer.record import RunRecord

AMI, SNAPSHOT, VERSION = "ami-1", "snap-1", "/golden/web/versions/1"


def error(code: str) -> Exception:
    told: t.Any = {"Error": {"Code": code, "Message": "no"}}
    return botocore.exceptions.ClientError(told, "X")


class Client:
    """All of AWS: answers each operation with what a test says (functions are called), or fails with it."""

    def __init__(self, **answers: t.Any) -> None:
        self.answers = answers
        self.called: list[str] = []

    def get_paginator(self, operation: str) -> t.Any:
        client = self

        class Pages:
            def paginate(self, **request: t.Any) -> t.Any:
                return self

            def build_full_result(self) -> t.Any:
                return getattr(client, operation)()

        return Pages()

    def __getattr__(self, operation: str) -> t.Any:
        def call(**request: t.Any) -> t.Any:
            self.called.append(operation)
            answer = self.answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer(request) if callable(answer) else answer

        return call


def cloud(client: Client) -> Cloud:
    return Cloud(lambda _service, region, config=None: client, "eu-west-1")


@pytest.fixture
def record(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = RunRecord("golden-1", "web", "eu-west-1", None, None, 1, 1, "here", str(tmp_path / "scratch"))
    made.account = "123456789012"
    made.artifacts = [AMI, SNAPSHOT]
    made.parameters = [{"region": "eu-west-1", "name": VERSION}]
    made.write()
    return made


def image(complete: str) -> dict[str, t.Any]:
    tags = [{"Key": "golden:complete", "Value": complete}]
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": SNAPSHOT}}]
    return {"ImageId": AMI, "CreationDate": "2026-05-01T12:00:00.000Z", "Tags": tags, "BlockDeviceMappings": disk}


def aws(complete: str, **more: t.Any) -> Client:
    """An account in which the run made an AMI, until it is deregistered."""
    client = Client()

    def images(_request: t.Any) -> dict[str, t.Any]:
        return {"Images": [] if "deregister_image" in client.called else [image(complete)]}

    client.answers = {
        "get_caller_identity": {"Account": "123456789012"},
        "describe_images": images,
        "describe_tags": {"Tags": [{"ResourceType": "image", "ResourceId": AMI}]},
        "describe_snapshots": {"Snapshots": []},
        "get_parameter": {"Parameter": {"Value": AMI}},
        **more,
    }
    return client


def test_an_ami_that_was_not_completed_goes_with_the_record_of_its_version(record: RunRecord) -> None:
    client = aws("no")
    done = sweep(cloud(client), [record])
    assert {(one["type"], one["id"]) for one in done.removed} == {
        ("image", AMI),
        ("snapshot", SNAPSHOT),
        ("parameter", VERSION),
    }
    assert {"deregister_image", "delete_snapshot", "delete_parameter"} <= set(client.called)
    assert not record.path.exists()


def test_in_check_mode_it_is_only_told(record: RunRecord) -> None:
    client = aws("no")
    done = sweep(cloud(client), [record], remove=False)
    assert {(one["type"], one["id"]) for one in done.remaining} == {("image", AMI), ("parameter", VERSION)}
    assert not [one for one in client.called if one.startswith(("delete", "deregister"))]


def test_a_complete_one_stays(record: RunRecord) -> None:
    client = aws("yes")
    done = sweep(cloud(client), [record])
    assert (done.removed, done.remaining) == ([], [])
    assert not [one for one in client.called if one.startswith(("delete", "deregister"))]


def test_a_complete_ami_in_another_region_stays_with_its_version(record: RunRecord) -> None:
    """Nothing is found where the module builds: the template makes its AMIs elsewhere, or that one was deregistered."""
    clients = {
        "eu-west-1": aws("yes", describe_images={"Images": []}, describe_tags={"Tags": []}),
        "us-east-1": aws("yes"),
    }
    record.learned = Learned(regions=["us-east-1"])
    record.parameters = [{"region": "us-east-1", "name": VERSION}]
    done = sweep(Cloud(lambda _service, region, config=None: clients[region], "eu-west-1"), [record])
    assert (done.removed, done.remaining, done.forgotten) == ([], [], ["golden-1"])
    called = [one for client in clients.values() for one in client.called]
    assert not [one for one in called if one.startswith(("delete", "deregister"))]


def test_a_complete_ami_that_is_not_on_record_stays(record: RunRecord) -> None:
    record.artifacts, record.parameters = [], []
    client = aws("yes")
    assert sweep(cloud(client), [record]).removed == []
    assert "deregister_image" not in client.called


def test_the_version_of_another_ami_stays(record: RunRecord) -> None:
    client = aws("no", get_parameter={"Parameter": {"Value": "ami-2"}})
    sweep(cloud(client), [record])
    assert "delete_parameter" not in client.called


def test_what_cannot_be_looked_at_is_named_and_stays_on_record(record: RunRecord) -> None:
    done = sweep(cloud(aws("no", describe_images=error("UnauthorizedOperation"))), [record])
    assert done.failed
    assert AMI in done.text()
    assert record.path.exists()


def test_where_ec2_cannot_be_asked_what_packer_said_is_named(record: RunRecord) -> None:
    record.learned = Learned(tagged={"instances": ["i-1"], "security_groups": ["packer_1"]})
    done = clean_up(cloud(Client(describe_tags=error("RequestExpired"))), record, [])
    assert done.unseen == [
        {"region": "eu-west-1", "type": "instance", "id": "i-1"},
        {"region": "eu-west-1", "type": "security-group", "id": "packer_1"},
    ]
    assert "instance i-1 in eu-west-1, security-group packer_1 in eu-west-1" in done.text()
    assert "the credentials have expired: get new ones" in done.text()
    assert "./taskw sweep IMAGE=web" in done.advice("web")


def test_no_advice_where_a_sweep_would_not_help() -> None:
    foreign = {"region": "eu-west-1", "type": "fleet", "id": "fleet-1"}
    assert Cleanup(remaining=[foreign], untouched=[foreign]).advice("web") == ""
    assert Cleanup().advice("web") == ""
