# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_share by its own main(), on accounts in memory."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import ami_share
from harness.aws_world import HOME, OTHER, STRANGER, World, install, result_of

Share = t.Callable[..., dict[str, t.Any]]
THIRD = "333333333333"
ORGANIZATION = f"arn:aws:organizations::{HOME}:organization/o-a1b2c3d4e5"
UNIT = f"arn:aws:organizations::{HOME}:ou/o-a1b2c3d4e5/ou-a1b2-c3d4e5f6"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def share(capsys: pytest.CaptureFixture[str]) -> Share:
    return lambda **given: result_of(ami_share.main, capsys, **given)


def users(*accounts: str) -> list[dict[str, str]]:
    return [{"UserId": account} for account in accounts]


def test_check_says_what_apply_does_and_then_there_is_nothing_to_do(world: World, share: Share) -> None:
    image_id = world.ami()
    snapshot_id = world.snapshot_of(image_id)
    given = {"image_ids": [image_id], "targets": {"accounts": [OTHER, HOME]}, "_ansible_diff": True}
    check = share(**given, _ansible_check_mode=True)
    assert world.writes() == []
    apply = share(**given)
    for key in ("changed", "images", "actions", "diff"):
        assert check[key] == apply[key], key
    assert apply["changed"]
    # The owner needs no permission.
    assert world.permissions == {image_id: users(OTHER), snapshot_id: users(OTHER)}
    assert world.writes() == ["ModifyImageAttribute", "ModifySnapshotAttribute"]
    assert [(one["action"], one["resources"], one["reason"]) for one in apply["actions"]] == [
        ("modify-launch-permissions", [image_id], f"add {OTHER}"),
        ("modify-volume-permissions", [snapshot_id], f"add {OTHER}"),
    ]
    again = [share(**given, _ansible_check_mode=mode) for mode in (True, False)]
    assert [(one["changed"], one["actions"]) for one in again] == [(False, []), (False, [])]
    assert len(world.writes()) == 2


def test_an_ami_whose_tests_failed_is_not_shared_and_can_be_taken_back(world: World, share: Share) -> None:
    image_id = world.ami(tags={"golden:tested": "failed 2026-11-21 by golden-1"})
    for name in (image_id, world.snapshot_of(image_id)):
        world.permissions[name] = users(THIRD)
    for state in ("add", "exact"):
        result = share(image_ids=[image_id], state=state, targets={"accounts": [OTHER]})
        assert result["failed"]
        assert f"{image_id} in {HOME}/" in result["msg"]
        assert "is quarantined, for its tests failed" in result["msg"]
        assert "golden.ami.ami_test" in result["msg"]
    assert world.writes() == []
    assert share(image_ids=[image_id], state="exact", targets={"accounts": [THIRD]})["changed"] is False
    assert share(image_ids=[image_id], state="private")["changed"]


def test_exact_replaces_and_private_takes_all(world: World, share: Share) -> None:
    image_id = world.ami()
    snapshot_id = world.snapshot_of(image_id)
    for name in (image_id, snapshot_id):
        world.permissions[name] = users(THIRD)
    share(image_ids=[image_id], state="exact", targets={"accounts": [OTHER]})
    assert world.permissions == {image_id: users(OTHER), snapshot_id: users(OTHER)}
    assert world.writes() == ["ModifyImageAttribute", "ModifySnapshotAttribute", "ModifySnapshotAttribute"]
    share(image_ids=[image_id], state="private")
    assert world.permissions == {image_id: [], snapshot_id: []}
    world.permissions[image_id] = [*users(OTHER, THIRD), {"OrganizationArn": ORGANIZATION}]
    share(image_ids=[image_id], state="remove", targets={"accounts": [OTHER], "organizations": [ORGANIZATION]})
    assert world.permissions[image_id] == users(THIRD)


