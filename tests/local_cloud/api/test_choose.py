# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fault applies to which call: the decision by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from golden_cloud.api.faults.book import FaultBook
from golden_cloud.api.faults.choose import Decision, Standing, choose, contains, matches
from golden_cloud.api.faults.fault import Call, Fault

CALL = Call(
    service="ec2",
    operation="RunInstances",
    access_key="AKIAONE",
    account="123456789012",
    region="us-east-1",
    user_agent="APN/1.0 HashiCorp/1.0 Packer/1.16.0",
    parameters={
        "InstanceType": "t3.small",
        "MinCount": 1,
        "EbsOptimized": True,
        "SecurityGroupIds": ["sg-1", "sg-2"],
        "Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "default"},
        "TagSpecifications": [
            {"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "1"}]},
            {"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]},
        ],
    },
)


def fault(action: Any = "throttle", **fields: Any) -> Fault:
    return Fault(**{"id": "one", "operation": "ec2:RunInstances", "action": action, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"operation": "*:Run*"}, True),
        ({"operation": "ec2:*"}, True),
        ({"operation": "*:*"}, True),
        ({"operation": "ec2:runinstances"}, False),
        ({"operation": "ssm:*"}, False),
        ({"operation": "ec2:Run"}, False),
        ({"access_key": "AKIAONE"}, True),
        ({"access_key": "AKIA*"}, False),
        ({"account": "210987654321"}, False),
        ({"region": "us-east-1", "account": "123456789012"}, True),
        ({"region": "eu-central-1"}, False),
        ({"user_agent": "Packer/"}, True),
        ({"user_agent": "Terraform"}, False),
        ({"parameters": {"InstanceType": "t3.small"}}, True),
        ({"parameters": {"InstanceType": "t3.*", "MinCount": 1}}, True),
        ({"parameters": {"InstanceType": "t3.*", "MinCount": 2}}, False),
        ({"action": "image_pending", "operation": "*:*"}, False),
    ],
)
def test_whether_a_fault_is_about_a_call(fields: dict[str, Any], expected: bool) -> None:
    assert matches(fault(**fields), CALL) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"MinCount": "1"}, True),
        ({"EbsOptimized": True}, True),
        ({"EbsOptimized": "true"}, True),
        ({"EbsOptimized": False}, False),
        ({"KeyName": "*"}, False),
        ({"Placement": {"AvailabilityZone": "us-east-1?"}}, True),
        ({"Placement": {"AvailabilityZone": "us-east-1a", "Tenancy": "host"}}, False),
        ({"Placement.AvailabilityZone": "us-east-1a"}, True),
        ({"Placement.GroupName": "*"}, False),
        ({"Placement": "*"}, False),
        ({"InstanceType.Name": "*"}, False),
        ({"SecurityGroupIds": "sg-2"}, True),
        ({"SecurityGroupIds": ["sg-2", "sg-1"]}, True),
        ({"SecurityGroupIds": ["sg-1", "sg-3"]}, False),
        ({"InstanceType": ["t3.small"]}, False),
        ({"TagSpecifications": {"ResourceType": "instance", "Tags": {"Key": "b"}}}, True),
        # One element must have it all.
        ({"TagSpecifications": {"ResourceType": "volume", "Tags": {"Key": "b"}}}, False),
        ({"TagSpecifications.Tags.Value": "3"}, True),
        ({"TagSpecifications.Tags.Value": "4"}, False),
    ],
)
def test_what_parameters_contain(wanted: dict[str, Any], expected: bool) -> None:
    assert contains(CALL.parameters, wanted) is expected


def test_the_oldest_that_is_due_applies_and_all_count_the_call() -> None:
    spent = Standing(fault(id="spent"), seen=1, applied=1)
    later = Standing(fault(id="later", skip=1))
    other = Standing(fault(id="other", region="eu-central-1"))
    old, new = Standing(fault(id="old", times=None), applied=99), Standing(fault(id="new"))
    decision = choose([spent, later, other, old, new], CALL)
    assert decision == Decision(old.fault, seen_by=("spent", "later", "old", "new"))
    assert choose([spent, replace(later, seen=1), old], CALL).fault == later.fault
    assert choose([spent, later], CALL) == Decision(None, seen_by=("spent", "later"))


def test_an_expired_key_comes_first_and_counts_for_no_other_fault() -> None:
    expired = Standing(
        fault("expire_credentials", id="x", operation="ec2:CreateImage"), expired_keys=frozenset({"AKIAONE"})
    )
    decision = choose([Standing(fault()), expired], CALL)
    assert decision == Decision(expired.fault, expired=True)
    assert choose([Standing(fault()), expired], replace(CALL, access_key="AKIATWO")).fault == fault()


def test_the_book_counts() -> None:
    book = FaultBook()
    told = book.add(fault(skip=1, times=2))
    assert told["id"] == "throttle-1"
    assert [book.decide(CALL).fault is not None for _unused in range(5)] == [False, True, True, False, False]
    assert book.list()[0]["hits"] == 2
    assert book.decide(replace(CALL, operation="StopInstances")) == Decision()
    assert (book.remove("throttle-1"), book.remove("throttle-1")) == (True, False)


def test_a_key_expires_once_for_each_time_and_every_later_call_is_a_hit() -> None:
    book = FaultBook()
    book.add(fault("expire_credentials"))
    assert book.decide(CALL).expired is False
    assert [book.decide(replace(CALL, operation=name)).expired for name in ("RunInstances", "StopInstances")] == [
        True
    ] * 2
    # Its one time is over: another key may go on.
    assert book.decide(replace(CALL, access_key="AKIATWO")).fault is None
    assert (book.list()[0]["hits"], book.list()[0]["expired_keys"]) == (3, ["AKIAONE"])


def test_what_a_removed_fault_cannot_do_any_more() -> None:
    book = FaultBook()
    released: list[str] = []
    fault_id = book.add(fault("image_pending"))["id"]
    assert book.hold(fault_id, lambda: released.append("held"))
    book.remove(fault_id)
    assert released == ["held"]
    assert not book.hold(fault_id, lambda: released.append("too late"))
    book.expire(fault_id, "AKIAONE")
    book.wait(fault_id, 600)
    assert (released, book.list()) == (["held"], [])
