# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs are copied to three Regions of two accounts once, whatever goes wrong meanwhile."""

from __future__ import annotations

import typing as t

import pytest
from harness.cloud import Cloud
from harness.faults import faults
from harness.four import Four
from harness.outcome import Step
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis
from harness.recorder import Recorder

MODULE = "golden.ami.ami_copy"
THIRD_REGION = "ap-southeast-2"
REGIONS = [HOME_REGION, OTHER_REGION, THIRD_REGION]
UNKNOWN = {"image_id"}


def copies(amis: Amis, source: str, region: str, account: str | None = None) -> list[dict[str, t.Any]]:
    filters = [{"Name": "source-image-id", "Values": [source]}]
    found: list[dict[str, t.Any]] = amis.client("ec2", region, account).describe_images(
        Owners=["self"], Filters=filters
    )["Images"]
    return found


def run(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, options: dict[str, t.Any]) -> Step:
    """Once, after a check."""
    _run, (_check, applied) = Recorder(cloud, tmp_path_factory.mktemp("copy")).tasks(MODULE, options, 2, {})
    return applied


def tags_of(found: dict[str, t.Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def test_two_amis_to_three_regions_of_two_accounts(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    sources = [amis.plant(team="web"), amis.plant(**{"golden:version": "another"})]
    ec2 = amis.client("ec2")
    ec2.create_tags(Resources=[amis.snapshot(sources[0])], Tags=[{"Key": "disk", "Value": "root"}])
    ec2.modify_image_attribute(ImageId=sources[0], Description={"Value": "as it was built"})
    options = {"image_ids": sources, "accounts": [amis.account, OTHER], "regions": REGIONS}
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    writes = {"CopyImage": 10, "ModifyImageAttribute": 2, "ModifySnapshotAttribute": 2}
    # Whose account it is, its Regions, the other account's session; AMIs and snapshots of the sources and of the five other places.
    outcome.expect(changed=True, writes=writes, idle_reads=3 + 2 + 5 * 2)
    told = {(one["account"], one["region"], one["source_image_id"]): one for one in outcome.apply.result["copies"]}
    assert len(told) == 12
    for (account, region, source), one in told.items():
        if (account, region) == (amis.account, HOME_REGION):
            assert one["image_id"] == source
            continue
        (found,) = copies(amis, source, region, account)
        assert (found["ImageId"], found["OwnerId"], found["State"]) == (one["image_id"], account, "available")
        assert tags_of(found)["golden:image"] == amis.image
    (first,) = copies(amis, sources[0], OTHER_REGION, OTHER)
    assert first["Description"] == "as it was built"
    assert tags_of(first)["team"] == "web"
    snapshots = amis.client("ec2", OTHER_REGION, OTHER).describe_snapshots(
        SnapshotIds=[first["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]]
    )["Snapshots"]
    assert tags_of(snapshots[0])["disk"] == "root"


def test_a_key_for_each_region_in_the_account_of_the_copy(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    source = amis.plant()
    for region in (OTHER_REGION, THIRD_REGION):
        kms = amis.client("kms", region, OTHER)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{amis.image}", TargetKeyId=key)
    alias = f"alias/{amis.image}"
    options = {
        "image_ids": [source],
        "accounts": [OTHER],
        "regions": [OTHER_REGION, THIRD_REGION],
        "kms_keys": {OTHER_REGION: alias, THIRD_REGION: alias},
    }
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    writes = {"CopyImage": 2, "ModifyImageAttribute": 1, "ModifySnapshotAttribute": 1}
    outcome.expect(changed=True, writes=writes, idle_reads=3 + 2 + 2 * 3)
    (found,) = copies(amis, source, THIRD_REGION, OTHER)
    assert found["BlockDeviceMappings"][0]["Ebs"]["Encrypted"]
    said = four.refused(MODULE, {**options, "kms_keys": {OTHER_REGION: alias, THIRD_REGION: "alias/none"}})
    assert f"account {OTHER} has no key alias/none in {THIRD_REGION}" in said


@pytest.mark.night
def test_the_key_of_aws_keeps_an_image_in_its_account(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    source = amis.plant()
    options = {"image_ids": [source], "encrypted": True, "name": f"{amis.image} encrypted"}
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    outcome.expect(changed=True, writes={"CopyImage": 1}, idle_reads=5)
    encrypted = outcome.apply.result["copies"][0]["image_id"]
    said = four.refused(MODULE, {"image_ids": [encrypted], "accounts": [OTHER]})
    assert f"encrypted with the AWS-managed key of account {amis.account}" in said
    elsewhere = {"image_ids": [encrypted], "regions": [OTHER_REGION]}
    four.module(MODULE, elsewhere, unknown=UNKNOWN).expect(changed=True, writes={"CopyImage": 1}, idle_reads=6)


def test_a_copy_that_is_pending_is_waited_for(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    options = {"image_ids": [amis.plant()], "regions": [OTHER_REGION]}
    with faults(cloud, "CopyImage", "image_pending", region=OTHER_REGION):
        late = run(cloud, tmp_path_factory, {**options, "timeout": 3})
        assert "1 of 1 copies are not there after 3 seconds" in late.result["msg"]
        assert late.result["copies"][0]["state"] == "pending"
        begun = run(cloud, tmp_path_factory, {**options, "wait": False})
        assert (begun.changed, begun.result["copies"][0]["action"]) == (False, "wait")
    outcome = four.module(MODULE, options)
    outcome.expect(changed=False, writes={}, idle_reads=6)
    assert outcome.apply.result["copies"][0]["image_id"] == late.result["copies"][0]["image_id"]


@pytest.mark.night
def test_a_copy_that_failed_is_kept_or_removed_and_made_anew(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    source = amis.plant()
    options = {"image_ids": [source], "regions": [OTHER_REGION, THIRD_REGION]}
    before = len(amis.client("ec2", OTHER_REGION).describe_snapshots(OwnerIds=["self"])["Snapshots"])
    with faults(cloud, "CopyImage", "image_failed", region=OTHER_REGION, message="no key", times=None):
        removed = run(cloud, tmp_path_factory, options)
        assert [one["rolled_back"] for one in removed.result["copies"]] == [True, False]
        assert "no key" in removed.result["msg"]
        assert copies(amis, source, OTHER_REGION) == []
        assert len(amis.client("ec2", OTHER_REGION).describe_snapshots(OwnerIds=["self"])["Snapshots"]) == before
        kept = run(cloud, tmp_path_factory, {**options, "on_failure": "keep"})
        assert [one["state"] for one in kept.result["copies"]] == ["failed", "available"]
        assert [one["State"] for one in copies(amis, source, OTHER_REGION)] == ["failed"]
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    writes = {"DeregisterImage": 1, "DeleteSnapshot": 1, "CopyImage": 1}
    outcome.expect(changed=True, writes=writes, idle_reads=8)
    assert [one["action"] for one in outcome.apply.result["copies"]] == ["replace", "none"]
    assert [one["State"] for one in copies(amis, source, OTHER_REGION)] == ["available"]


@pytest.mark.parametrize("fault", ["drop_answer", "throttle"])
def test_a_copy_whose_answer_gets_lost_or_is_put_off_is_made_once(
    cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, fault: str
) -> None:
    amis = Amis(cloud)
    source = amis.plant()
    with faults(cloud, "CopyImage", fault, times=2):
        made = run(cloud, tmp_path_factory, {"image_ids": [source], "regions": [OTHER_REGION]})
    assert not made.failed, made.result["msg"]
    assert made.writes["CopyImage"] == 3
    assert [one["ImageId"] for one in copies(amis, source, OTHER_REGION)] == [made.result["copies"][0]["image_id"]]


def test_denied_in_one_account_the_rest_is_done_and_the_next_run_completes_it(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    options = {"image_ids": [amis.plant()], "accounts": [amis.account, OTHER], "regions": [OTHER_REGION]}
    with faults(cloud, "CopyImage", "error", code="UnauthorizedOperation", account=OTHER):
        denied = run(cloud, tmp_path_factory, options)
    assert denied.failed
    assert [one["state"] for one in denied.result["copies"]] == ["available", "absent"]
    assert f"{OTHER}/{OTHER_REGION}" in denied.result["msg"]
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    outcome.expect(changed=True, writes={"CopyImage": 1}, idle_reads=3 + 2 + 2 * 2)


def test_what_is_refused_before_a_write(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    own, theirs = amis.plant(), amis.plant(account=OTHER)
    key = f"arn:aws:kms:{HOME_REGION}:{amis.account}:key/one"
    wrong = {"image_ids": [own], "regions": [OTHER_REGION], "kms_keys": {OTHER_REGION: key}}
    four.refuses(
        MODULE,
        {
            f"there is no AMI {theirs}": {"image_ids": [theirs], "regions": [OTHER_REGION]},
            "is not a Region": {"image_ids": [own], "regions": ["mars-north-1"]},
            "twelve digits": {"image_ids": [own], "accounts": ["12345678901"]},
            f"the key for {OTHER_REGION} is in {HOME_REGION}": wrong,
            "golden.ami.ami_share before this one": {"image_ids": [own], "accounts": [OTHER], "share": False},
        },
    )


@pytest.mark.night
def test_copies_within_a_time(four: Four, cloud: Cloud) -> None:
    options = {"image_ids": [Amis(cloud).plant()], "regions": [OTHER_REGION], "completion_minutes": 30}
    outcome = four.module(MODULE, options, unknown=UNKNOWN)
    outcome.expect(changed=True, writes={"CopyImage": 1}, idle_reads=6)