def test_without_snapshots(world: World, share: Share) -> None:
    image_id = world.ami()
    result = share(image_ids=[image_id], targets={"accounts": [OTHER]}, snapshots=False)
    assert world.permissions == {image_id: users(OTHER)}
    assert result["images"][0]["snapshots"] == []


def test_snapshots_cannot_be_shared_with_organizations_and_that_is_said(world: World, share: Share) -> None:
    image_id = world.ami()
    given = {"image_ids": [image_id], "targets": {"organizations": [ORGANIZATION], "organizational_units": [UNIT]}}
    result = share(**given)
    assert world.permissions == {image_id: [{"OrganizationArn": ORGANIZATION}, {"OrganizationalUnitArn": UNIT}]}
    assert "EC2 cannot share snapshots with organizations" in str(result["warnings"])


def organization(world: World) -> None:
    """Two accounts at the root; a unit with one, below it a unit with one more; and one that is suspended."""
    root, apps, web = "r-a1b2", "ou-a1b2-aaaaaaaa", "ou-a1b2-bbbbbbbb"
    accounts = {root: [HOME, STRANGER], apps: [OTHER], web: [THIRD]}
    units = {root: [apps], apps: [web], web: []}
    active = {"Status": "ACTIVE"}
    gone = {"Id": "444444444444", "Status": "SUSPENDED"}
    world.answers = {
        "DescribeOrganization": {"Organization": {"Id": "o-a1b2c3d4e5"}},
        "ListAccounts": {"Accounts": [*({"Id": one, **active} for some in accounts.values() for one in some), gone]},
        "ListAccountsForParent": lambda _where, request: {
            "Accounts": [*({"Id": one, **active} for one in accounts[request["ParentId"]]), gone]
        },
        "ListOrganizationalUnitsForParent": lambda _where, request: {
            "OrganizationalUnits": [{"Id": one} for one in units[request["ParentId"]]]
        },
    }


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ({}, [OTHER, THIRD, STRANGER]),
        ({"exclude": [STRANGER]}, [OTHER, THIRD]),
        ({"parent_id": "r-a1b2"}, [OTHER, THIRD, STRANGER]),
        ({"parent_id": "r-a1b2", "recursive": False}, [STRANGER]),
        ({"parent_id": "ou-a1b2-aaaaaaaa"}, [OTHER, THIRD]),
        ({"parent_id": "ou-a1b2-bbbbbbbb"}, [THIRD]),
    ],
)
def test_accounts_that_are_looked_up(world: World, share: Share, lookup: dict[str, t.Any], found: list[str]) -> None:
    organization(world)
    image_id = world.ami()
    result = share(image_ids=[image_id], state="exact", targets={"organization_accounts": lookup})
    assert result["images"][0]["launch_permissions"]["accounts"] == found
    assert world.permissions[world.snapshot_of(image_id)] == users(*found)


def test_a_unit_without_accounts_takes_nobodys_permission(world: World, share: Share) -> None:
    organization(world)
    image_id = world.ami()
    world.permissions[image_id] = users(OTHER)
    lookup = {"parent_id": "ou-a1b2-bbbbbbbb", "exclude": [THIRD]}
    result = share(image_ids=[image_id], state="exact", targets={"organization_accounts": lookup})
    assert "there is no active account in ou-a1b2-bbbbbbbb that is not excluded" in result["msg"]
    assert world.writes() == []


def test_who_may_not_look_into_the_organization_is_told_so(world: World, share: Share) -> None:
    organization(world)
    world.deny["ListAccounts"] = "AccessDeniedException"
    result = share(image_ids=[world.ami()], targets={"organization_accounts": {}})
    assert "list the accounts of the organization" in result["msg"]
    assert world.writes() == []


def test_amazons_key_is_refused_before_a_write(world: World, share: Share) -> None:
    plain = world.ami()
    encrypted = world.ami(key=world.key(manager="AWS"))
    result = share(image_ids=[plain, encrypted], targets={"accounts": [OTHER]})
    assert f"{world.snapshot_of(encrypted)} in {HOME}/eu-west-1 is encrypted with the AWS-managed key" in result["msg"]
    assert world.writes() == []


