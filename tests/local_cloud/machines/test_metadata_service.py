# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the metadata service tells, and to whom."""

from __future__ import annotations

import dataclasses
import json

import pytest
from golden_cloud.machines import imds, imds_tree
from golden_cloud.ports import InstanceMetadata, RoleCredentials

ABOUT = InstanceMetadata(
    instance_id="i-1",
    ami_id="ami-1",
    ami_launch_index=0,
    instance_type="t3.small",
    reservation_id="r-1",
    account_id="123456789012",
    region="us-east-1",
    availability_zone="us-east-1a",
    availability_zone_id="use1-az1",
    architecture="x86_64",
    private_ip="10.200.7.20",
    public_ip="10.200.7.20",
    hostname="ip-10-200-7-20.ec2.internal",
    mac="02:67:0a:c8:07:14",
    subnet_id="subnet-1",
    vpc_id="vpc-1",
    security_groups=("default",),
    security_group_ids=("sg-1",),
    public_keys=(("key", "ssh-ed25519 AAAA key"),),
    user_data=b"\xff#!/bin/sh\n",
    block_device_mapping=(("ami", "xvda"), ("root", "/dev/xvda")),
    pending_time="2026-01-01T00:00:00Z",
    tags=None,
    http_endpoint_enabled=True,
    http_tokens_required=True,
    hop_limit=1,
    iam_instance_profile_arn=None,
    iam_instance_profile_id=None,
    role_credentials=None,
)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/latest/meta-data/instance-id", b"i-1"),
        ("/2021-03-23/meta-data/placement/region", b"us-east-1"),
        ("/latest/meta-data/placement/", b"availability-zone\navailability-zone-id\nregion"),
        ("/latest/meta-data/public-keys/", b"0=key"),
        ("/latest/meta-data/public-keys/0/", b"openssh-key"),
        ("/latest/meta-data/public-keys/0/openssh-key", b"ssh-ed25519 AAAA key"),
        ("/latest/meta-data/network/interfaces/macs/", b"02:67:0a:c8:07:14/"),
        ("/latest/user-data", b"\xff#!/bin/sh\n"),
        ("/latest/", b"dynamic\nmeta-data\nuser-data"),
        ("/latest/meta-data/iam/info", None),
        ("/latest/meta-data/tags/instance/", None),
        ("/latest/meta-data/no-such-thing", None),
        ("/1999-01-01/meta-data/", None),
    ],
)
def test_paths(path: str, body: bytes | None) -> None:
    assert imds_tree.answer(ABOUT, path) == body


def test_tags_and_role_are_there_when_the_instance_has_them() -> None:
    role = RoleCredentials("builder", "ASIA", "secret", "token", "2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z")
    about = dataclasses.replace(
        ABOUT, tags={"Name": "web"}, iam_instance_profile_arn="arn:aws:iam::1:instance-profile/b", role_credentials=role
    )
    assert imds_tree.answer(about, "/latest/meta-data/tags/instance/Name") == b"web"
    assert imds_tree.answer(about, "/latest/meta-data/iam/security-credentials/") == b"builder"
    told = json.loads(imds_tree.answer(about, "/latest/meta-data/iam/security-credentials/builder") or b"{}")
    assert (told["AccessKeyId"], told["Expiration"]) == ("ASIA", "2026-01-01T06:00:00Z")


def test_the_identity_document_names_account_and_image() -> None:
    told = json.loads(imds_tree.answer(ABOUT, "/latest/dynamic/instance-identity/document") or b"{}")
    assert (told["accountId"], told["imageId"], told["privateIp"]) == ("123456789012", "ami-1", "10.200.7.20")


def test_a_token_is_good_for_its_instance_and_its_time_only() -> None:
    tokens = imds.Tokens()
    token = tokens.new("i-1", 60)
    assert tokens.valid(token, "i-1")
    assert not tokens.valid(token, "i-2")
    assert not tokens.valid(tokens.new("i-1", 0), "i-1")
    assert not tokens.valid("guessed", "i-1")


@pytest.mark.parametrize(
    ("header", "seconds"), [("60", 60), ("21600", 21600), ("21601", None), ("0", None), ("x", None)]
)
def test_token_lifetimes(header: str, seconds: int | None) -> None:
    assert imds.token_lifetime(header) == seconds
    assert imds.token_lifetime(None) is None


def test_who_is_refused() -> None:
    tokens = imds.Tokens()
    good = tokens.new("i-1", 60)
    optional = dataclasses.replace(ABOUT, http_tokens_required=False)
    off = dataclasses.replace(ABOUT, http_endpoint_enabled=False)
    assert imds.refusal(ABOUT, "GET", None, tokens) == 401
    assert imds.refusal(ABOUT, "GET", good, tokens) is None
    assert imds.refusal(optional, "GET", None, tokens) is None
    assert imds.refusal(optional, "GET", "wrong", tokens) == 401
    assert imds.refusal(off, "GET", good, tokens) == 403
    assert imds.refusal(ABOUT, "POST", good, tokens) == 405
