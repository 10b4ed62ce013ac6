# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AMIs as values, read in as few calls as EC2 allows."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._ami.images import ami_of, chunks, moment, read_amis

HERE = Place("111111111111", "eu-west-1")
NEW_YEAR = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def image(image_id: str = "ami-1", **more: t.Any) -> dict[str, t.Any]:
    return {"ImageId": image_id, "CreationDate": "2026-01-01T00:00:00.000Z", **more}


class Client:
    """Answers each request with the images whose ids are asked for."""

    def __init__(self, *images: dict[str, t.Any]) -> None:
        self.images = images
        self.requests: list[dict[str, t.Any]] = []

    def get_paginator(self, operation: str) -> Client:
        assert operation == "describe_images"
        return self

    def paginate(self, **request: t.Any) -> Client:
        self.requests.append(request)
        return self

    def build_full_result(self) -> dict[str, t.Any]:
        filters = self.requests[-1].get("Filters", [])
        ids = next((one["Values"] for one in filters if one["Name"] == "image-id"), None)
        return {"Images": [one for one in self.images if ids is None or one["ImageId"] in ids]}


def read(client: Client, **options: t.Any) -> list[str]:
    cloud = Cloud(lambda _service, **_options: client, "us-east-1")
    found = read_amis(cloud, HERE, **options)
    assert all(ami.place == HERE for ami in found)
    return [ami.image_id for ami in found]


def test_all_of_ones_own_oldest_first() -> None:
    client = Client(image("ami-2", CreationDate="2026-02-01T00:00:00.000Z"), image("ami-9"), image("ami-1"))
    assert read(client) == ["ami-1", "ami-9", "ami-2"]
    (request,) = client.requests
    assert request["Owners"] == ["self"]
    assert (request["IncludeDeprecated"], request["IncludeDisabled"]) == (True, True)
    assert "Filters" not in request
    assert request["PaginationConfig"] == {"PageSize": 1000}


def test_an_id_of_none_is_left_out() -> None:
    assert read(Client(image("ami-1")), image_ids=["ami-1", "ami-2"], owners=()) == ["ami-1"]


def test_what_is_asked_for() -> None:
    client = Client()
    read(client, names=["web *"], filters={"state": "available", "tag:a": ["1", "2"]}, deprecated=False, disabled=False)
    (request,) = client.requests
    assert request["Filters"] == [
        {"Name": "state", "Values": ["available"]},
        {"Name": "tag:a", "Values": ["1", "2"]},
        {"Name": "name", "Values": ["web *"]},
    ]
    assert (request["IncludeDeprecated"], request["IncludeDisabled"]) == (False, False)
    read(client, owners=())
    assert "Owners" not in client.requests[-1]


@pytest.mark.parametrize("count", [1, 180, 181, 1000])
def test_no_request_has_more_values_than_ec2_takes(count: int) -> None:
    ids = [f"ami-{n:04}" for n in range(count)]
    client = Client(*map(image, ids))
    assert read(client, image_ids=[*ids, *ids[:5]], filters={"state": ["available", "disabled"]}) == ids
    assert len(client.requests) <= count // 178 + 1
    for request in client.requests:
        assert sum(len(one["Values"]) for one in request["Filters"]) <= 200


def test_an_image_as_it_is() -> None:
    ami = ami_of(
        HERE,
        image(
            Name="web 1",
            Description="a web server",
            State="available",
            OwnerId="111111111111",
            Public=True,
            Architecture="arm64",
            DeprecationTime="2026-01-01T00:00:00.000Z",
            DeregistrationProtection="enabled-without-cooldown",
            SourceImageId="ami-0",
            SourceImageRegion="us-east-1",
            LastLaunchedTime="2026-01-01T00:00:00Z",
            Tags=[{"Key": "golden:image", "Value": "web"}, {"Key": "golden:version", "Value": "1"}],
            BlockDeviceMappings=[
                {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-1", "VolumeSize": 8, "Encrypted": True}},
                {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
                {"DeviceName": "/dev/sdc", "Ebs": {"VolumeSize": 4}},
            ],
        ),
    )
    assert (ami.image, ami.version, ami.public, ami.protected) == ("web", "1", True, True)
    assert ami.created == ami.deprecated_at == ami.last_launched == NEW_YEAR
    assert (ami.source_image_id, ami.source_region, ami.architecture) == ("ami-0", "us-east-1", "arm64")
    (disk,) = ami.snapshots
    assert (disk.snapshot_id, disk.device, disk.size, disk.encrypted, disk.kms_key_id) == (
        "snap-1",
        "/dev/xvda",
        8,
        True,
        None,
    )


def test_an_image_of_which_little_is_told() -> None:
    ami = ami_of(HERE, image())
    assert (ami.image, ami.version, ami.deprecated_at, ami.last_launched) == (None, None, None, None)
    assert (ami.protected, ami.public, ami.snapshots, ami.tags) == (False, False, (), {})
    assert not ami_of(HERE, image(DeregistrationProtection="disabled")).protected


def test_moments_in_whichever_form() -> None:
    assert moment("2026-01-01T00:00:00.000Z") == moment(NEW_YEAR) == NEW_YEAR
    assert moment(None) is None
    assert moment("") is None


def test_chunks() -> None:
    assert chunks([]) == []
    assert chunks(["a", "b", "c"], 2) == [["a", "b"], ["c"]]