def test_a_key_that_lets_nobody_in_is_refused_with_the_statement(world: World, share: Share) -> None:
    key = world.key()
    image_id = world.ami(key=key)
    given = {"image_ids": [image_id], "targets": {"accounts": [OTHER, THIRD]}}
    result = share(**given)
    assert f"{OTHER}, {THIRD} may not use the KMS key {key}" in result["msg"]
    assert world.writes() == []
    (lacks,) = result["missing_key_statements"]
    (statement,) = lacks["statements"]
    assert json.dumps(statement, indent=2) in result["msg"]
    assert statement["Principal"]["AWS"] == [f"arn:aws:iam::{one}:root" for one in (OTHER, THIRD)]
    # One of them by a grant, the other by what was printed.
    grants = ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom"]
    world.keys[key]["Grants"] = [{"GranteePrincipal": OTHER, "Operations": grants}]
    (lacks,) = share(**given)["missing_key_statements"]
    assert lacks["statements"][0]["Principal"]["AWS"] == [f"arn:aws:iam::{THIRD}:root"]
    world.keys[key]["Policy"] = json.dumps({"Statement": lacks["statements"]})
    result = share(**given)
    assert (result["changed"], result["missing_key_statements"]) == (True, [])


def test_with_a_warning_it_is_shared_all_the_same(world: World, share: Share) -> None:
    image_id = world.ami(key=world.key())
    result = share(image_ids=[image_id], targets={"accounts": [OTHER]}, key_access="warn")
    assert world.permissions[image_id] == users(OTHER)
    assert "AllowAccountsToUseSharedAmis" in str(result["warnings"])


def test_a_policy_that_cannot_be_read_is_a_warning_with_the_reason(world: World, share: Share) -> None:
    image_id = world.ami(key=world.key())
    world.deny["GetKeyPolicy"] = "AccessDeniedException"
    result = share(image_ids=[image_id], targets={"accounts": [OTHER]})
    assert result["changed"]
    assert "AccessDeniedException" in result["missing_key_statements"][0]["unread"]
    assert "could not be read" in str(result["warnings"])


def test_another_accounts_key_is_no_key_of_amazons(world: World, share: Share) -> None:
    """DescribeKey of it would be refused, and nothing is learned by it."""
    key = world.key(account=STRANGER, Effect="Allow", Principal={"AWS": [OTHER]}, Action="kms:*", Resource="*")
    world.deny["DescribeKey"] = "AccessDeniedException"
    assert share(image_ids=[world.ami(key=key)], targets={"accounts": [OTHER]})["changed"]


def test_taking_permissions_away_asks_no_key(world: World, share: Share) -> None:
    image_id = world.ami(key=world.key(manager="AWS"))
    world.permissions[image_id] = users(OTHER)
    assert share(image_ids=[image_id], state="remove", targets={"accounts": [OTHER]})["changed"]
    assert not any(operation.startswith(("DescribeKey", "GetKey", "List")) for operation in world.operations())


def test_public_only_when_block_public_access_is_off(world: World, share: Share) -> None:
    image_id = world.ami()
    world.block = "block-new-sharing"
    given = {"image_ids": [image_id], "public": True}
    result = share(**given)
    assert f"Block public access for AMIs reads as block-new-sharing in {HOME}/eu-west-1" in result["msg"]
    assert world.writes() == []
    world.deny["GetImageBlockPublicAccessState"] = "UnauthorizedOperation"
    assert "read whether AMIs of the account can be public" in share(**given)["msg"]
    assert world.writes() == []
    world.deny.clear()
    world.block = "unblocked"
    assert share(**given)["images"][0]["launch_permissions"]["public"] is True
    assert world.permissions[image_id] == world.permissions[world.snapshot_of(image_id)] == [{"Group": "all"}]
    assert share(**given, state="remove")["changed"]
    assert world.permissions[image_id] == []


