# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs and their snapshots get tags in one call for each place, in two accounts and three Regions."""

from __future__ import annotations

import typing as t

import pytest
from harness.cloud import Cloud
from harness.faults import faults
from harness.four import Four
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis
from harness.recorder import Recorder

REGIONS = [HOME_REGION, OTHER_REGION, "ap-southeast-2"]


def tags_of(ec2: t.Any, resource: str) -> dict[str, str]:
    told = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in told}


def test_a_version_is_tagged_wherever_it_is(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    places = [(account, region) for account in (amis.account, OTHER) for region in REGIONS]
    planted = {place: amis.plant(place[1], place[0]) for place in places}
    options = {
        "image": amis.image,
        "version": amis.version,
        "accounts": [amis.account, OTHER],
        "regions": REGIONS,
        "tags": {"team": "web"},
    }
    outcome = four.module("golden.ami.ami_tag", options)
    # Whose account it is, its Regions, the other account's session, and AMIs and snapshots in six places.
    outcome.expect(changed=True, writes={"CreateTags": 6}, idle_reads=3 + 2 * 6)
    for (account, region), image_id in planted.items():
        ec2 = amis.client("ec2", region, account)
        assert tags_of(ec2, image_id)["team"] == "web"
        assert tags_of(ec2, amis.snapshot(image_id, region, account)) == {"team": "web"}
    told = {(one["account"], one["region"]): one["image_id"] for one in outcome.apply.result["images"]}
    assert told == planted
    assert {one["reason"] for one in outcome.apply.result["actions"]} == {"set: team"}
    assert outcome.apply_again.result["actions"] == []


def test_two_amis_and_their_snapshots_take_one_call(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    ids = [amis.plant(), amis.plant()]
    outcome = four.module("golden.ami.ami_tag", {"image_ids": ids, "tags": {"team": "web", "count": 2}})
    outcome.expect(changed=True, writes={"CreateTags": 1}, idle_reads=3)
    (call,) = [call for call in outcome.apply.calls if call["operation"] == "CreateTags"]
    assert set(outcome.apply.result["actions"][0]["resources"]) == {*ids, *map(amis.snapshot, ids)}, call


def test_exactly_these_tags_and_those_of_the_collection(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    image_id = amis.plant(team="old", stray="yes")
    given = {"image_ids": [image_id], "tags": {"team": "web"}, "purge_tags": True}
    four.module("golden.ami.ami_tag", given).expect(
        changed=True, writes={"CreateTags": 1, "DeleteTags": 1}, idle_reads=3
    )
    left = tags_of(amis.client("ec2"), image_id)
    assert {name for name in left if not name.startswith("golden:")} == {"team"}
    assert left["golden:image"] == amis.image


def test_what_is_refused_before_a_write(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    theirs = amis.plant(account=OTHER)
    amis.client("ec2", account=OTHER).modify_image_attribute(
        ImageId=theirs, LaunchPermission={"Add": [{"UserId": amis.account}]}
    )
    name, tags = "golden.ami.ami_tag", {"team": "web"}
    said = four.refused(name, {"image_ids": [theirs], "tags": tags})
    assert f"{theirs} is of account {OTHER}" in said
    assert "add the account to accounts" in said
    own = {"image_ids": [amis.plant()]}
    four.refuses(
        name,
        {
            "There is no AMI ami-0123456789abcdef0": {"image_ids": ["ami-0123456789abcdef0"], "tags": tags},
            "begins with aws:": {**own, "tags": {"aws:team": "web"}},
            "at most 256": {**own, "tags": {"team": "x" * 257}},
            "would have 5": {**own, "tags": {f"t{n}": "x" for n in range(49)}},
            "is not a Region": {**own, "tags": tags, "regions": ["mars-north-1"]},
            "twelve digits": {**own, "tags": tags, "accounts": ["12345678901"]},
        },
    )


def test_half_way_denied_it_says_so_and_the_next_run_completes_it(
    four: Four, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    amis = Amis(cloud)
    here, there = amis.plant(), amis.plant(OTHER_REGION)
    options = {"image_ids": [here, there], "regions": [HOME_REGION, OTHER_REGION], "tags": {"team": "web"}}
    with faults(cloud, "CreateTags", "error", code="UnauthorizedOperation", region=OTHER_REGION):
        recorder = Recorder(cloud, tmp_path_factory.mktemp("denied"))
        _run, (_check, denied) = recorder.tasks("golden.ami.ami_tag", options, 2, {})
    assert denied.failed
    assert [(one["image_id"], one["action"]) for one in denied.result["done"]] == [(here, "tag")]
    assert [(one["image_id"], one["action"]) for one in denied.result["not_done"]] == [(there, "tag")]
    assert "UnauthorizedOperation" in denied.result["not_done"][0]["error"]
    assert "run the task again" in denied.result["msg"]
    four.module("golden.ami.ami_tag", options).expect(changed=True, writes={"CreateTags": 1}, idle_reads=6)
