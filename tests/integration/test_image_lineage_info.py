# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image whose parent has a newer AMI is behind, and says so; for any number of images it is one question."""

from __future__ import annotations

import time

import pytest
from harness.builds import DEBIAN
from harness.cloud import Cloud
from harness.four import Four

LINEAGE = "golden.ami.image_lineage_info"


def ami(cloud: Cloud, image: str, version: str, source: str) -> str:
    """An AMI as a build leaves it, made by a copy of Debian's."""
    ec2 = cloud.client("ec2")
    base = cloud.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    name = f"{image}-{version}"
    made = ec2.copy_image(Name=name, SourceImageId=base, SourceRegion="us-east-1")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1})
    told = {"image": image, "version": version, "source-ami": source, "fingerprint": "0" * 64, "complete": "yes"}
    ec2.create_tags(Resources=[made], Tags=[{"Key": f"golden:{key}", "Value": value} for key, value in told.items()])
    return str(made)


@pytest.fixture(scope="module")
def amis(cloud: Cloud) -> dict[str, str]:
    first = ami(cloud, "parent", "20261101000000", "ami-0")
    child = ami(cloud, "child", "20261102000000", first)
    # EC2 tells the time of creation in whole seconds.
    time.sleep(1.1)
    second = ami(cloud, "parent", "20261103000000", "ami-0")
    sibling = ami(cloud, "sibling", "20261104000000", second)
    return {"first": first, "second": second, "child": child, "sibling": sibling}


def test_a_child_is_behind_and_its_sibling_is_not(four: Four, amis: dict[str, str]) -> None:
    asked = [{"name": name, "parent": "parent"} for name in ("child", "sibling", "never-built")]
    outcome = four.module(LINEAGE, {"images": asked})
    outcome.expect(changed=False, writes={}, idle_reads=1)
    child, sibling, never = outcome.apply.result["images"]
    assert (child["behind"], sibling["behind"], never["behind"]) == (True, False, False)
    assert (child["ami_id"], child["source_ami"], child["parent_ami"]) == (amis["child"], amis["first"], amis["second"])
    assert never["ami_id"] is None
    assert outcome.apply.result["behind"] == [child["message"]]
    assert all(step.result["images"] == outcome.apply.result["images"] for step in outcome.steps)


def test_a_channel_says_what_a_child_follows(four: Four, amis: dict[str, str], cloud: Cloud) -> None:
    name = "/golden/parent/prod"
    cloud.client("ssm").put_parameter(Name=name, Value=amis["first"], Type="String", Overwrite=True)
    outcome = four.module(LINEAGE, {"images": [{"name": "child", "parent": "parent", "channel": "prod"}]})
    outcome.expect(changed=False, writes={}, idle_reads=2)
    assert outcome.apply.result["behind"] == []


def test_a_search_says_what_a_child_follows(four: Four, amis: dict[str, str]) -> None:
    """The search finds the first AMI of the parent only, and the child was made from that."""
    search = {"owners": ["self"], "name": "parent-20261101*"}
    asked = [{"name": name, "parent": "parent", "search": search} for name in ("child", "sibling")]
    outcome = four.module(LINEAGE, {"images": [{**one, "descendants": ["shop"]} for one in asked]})
    outcome.expect(changed=False, writes={}, idle_reads=2)
    assert [one["parent_ami"] for one in outcome.apply.result["images"]] == [amis["first"]] * 2
    (behind,) = outcome.apply.result["behind"]
    assert behind.startswith(f"sibling is behind: it was made from {amis['second']} of parent, the newest AMI named")