def test_what_is_encrypted_is_never_public(world: World, share: Share) -> None:
    result = share(image_ids=[world.ami(key=world.key())], public=True)
    assert "has an encrypted disk, and EC2 lets no such AMI be public" in result["msg"]
    assert world.writes() == []


def test_a_disabled_image_is_not_shared(world: World, share: Share) -> None:
    image_id = world.ami(State="disabled")
    result = share(image_ids=[image_id], targets={"accounts": [OTHER]})
    assert f"{image_id} in {HOME}/eu-west-1 is disabled" in result["msg"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "nobody is named"),
        ({"state": "exact"}, "nobody is named"),
        ({"state": "private", "targets": {"accounts": [OTHER]}}, "with state private nobody is named"),
        ({"state": "private", "public": True}, "with state private nobody is named"),
        ({"targets": {"accounts": ["12345678901"]}}, "an account number has twelve digits"),
        ({"targets": {"organizations": ["o-a1b2c3d4e5"]}}, "is not the ARN of one"),
        ({"targets": {"organizations": [UNIT]}}, "is not the ARN of one"),
        ({"targets": {"organizational_units": ["ou-a1b2-c3d4e5f6"]}}, "is not the ARN of one"),
        ({"targets": {"organization_accounts": {"parent_id": "apps"}}}, "apps is no id of a root"),
        ({"targets": {"organization_accounts": {"recursive": False}}}, "say of what, when recursive is false"),
        ({"targets": {"organization_accounts": {"exclude": ["1"]}}}, "an account number has twelve digits"),
        ({"image_ids": ["snap-1"], "targets": {"accounts": [OTHER]}}, "is no id of an AMI"),
        ({"image_ids": [], "targets": {"accounts": [OTHER]}}, "Say either image_ids, or image and version"),
        ({"targets": {"groups": ["all"]}}, "Unsupported parameters"),
    ],
)
def test_refused_before_any_call(world: World, share: Share, given: dict[str, t.Any], said: str) -> None:
    result = share(**{"image_ids": [world.ami()], **given})
    assert result["failed"]
    assert said in result["msg"]
    assert world.calls == []


def test_a_strangers_image_is_refused(world: World, share: Share) -> None:
    image_id = world.ami(STRANGER)
    world.images[HOME, "eu-west-1"] = world.images[STRANGER, "eu-west-1"]
    assert f"{image_id} is of account {STRANGER}" in share(image_ids=[image_id], targets={"accounts": [OTHER]})["msg"]
    assert world.writes() == []


def test_denied_half_way_it_tells_what_was_done_and_the_next_run_completes_it(world: World, share: Share) -> None:
    here, there = world.ami(), world.ami(OTHER, "us-east-1")
    given = {
        "image_ids": [here, there],
        "accounts": [HOME, OTHER],
        "regions": ["eu-west-1", "us-east-1"],
        "targets": {"accounts": [THIRD]},
    }
    world.deny["ModifyImageAttribute", "us-east-1"] = "UnauthorizedOperation"
    result = share(**given)
    assert result["failed"]
    assert len(result["done"]) == 3
    (left,) = result["not_done"]
    assert (left["account"], left["image_id"]) == (OTHER, there)
    assert "UnauthorizedOperation" in left["error"]
    assert f"modify-launch-permissions {there} in {OTHER}/us-east-1" in result["msg"]
    world.deny.clear()
    assert [one["image_id"] for one in share(**given)["actions"]] == [there]
    assert not share(**given)["changed"]


def test_a_place_without_the_version_is_a_warning(world: World, share: Share) -> None:
    world.ami(tags={"golden:image": "web", "golden:version": "1"})
    given = {"image": "web", "version": "1", "regions": ["eu-west-1", "us-east-1"]}
    assert f"is not in {HOME}/us-east-1" in str(share(**given, targets={"accounts": [OTHER]})["warnings"])
