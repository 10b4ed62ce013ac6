# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use AMIs and their snapshots, in two accounts and three Regions: shared, seen there, taken back."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from harness.cloud import Cloud
from harness.faults import faults
from harness.four import Four
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis
from harness.recorder import Recorder

MODULE = "golden.ami.ami_share"
THIRD = "333333333333"
REGIONS = [HOME_REGION, OTHER_REGION, "ap-southeast-2"]


def seen(amis: Amis, image_id: str, account: str, region: str = HOME_REGION) -> bool:
    filters = [{"Name": "image-id", "Values": [image_id]}]
    return bool(amis.client("ec2", region, account).describe_images(Filters=filters)["Images"])


def test_a_version_is_shared_with_its_snapshots_in_two_accounts_and_three_regions(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    places = [(account, region) for account in (amis.account, OTHER) for region in REGIONS]
    planted = {place: amis.plant(place[1], place[0]) for place in places}
    selected = {
        "image": amis.image,
        "version": amis.version,
        "accounts": [amis.account, OTHER],
        "regions": REGIONS,
    }
    outcome = four.module(MODULE, {**selected, "targets": {"accounts": [THIRD]}})
    # Account, Regions, session; then in each place the AMIs, its permissions and those of its snapshot.
    writes = {"ModifyImageAttribute": 6, "ModifySnapshotAttribute": 6}
    idle = 3 + 3 * 6
    outcome.expect(changed=True, writes=writes, idle_reads=idle)
    for (_account, region), image_id in planted.items():
        assert seen(amis, image_id, THIRD, region)
    third = amis.client("ec2", OTHER_REGION, THIRD)
    copied = third.copy_image(Name="copied", SourceImageId=planted[amis.account, HOME_REGION], SourceRegion=HOME_REGION)
    assert copied["ImageId"]
    four.module(MODULE, {**selected, "state": "remove", "targets": {"accounts": [THIRD]}}).expect(
        changed=True, writes=writes, idle_reads=idle
    )
    assert not any(seen(amis, image_id, THIRD, region) for (_account, region), image_id in planted.items())


def test_exactly_those_and_then_nobody(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    image_id = amis.plant()
    amis.client("ec2").modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": THIRD}]})
    amis.client("ec2").modify_snapshot_attribute(
        SnapshotId=amis.snapshot(image_id), Attribute="createVolumePermission", OperationType="add", UserIds=[THIRD]
    )
    given = {"image_ids": [image_id]}
    outcome = four.module(MODULE, {**given, "state": "exact", "targets": {"accounts": [OTHER, amis.account]}})
    # EC2 adds to a snapshot's permissions and takes from them in two calls.
    outcome.expect(changed=True, writes={"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 2}, idle_reads=4)
    assert (seen(amis, image_id, OTHER), seen(amis, image_id, THIRD)) == (True, False)
    assert outcome.apply.result["images"][0]["launch_permissions"]["accounts"] == [OTHER]
    four.module(MODULE, {**given, "state": "private"}).expect(
        changed=True, writes={"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}, idle_reads=4
    )
    assert not seen(amis, image_id, OTHER)


def statement(outcome_message: str) -> dict[str, t.Any]:
    start = outcome_message.index("{\n")
    return dict(json.JSONDecoder().raw_decode(outcome_message[start:])[0])


def test_a_customers_key_must_let_them_in(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    kms = amis.client("kms")
    key = kms.create_key(Description="disks")["KeyMetadata"]["Arn"]
    image_id = amis.plant(key=key)
    given = {"image_ids": [image_id], "targets": {"accounts": [OTHER]}}
    said = four.refused(MODULE, given)
    assert f"{OTHER} may not use the KMS key {key}" in said
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"].append(statement(said))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    four.module(MODULE, given).expect(
        changed=True, writes={"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}, idle_reads=4
    )
    # What was printed is enough for them to copy it with.
    theirs = amis.client("ec2", account=OTHER)
    name = f"copied {secrets.token_hex(3)}"
    copied = theirs.copy_image(Name=name, SourceImageId=image_id, SourceRegion=HOME_REGION, Encrypted=True)
    assert copied["ImageId"]


def test_amazons_key_is_refused(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    image_id = amis.plant(key="alias/aws/ebs")
    said = four.refused(MODULE, {"image_ids": [image_id], "targets": {"accounts": [OTHER]}})
    assert f"{amis.snapshot(image_id)} in {amis.account}/{HOME_REGION} is encrypted with the AWS-managed key" in said
    assert "Copy the AMI with a customer managed key" in said


def test_the_public_only_where_it_is_let_in(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    image_id = amis.plant(OTHER_REGION)
    ec2 = amis.client("ec2", OTHER_REGION)
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    given = {"image_ids": [image_id], "regions": [OTHER_REGION], "public": True}
    assert "Block public access for AMIs reads as block-new-sharing" in four.refused(MODULE, given)
    ec2.disable_image_block_public_access()
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert "Block public access for snapshots reads as block-all-sharing" in four.refused(MODULE, given)
    ec2.disable_snapshot_block_public_access()
    outcome = four.module(MODULE, given)
    outcome.expect(changed=True, writes={"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}, idle_reads=5)
    assert seen(amis, image_id, THIRD, OTHER_REGION)
    assert outcome.apply.result["images"][0]["launch_permissions"]["public"] is True
    four.module(MODULE, {**given, "state": "remove"}).expect(
        changed=True, writes={"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}, idle_reads=5
    )


@pytest.fixture
def organization(cloud: Cloud) -> dict[str, str]:
    """An organization with an account in a unit and one at its root."""
    client = cloud.client("organizations")
    arn = client.create_organization(FeatureSet="ALL")["Organization"]["Arn"]
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="apps")["OrganizationalUnit"]
    made = [
        client.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("inside", "outside")
    ]
    client.move_account(AccountId=made[0], SourceParentId=root, DestinationParentId=unit["Id"])
    return {"arn": arn, "unit": unit["Id"], "unit_arn": unit["Arn"], "inside": made[0], "outside": made[1]}


def test_those_who_are_in_the_organization_now(four: Four, cloud: Cloud, organization: dict[str, str]) -> None:
    amis = Amis(cloud)
    image_id = amis.plant()
    lookup = {"image_ids": [image_id], "state": "exact", "targets": {"organization_accounts": {}}}
    outcome = four.module(MODULE, lookup)
    writes = {"ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}
    outcome.expect(changed=True, writes=writes, idle_reads=6)
    both = sorted([organization["inside"], organization["outside"]])
    assert outcome.apply.result["images"][0]["launch_permissions"]["accounts"] == both
    below = {**lookup, "targets": {"organization_accounts": {"parent_id": organization["unit"]}}}
    four.module(MODULE, below).expect(changed=True, writes=writes, idle_reads=7)
    assert (seen(amis, image_id, organization["inside"]), seen(amis, image_id, organization["outside"])) == (
        True,
        False,
    )
    whole = {**lookup, "targets": {"organizations": [organization["arn"]]}}
    outcome = four.module(MODULE, whole)
    outcome.expect(changed=True, writes=writes, idle_reads=4)
    assert seen(amis, image_id, organization["outside"])
    assert "cannot share snapshots with organizations" in str(outcome.apply.result["warnings"])
    unit = {**lookup, "targets": {"organizational_units": [organization["unit_arn"]]}}
    four.module(MODULE, unit).expect(changed=True, writes={"ModifyImageAttribute": 1}, idle_reads=4)
    assert (seen(amis, image_id, organization["inside"]), seen(amis, image_id, organization["outside"])) == (
        True,
        False,
    )


def test_half_way_denied_it_says_so_and_the_next_run_completes_it(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    image_id = amis.plant()
    given = {"image_ids": [image_id], "targets": {"accounts": [OTHER]}}
    with faults(cloud, "ModifySnapshotAttribute", "error", code="UnauthorizedOperation"):
        recorder = Recorder(cloud, tmp_path_factory.mktemp("denied"))
        _run, (_check, denied) = recorder.tasks(MODULE, given, 2, {})
    assert denied.failed
    assert [one["resources"] for one in denied.result["done"]] == [[image_id]]
    assert [one["resources"] for one in denied.result["not_done"]] == [[amis.snapshot(image_id)]]
    assert "UnauthorizedOperation" in denied.result["not_done"][0]["error"]
    four.module(MODULE, given).expect(changed=True, writes={"ModifySnapshotAttribute": 1}, idle_reads=4)


def test_what_is_refused_before_a_write(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    theirs = amis.plant(account=OTHER)
    amis.client("ec2", account=OTHER).modify_image_attribute(
        ImageId=theirs, LaunchPermission={"Add": [{"UserId": amis.account}]}
    )
    own = {"image_ids": [amis.plant()]}
    somebody = {"targets": {"accounts": [OTHER]}}
    four.refuses(
        MODULE,
        {
            f"{theirs} is of account {OTHER}": {"image_ids": [theirs], **somebody},
            "nobody is named": {**own, "state": "exact"},
            "twelve digits": {**own, "targets": {"accounts": ["12345678901"]}},
            "is not the ARN": {**own, "targets": {"organizations": ["o-a1b2c3d4e5"]}},
            "is not a Region": {**own, **somebody, "regions": ["mars-north-1"]},
        },
    )
