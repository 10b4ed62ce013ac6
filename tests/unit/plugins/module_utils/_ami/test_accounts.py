# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each account has clients of its own, and what is no account or Region is refused before it is used."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Accounts, Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError

HOME, OTHER = "111111111111", "222222222222"


class World:
    """Makes clients that say by what keys they were made."""

    def __init__(self, minutes: int = 60) -> None:
        self.minutes = minutes
        self.entered: list[str] = []
        self.made: list[dict[str, t.Any]] = []

    def make(self, service: str, **options: t.Any) -> t.Any:
        self.made.append({"service": service, **options})
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": HOME}

    def describe_regions(self) -> dict[str, t.Any]:
        return {"Regions": [{"RegionName": name} for name in ("eu-west-1", "us-east-1")]}

    def assume_role(self, RoleArn: str, RoleSessionName: str) -> dict[str, t.Any]:  # noqa: N803 - botocore's names
        self.entered.append(f"{RoleSessionName} {RoleArn}")
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=self.minutes)
        keys = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
        return {"Credentials": keys}


def accounts(world: World, region: str = "eu-west-1") -> Accounts:
    return Accounts(world.make, region, "life/Keeper")


def test_the_own_account_is_not_entered() -> None:
    world = World()
    there = accounts(world)
    assert there.cloud(HOME) is there.home
    assert world.entered == []


def test_another_account_is_entered_once_with_its_own_keys() -> None:
    world = World()
    there = accounts(world)
    there.cloud(OTHER).ec2("us-east-1")
    there.cloud(OTHER).ec2("us-east-1")
    assert world.entered == [f"golden.ami arn:aws:iam::{OTHER}:role/life/Keeper"]
    assert world.made[-1] == {
        "service": "ec2",
        "region": "us-east-1",
        "profile_name": None,
        "aws_access_key_id": "ASIA1",
        "aws_secret_access_key": "s",
        "aws_session_token": "t",
    }


def test_a_session_that_is_about_to_end_is_renewed() -> None:
    world = World(minutes=4)
    there = accounts(world)
    assert there.cloud(OTHER) is not there.cloud(OTHER)
    assert len(world.entered) == 2


def test_partitions() -> None:
    world = World()
    accounts(world, "cn-north-1").cloud(OTHER)
    accounts(world, "us-gov-west-1").cloud(OTHER)
    accounts(world, "us-isob-east-1").cloud(OTHER)
    accounts(world, "eu-north-1").cloud(OTHER)
    assert [one.split(":")[1] for one in world.entered] == ["aws-cn", "aws-us-gov", "aws-iso-b", "aws"]


def test_places() -> None:
    there = accounts(World())
    assert there.places([], []) == [Place(HOME, "eu-west-1")]
    assert [str(one) for one in there.places([HOME, OTHER, HOME], ["us-east-1", "eu-west-1"])] == [
        f"{HOME}/us-east-1",
        f"{HOME}/eu-west-1",
        f"{OTHER}/us-east-1",
        f"{OTHER}/eu-west-1",
    ]


@pytest.mark.parametrize(
    ("numbers", "regions", "said"),
    [
        (["12345678901"], [], "accounts: 12345678901 has 11 characters; an account number has twelve digits"),
        (["1234567890ab"], [], "twelve digits"),
        ([], ["eu-west-1", "eu-wst-1"], "regions: eu-wst-1 is not a Region that account 111111111111 has enabled"),
    ],
)
def test_what_is_none_is_refused(numbers: list[str], regions: list[str], said: str) -> None:
    with pytest.raises(AmiError, match=said):
        accounts(World()).places(numbers, regions)
