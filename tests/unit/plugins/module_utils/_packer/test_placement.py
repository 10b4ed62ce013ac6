# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only a launch for which EC2 has no room is tried elsewhere: every other failure would fail there too."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.placement import (
    lacks_capacity,
    placement_names,
    placement_text,
)

LAUNCH = "Error launching source instance: operation error EC2: RunInstances, https response error StatusCode: 500"
NO_ROOM = f"{LAUNCH}, api error InsufficientInstanceCapacity: We currently do not have sufficient t3.small capacity"


@pytest.mark.parametrize(
    "error",
    [
        NO_ROOM,
        f"{LAUNCH}, api error InsufficientHostCapacity: There is not enough capacity on Dedicated Hosts",
        f"{LAUNCH}, api error InsufficientReservedInstanceCapacity: Not enough available Reserved Instances",
        f"{LAUNCH}, api error Unsupported: Your requested instance type (t3.small) is not supported in us-east-1e",
        "Error launching source spot instance: operation error EC2: CreateFleet, InsufficientCapacity: none left",
    ],
)
def test_no_room(error: str) -> None:
    assert lacks_capacity(1, ["Build 'amazon-ebs.base' errored", error])


@pytest.mark.parametrize(
    ("code", "errors"),
    [
        (0, [NO_ROOM]),
        (1, []),
        (1, [f"{LAUNCH}, api error UnauthorizedOperation: You are not authorized"]),
        (1, [f"{LAUNCH}, api error InstanceLimitExceeded: You have requested more instances than your limit"]),
        (1, [f"{LAUNCH}, api error UnsupportedOperation: The operation is not supported"]),
        (1, ["operation error EC2: CreateImage, api error InsufficientInstanceCapacity: another call than the launch"]),
        (1, [f"{LAUNCH}, api error AuthFailure", "the playbook said: InsufficientInstanceCapacity"]),
    ],
)
def test_other_ends(code: int, errors: list[str]) -> None:
    assert not lacks_capacity(code, errors)


def test_names_in_order_and_once() -> None:
    assert placement_names([{"instance_type": "a", "zone": "x"}, {"subnet_id": "s", "instance_type": "b"}]) == [
        "instance_type",
        "zone",
        "subnet_id",
    ]
    assert placement_names([{}]) == []


@pytest.mark.parametrize(
    ("placement", "text"),
    [
        ({"instance_type": "t3.small", "subnet_id": "subnet-1"}, "t3.small in subnet-1"),
        ({"instance_type": "t3.small", "subnet_id": ""}, "t3.small"),
        ({"instance_type": "t3.small", "subnet_id": None}, "t3.small"),
        ({}, "the default place"),
        ({"subnet_id": ""}, "the default place"),
    ],
)
def test_in_a_sentence(placement: dict[str, t.Any], text: str) -> None:
    assert placement_text(placement) == text
