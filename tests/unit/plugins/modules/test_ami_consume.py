# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_consume by its own main(), on two accounts in memory: what is taken, what is written, and what is refused."""

from __future__ import annotations

import datetime
import json
import typing as t
from dataclasses import dataclass, field

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._ami import consume_run
from ansible_collections.golden.ami.plugins.modules import ami_consume
from harness import ec2_world
from harness.ec2_world import HOME, OTHER, Fault, refusal, tagged

REGION = "us-east-1"
THERE, HERE = (HOME, REGION), (OTHER, REGION)
THEIRS = {"golden:image": "web", "golden:version": "1.0", "golden:complete": "yes", "golden:fingerprint": "f1"}
OWN_KEY = f"arn:aws:kms:{REGION}:{OTHER}:key/own"
THEIR_KEY = f"arn:aws:kms:{REGION}:{HOME}:key/theirs"
ROLE = f"arn:aws:iam::{OTHER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
RECORD, CHANNEL = "/golden/web/versions/1.0", "/golden/web/prod"

Consume = t.Callable[..., dict[str, t.Any]]
Resource = dict[str, t.Any]


@dataclass
class World(ec2_world.World):
    """With parameters, grants, and tags that belong to the account that wrote them."""

    parameters: dict[tuple[str, str], dict[str, list[Resource]]] = field(default_factory=dict)
    grants: dict[str, list[Resource]] = field(default_factory=dict)
    foreign_tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def put(self, place: tuple[str, str], name: str, value: str, description: str = "") -> None:
        versions = self.parameters.setdefault(place, {}).setdefault(name, [])
        told = {"Name": name, "Value": value, "Description": description, "Version": len(versions) + 1}
        versions.append({**told, "LastModifiedDate": datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)})

    def value(self, name: str) -> str | None:
        versions = self.parameters.get(HERE, {}).get(name)
        return versions[-1]["Value"] if versions else None

    def _GetCallerIdentity(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        return {"Account": place[0], "Arn": f"arn:aws:iam::{place[0]}:user/me"}

    def _GetParameters(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        there = self.parameters.get(place, {})
        return {"Parameters": [there[name][-1] for name in request["Names"] if name in there]}

    def _GetParameter(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        there = self.parameters.get(place, {})
        if request["Name"] not in there:
            raise refusal("GetParameter", "ParameterNotFound")
        return {"Parameter": there[request["Name"]][-1]}

    def _GetParameterHistory(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        return {"Parameters": self.parameters[place][request["Name"]]}

    def _PutParameter(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        if not request.get("Overwrite") and request["Name"] in self.parameters.get(place, {}):
            raise refusal("PutParameter", "ParameterAlreadyExists")
        self.put(place, request["Name"], request["Value"], request.get("Description", ""))
        return {"Version": 1}

    def _DeleteParameter(self, place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        del self.parameters[place][request["Name"]]
        return {}

    def _ListGrants(self, _place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        return {"Grants": self.grants.get(request["KeyId"], [])}

    def _CreateGrant(self, _place: tuple[str, str], request: Resource) -> Resource:  # noqa: N802
        self.grants.setdefault(request["KeyId"], []).append(request)
        return {"GrantId": "g", "GrantToken": "t"}

    def _DescribeImages(self, place: tuple[str, str], request: Resource) -> Resource:
        found = super()._DescribeImages(place, request)["Images"]
        return {"Images": [self._seen_by(place, one) for one in found]}

    def _seen_by(self, place: tuple[str, str], one: Resource) -> Resource:
        if one["OwnerId"] == place[0]:
            return one
        return {**one, "Tags": tagged(self.foreign_tags.get((place[0], one["ImageId"]), {}))}

    def _CreateTags(self, place: tuple[str, str], request: Resource) -> Resource:
        for resource in request["Resources"]:
            if resource in {**self.images.get(place, {}), **self.snapshots.get(place, {})}:
                super()._CreateTags(place, {**request, "Resources": [resource]})
            else:
                told = {one["Key"]: one["Value"] for one in request["Tags"]}
                self.foreign_tags.setdefault((place[0], resource), {}).update(told)
        return {}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    monkeypatch.setattr(consume_run, "time", made.clock)
    monkeypatch.setattr("ansible_collections.amazon.aws.plugins.module_utils.cloud.time", made.clock)
    return made


@pytest.fixture
def consume(capsys: pytest.CaptureFixture[str]) -> Consume:
    """Runs the module in the consumer's account, with options that a test gives; its result."""

    def call(**given: t.Any) -> dict[str, t.Any]:
        options = {
            "region": REGION,
            "access_key": OTHER,
            "secret_key": "local-secret-key",
            "image": "web",
            "channel": "prod",
            "publisher_account": HOME,
            **given,
        }
        with patch_module_args(options), pytest.raises(SystemExit):
            ami_consume.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def publish(world: World, *, shared: bool = True, **given: t.Any) -> str:
    """A version of the publisher's, in its channel prod, shared with its snapshots."""
    made = world.image(THERE, **{"Name": "web-1.0", "tags": THEIRS, **given})
    image_id = str(made["ImageId"])
    for name in (RECORD, CHANNEL):
        world.put(THERE, name, image_id)
    if shared:
        disks = [one["Ebs"]["SnapshotId"] for one in made["BlockDeviceMappings"]]
        world.shared |= {(one, OTHER) for one in (image_id, *disks)}
    return image_id


BY_ROLE = {"publisher_role": "reader"}
# The lock, the record and the channel, and the lock is gone again.
MOVED = ["PutParameter", "PutParameter", "PutParameter", "DeleteParameter"]


def four(world: World, consume: Consume, writes: list[str], **options: t.Any) -> list[dict[str, t.Any]]:
    """Check, apply, check, apply."""
    check = consume(**options, _ansible_check_mode=True, _ansible_diff=True)
    assert world.writes == [], check
    apply = consume(**options, _ansible_diff=True)
    assert sorted(world.writes) == sorted(writes), apply
    again = [consume(**options, _ansible_check_mode=True, _ansible_diff=True), consume(**options, _ansible_diff=True)]
    assert sorted(world.writes) == sorted(writes)
    results = [check, apply, *again]
    assert [one["changed"] for one in results] == [True, True, False, False]
    assert [line["action"] for line in check["steps"]] == [line["action"] for line in apply["steps"]]
    assert all(one["diff"]["before"] == one["diff"]["after"] for one in again)
    return results


def test_the_publishers_channel_is_followed(world: World, consume: Consume) -> None:
    image_id = publish(world)
    check, apply, *_rest = four(world, consume, ["CreateTags", *MOVED], **BY_ROLE)
    assert check["diff"] == apply["diff"]
    assert (apply["image_id"], apply["version"], apply["copied"]) == (image_id, "1.0", False)
    assert (world.value(RECORD), world.value(CHANNEL)) == (image_id, image_id)
    told = world.foreign_tags[OTHER, image_id]
    assert told == {**THEIRS, "golden:publisher": f"{HOME}/{REGION}/{image_id}"}
    assert world.tags(THERE, image_id) == THEIRS, "nothing is written in the publisher's account"
    assert {place for place, operation, _request in world.seen if operation in world.writes} == {HERE}


def test_the_channel_moves_on_and_its_history_tells_from_where(world: World, consume: Consume) -> None:
    first = publish(world)
    consume(**BY_ROLE)
    second = publish(world, Name="web-1.1", tags={**THEIRS, "golden:version": "1.1"})
    result = consume(**BY_ROLE)
    assert (result["version"], world.value(CHANNEL), world.value(RECORD)) == ("1.1", second, first)
    written = world.parameters[HERE][CHANNEL][-1]["Description"]
    assert written.startswith(f"promoted: 1.1 after 1.0 by arn:aws:iam::{OTHER}:user/me")


def test_another_channel_of_the_publisher(world: World, consume: Consume) -> None:
    image_id = publish(world)
    world.put(THERE, "/golden/web/stable", image_id)
    consume(**BY_ROLE, channel="ours", publisher_channel="stable")
    assert world.value("/golden/web/ours") == image_id
    told = consume(**BY_ROLE, publisher_channel="beta")["msg"]
    assert f"There is no SSM parameter /golden/web/beta in {HOME}/{REGION}" in told


def test_without_a_way_into_the_publishers_account(world: World, consume: Consume) -> None:
    image_id = publish(world)
    _check, apply, *_rest = four(world, consume, ["CreateTags", *MOVED], version="1.0")
    assert apply["image_id"] == image_id
    assert "AssumeRole" not in world.operations
    other = publish(world, Name="unusual")
    assert consume(version="2.0", image_id=other)["image_id"] == other


def test_a_copy_of_ones_own_with_a_key_of_ones_own(world: World, consume: Consume) -> None:
    image_id = publish(world)
    world.keys[HERE] = {"alias/own": {"Arn": OWN_KEY, "KeyManager": "CUSTOMER"}, OWN_KEY: {"Arn": OWN_KEY}}
    options = {**BY_ROLE, "copy": True, "kms_key": "alias/own"}
    check, apply, *_rest = four(world, consume, ["CreateGrant", "CopyImage", *MOVED], **options)
    assert (check["image_id"], check["copied"]) == (None, True)
    made = apply["image_id"]
    assert made != image_id
    assert world.tags(HERE, made)["golden:fingerprint"] == "f1"
    assert (world.value(RECORD), world.value(CHANNEL)) == (made, made)
    (request,) = (request for _place, operation, request in world.seen if operation == "CopyImage")
    assert (request["KmsKeyId"], request["Encrypted"]) == (OWN_KEY, True)
    (grant,) = world.grants[OWN_KEY]
    assert grant["GranteePrincipal"] == ROLE
    assert world.operations.index("CreateGrant") < world.operations.index("CopyImage")


def test_a_copy_that_fails_moves_no_channel(world: World, consume: Consume) -> None:
    publish(world)
    world.fails[REGION] = "no access to the key"
    told = consume(**BY_ROLE, copy=True)
    assert told["failed"]
    assert "no access to the key" in told["msg"]
    assert "No channel was moved." in told["msg"]
    assert world.value(CHANNEL) is None
    assert "DeregisterImage" in world.writes, "what failed is removed"


def test_the_publishers_key_is_granted_when_its_ami_is_used(world: World, consume: Consume) -> None:
    publish(world, key=THEIR_KEY)
    world.keys[HERE] = {THEIR_KEY: {"Arn": THEIR_KEY, "KeyManager": "CUSTOMER"}}
    four(world, consume, ["CreateGrant", "CreateTags", *MOVED], **BY_ROLE)
    assert [grant["GranteePrincipal"] for grant in world.grants[THEIR_KEY]] == [ROLE]


def test_no_grant_where_none_is_wanted_or_can_be(world: World, consume: Consume) -> None:
    publish(world)
    world.keys[HERE] = {
        "alias/aws/ebs": {"Arn": OWN_KEY, "KeyManager": "AWS"},
        OWN_KEY: {"Arn": OWN_KEY, "KeyManager": "AWS"},
    }
    consume(**BY_ROLE, copy=True, kms_key="alias/aws/ebs")
    assert world.grants == {}


def test_no_grant_without_a_role(world: World, consume: Consume) -> None:
    publish(world)
    world.keys[HERE] = {"alias/own": {"Arn": OWN_KEY}}
    consume(**BY_ROLE, copy=True, kms_key="alias/own", autoscaling_role="")
    assert (world.grants, "ListGrants" in world.operations) == ({}, False)


def test_what_somebody_else_wrote_meanwhile_stays(world: World, consume: Consume) -> None:
    publish(world)
    create = world._CreateTags

    def meddle(place: tuple[str, str], request: Resource) -> Resource:
        world.put(HERE, CHANNEL, "ami-0fedcba9876543210")
        return create(place, request)

    world._CreateTags = meddle  # type: ignore[method-assign]
    told = consume(**BY_ROLE)
    assert "were changed by somebody else meanwhile" in told["msg"]
    assert world.value(CHANNEL) == "ami-0fedcba9876543210"
    assert world.value("/golden/web/locks/promote") is None


def test_a_parameter_that_can_not_be_written_is_undone(world: World, consume: Consume) -> None:
    publish(world)
    denied = refusal("PutParameter", "AccessDeniedException")
    world.faults.append(Fault("PutParameter", denied, lambda _place, request: request["Name"] == CHANNEL))
    told = consume(**BY_ROLE)
    assert "No channel was moved" in told["msg"]
    assert (world.value(RECORD), world.value(CHANNEL)) == (None, None)


def refused(world: World, consume: Consume, **options: t.Any) -> str:
    check, apply = consume(**options, _ansible_check_mode=True), consume(**options)
    assert check["failed"] and apply["failed"]
    assert check["msg"] == apply["msg"]
    assert world.writes == []
    return str(apply["msg"])


def test_not_shared(world: World, consume: Consume) -> None:
    image_id = publish(world, shared=False)
    told = refused(world, consume, **BY_ROLE)
    assert f"Account {OTHER} sees no AMI {image_id} in {REGION}: account {HOME} has not shared it" in told
    told = refused(world, consume, version="1.0")
    assert f"Account {OTHER} sees no AMI web-1.0 of account {HOME}" in told


def test_shared_without_its_snapshots(world: World, consume: Consume) -> None:
    image_id = publish(world, shared=False)
    world.shared.add((image_id, OTHER))
    assert "its snapshots are not" in refused(world, consume, **BY_ROLE, copy=True)


def test_credentials_of_the_publisher_itself(world: World, consume: Consume) -> None:
    publish(world)
    told = refused(world, consume, **BY_ROLE, access_key=HOME)
    assert f"these are credentials of account {HOME} itself" in told


def test_keys_that_can_not_be_used(world: World, consume: Consume) -> None:
    publish(world, key=THEIR_KEY)
    told = refused(world, consume, **BY_ROLE)
    assert f"is encrypted with {THEIR_KEY}, which account {OTHER} may not use" in told
    world.keys[HERE] = {THEIR_KEY: {"Arn": THEIR_KEY}}
    told = refused(world, consume, **BY_ROLE, copy=True, kms_key="alias/none")
    assert f"kms_key: account {OTHER} has no key alias/none" in told


def test_grants_that_can_not_be_seen(world: World, consume: Consume) -> None:
    publish(world, key=THEIR_KEY)
    world.keys[HERE] = {THEIR_KEY: {"Arn": THEIR_KEY}}
    world.faults.append(Fault("ListGrants", refusal("ListGrants", "AccessDeniedException"), times=9))
    told = refused(world, consume, **BY_ROLE)
    assert f"kms:CreateGrant, of which its owner has to allow account {OTHER} both" in told
    assert consume(**BY_ROLE, autoscaling_role="")["changed"]


def test_a_version_is_recorded_once(world: World, consume: Consume) -> None:
    publish(world)
    world.put(HERE, RECORD, "ami-0fedcba9876543210")
    assert "a version is recorded once" in refused(world, consume, **BY_ROLE)
    assert "a copy that is still to be made" in refused(world, consume, **BY_ROLE, copy=True)


def test_a_copy_that_was_revoked_here(world: World, consume: Consume) -> None:
    publish(world)
    made = consume(**BY_ROLE, copy=True)["image_id"]
    world.images[HERE][made]["Tags"] += tagged({"golden:revoked": "CVE-2"})
    world.seen.clear()
    assert f"{made} is revoked in account {OTHER} (CVE-2)" in refused(world, consume, **BY_ROLE, copy=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "version: without publisher_role"),
        ({"version": "1.0", "kms_key": "alias/x"}, "kms_key: only a copy"),
        ({"version": "1.0", "channel": "versions"}, "channel: versions can be no channel"),
        ({"version": "1.0", "image": "../web"}, "'../web' is no image's name"),
        ({"version": "1.0", "publisher_account": "12"}, "an account number has twelve digits"),
        ({"version": "1.0", "image_id": "web"}, "web is no id of an AMI"),
        ({"version": "1.0", "tags": {"aws:x": "y"}}, "begins with aws:"),
        ({"version": "1.0", "publisher_channel": "prod"}, "mutually exclusive"),
    ],
)
def test_options_are_refused_before_a_call(
    world: World, consume: Consume, options: dict[str, t.Any], said: str
) -> None:
    assert said in refused(world, consume, **options)
    assert world.seen == []
