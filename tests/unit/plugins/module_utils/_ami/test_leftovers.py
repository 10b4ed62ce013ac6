# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import leftovers
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._ami.leftovers import Learned, Leftovers

BEGAN = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
LATER, EARLIER = BEGAN + datetime.timedelta(minutes=1), BEGAN - datetime.timedelta(days=1)
LEARNED = Learned(["i-1"], ["packer_key"], ["packer_group"], ["ami-1"], began=BEGAN.timestamp())


class Ec2:
    """Answers each operation with what a test says, or fails with it."""

    def __init__(self, **answers: t.Any) -> None:
        self.answers = answers
        self.called: list[tuple[str, dict[str, t.Any]]] = []

    def __getattr__(self, operation: str) -> t.Any:
        def call(**request: t.Any) -> t.Any:
            self.called.append((operation, request))
            answer = self.answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def cloud(**answers: t.Any) -> Cloud:
    ec2 = Ec2(**answers)
    return Cloud(lambda _service, region: ec2, "eu-west-1")


def instance(**more: t.Any) -> dict[str, t.Any]:
    one = {"InstanceId": "i-1", "State": {"Name": "running"}, "KeyName": "packer_key", "LaunchTime": LATER, **more}
    return {"Reservations": [{"Instances": [one]}]}


def added(learned: Learned, **answers: t.Any) -> Leftovers:
    return leftovers.add_learned(cloud(**answers), Leftovers("eu-west-1"), learned, [])


def only(**kinds: list[str]) -> Learned:
    """What can be proven of one kind: the names of the others are known, and nothing of them is there."""
    return Learned(**kinds, began=LEARNED.began)  # type: ignore[arg-type]


NOTHING: dict[str, t.Any] = {
    "describe_instances": {"Reservations": []},
    "describe_security_groups": {"SecurityGroups": []},
    "describe_key_pairs": {"KeyPairs": []},
    "describe_images": {"Images": []},
}


@pytest.mark.parametrize(
    "more", [{}, {"KeyName": "mine", "SecurityGroups": [{"GroupName": "packer_group", "GroupId": "sg-1"}]}]
)
def test_an_instance_with_what_was_made_for_it_is_the_runs(more: dict[str, t.Any]) -> None:
    found = added(LEARNED, **{**NOTHING, "describe_instances": instance(**more)})
    assert (found.resources, found.untouched) == ({"instance": ["i-1"]}, {})


@pytest.mark.parametrize("more", [{"KeyName": "mine"}, {"LaunchTime": EARLIER}])
def test_any_other_instance_is_named_and_stays(more: dict[str, t.Any]) -> None:
    found = added(LEARNED, **{**NOTHING, "describe_instances": instance(**more)})
    assert found.resources == {}
    assert found.described_untouched() == [{"region": "eu-west-1", "type": "instance", "id": "i-1"}]
    assert "instance i-1: not removed, because nothing proves" in found.reasons()[0]


def test_without_the_time_of_the_run_nothing_is_proven() -> None:
    learned = Learned(["i-1"], ["packer_key"])
    assert added(learned, **{**NOTHING, "describe_instances": instance()}).resources == {}


def test_what_carries_the_tag_needs_no_proof() -> None:
    found = Leftovers("eu-west-1", {"instance": ["i-1"]})
    answers = {**NOTHING, "describe_instances": instance(KeyName="mine")}
    assert leftovers.add_learned(cloud(**answers), found, LEARNED, []).untouched == {}


@pytest.mark.parametrize(
    ("more", "proven"),
    [
        ({}, True),
        ({"SourceInstanceId": "i-2"}, False),
        ({"CreationDate": "2026-04-30T12:00:00.000Z"}, False),
        ({"SourceInstanceId": None}, False),
    ],
)
def test_images(more: dict[str, t.Any], proven: bool) -> None:
    made = {"ImageId": "ami-1", "SourceInstanceId": "i-1", "CreationDate": "2026-05-01T12:30:00.000Z", **more}
    found = added(LEARNED, **{**NOTHING, "describe_images": {"Images": [made]}})
    assert found.resources == ({"image": ["ami-1"]} if proven else {})
    assert bool(found.untouched) is not proven


def test_only_own_images_are_asked_for() -> None:
    ec2 = Ec2(**NOTHING)
    leftovers.add_learned(
        Cloud(lambda _service, region: ec2, "eu-west-1"), Leftovers("eu-west-1"), only(images=["ami-1"]), []
    )
    assert [request["Owners"] for _operation, request in ec2.called] == [["self"]]


@pytest.mark.parametrize(("description", "proven"), [("Temporary group for Packer", True), ("The database's", False)])
def test_security_groups(description: str, proven: bool) -> None:
    group = {"GroupId": "sg-1", "GroupName": "packer_group", "Description": description}
    found = added(only(security_groups=["packer_group"]), describe_security_groups={"SecurityGroups": [group]})
    assert found.resources == ({"security-group": ["sg-1"]} if proven else {})


@pytest.mark.parametrize(
    ("created", "proven"), [({"CreateTime": LATER}, True), ({"CreateTime": EARLIER}, False), ({}, True)]
)
def test_key_pairs(created: dict[str, datetime.datetime], proven: bool) -> None:
    pair = {"KeyPairId": "key-1", "KeyName": "packer_key", **created}
    found = added(only(key_pairs=["packer_key"]), describe_key_pairs={"KeyPairs": [pair]})
    assert found.resources == ({"key-pair": ["key-1"]} if proven else {})


def requests(state: str) -> dict[str, t.Any]:
    return {"SpotInstanceRequests": [{"SpotInstanceRequestId": "sir-1", "State": state}]}


def test_a_cancellation_that_fails_is_not_clean() -> None:
    error: t.Any = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}
    there = cloud(
        describe_spot_instance_requests=requests("open"),
        cancel_spot_instance_requests=botocore.exceptions.ClientError(error, "CancelSpotInstanceRequests"),
    )
    found = leftovers.select(there, "eu-west-1", [("spot-instances-request", "sir-1")], [])
    rest, problems = leftovers.remove(there, found)
    assert rest.described() == [{"region": "eu-west-1", "type": "spot-instances-request", "id": "sir-1"}]
    assert "UnauthorizedOperation" in problems[0]


@pytest.mark.parametrize("state", ["closed", "cancelled", "failed"])
def test_requests_that_are_over_are_nothing(state: str) -> None:
    there = cloud(describe_spot_instance_requests=requests(state))
    assert leftovers.select(there, "eu-west-1", [("spot-instances-request", "sir-1")], []).resources == {}


def test_kinds_that_cannot_be_removed_are_named() -> None:
    tagged = [
        ("elastic-ip", "eipalloc-1"),
        ("network-interface", "eni-1"),
        ("volume", "vol-1"),
        ("launch-template", "k"),
    ]
    found = leftovers.select(cloud(), "eu-west-1", tagged, ["k"])
    assert found.resources == {"volume": ["vol-1"]}
    assert found.reasons() == ["elastic-ip eipalloc-1: not removed, because the collection does not know how"]


def test_an_instance_that_may_not_be_terminated_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: pytest.fail("waited"))
    error: t.Any = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}
    there = cloud(
        describe_instances=instance(),
        terminate_instances=botocore.exceptions.ClientError(error, "TerminateInstances"),
    )
    rest, problems = leftovers.remove(there, Leftovers("eu-west-1", {"instance": ["i-1"]}))
    assert rest.resources == {"instance": ["i-1"]}
    assert "UnauthorizedOperation" in problems[0]
