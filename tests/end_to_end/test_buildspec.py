# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""buildspec.yml by hand: a template without a definition is built and tagged, and a provisioner that fails fails it all."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, Run, run

CODEBUILD = {"CODEBUILD_BUILD_ID": "golden-images:6f0c2f5e-0d5b-4f39-9a51-1d5bd6a3c0de", "CODEBUILD_BUILD_NUMBER": "41"}
STATE = CHECKOUT / ".cache" / "buildspec"


def template(command: str) -> str:
    """A legacy template as teams have them, which writes no tags and knows nothing of this collection."""
    return json.dumps(
        {
            "builders": [
                {
                    "type": "amazon-ebs",
                    "region": "us-east-1",
                    "ami_name": "lone-{{timestamp}}",
                    "instance_type": "t3.micro",
                    "ssh_username": "admin",
                    "temporary_security_group_source_cidrs": ["0.0.0.0/0"],
                    "source_ami_filter": {
                        "filters": {"name": "debian-12-amd64-*"},
                        "owners": ["136693071363"],
                        "most_recent": True,
                    },
                }
            ],
            "provisioners": [{"type": "shell", "inline": [command]}],
        }
    )


def by_hand(cloud: Cloud, script: str) -> Run:
    # The inventory that is named says which cloud, though CodeBuild's variables are there.
    environment = {
        **cloud.environment,
        **CODEBUILD,
        "PACKER_SCRIPT": script,
        "ANSIBLE_INVENTORY": str(CHECKOUT / "inventories" / "local.yml"),
    }
    return run([str(CHECKOUT / "taskw"), "buildspec"], CHECKOUT, environment)


def phases() -> dict[str, bool]:
    """How they ended, as the report says."""
    (suite,) = ET.parse(STATE / "junit.xml").getroot()
    return {case.attrib["name"]: not len(case) for case in suite}


@pytest.fixture(autouse=True)
def no_state_left() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


def test_a_template_without_a_definition_is_built_and_tagged(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "packer-lone.json"
    path.write_text(template("echo hello | sudo tee /etc/greeting"))
    done = by_hand(cloud, str(path))
    assert done.rc == 0, done.output
    assert phases() == dict.fromkeys(("install", "pre_build", "build", "post_build"), True)
    built = json.loads((STATE / "build.json").read_text())
    (ami,) = [artifact["ami_id"] for artifact in built["artifacts"]]
    assert f"GOLDEN_AMI={ami}" in done.output
    ec2 = cloud.client("ec2")
    (image,) = ec2.describe_images(ImageIds=[ami])["Images"]
    ids = [mapping["Ebs"]["SnapshotId"] for mapping in image["BlockDeviceMappings"]]
    for resource in (image, *ec2.describe_snapshots(SnapshotIds=ids)["Snapshots"]):
        tags = {tag["Key"]: tag["Value"] for tag in resource["Tags"]}
        assert (tags["CodeBuildProject"], tags["BuildNumber"], tags["BuiltBy"]) == ("golden-images", "41", "Packer")
        assert tags["BuildDate"].startswith("20")

    # What is still good is not built again, and keeps its tags.
    before = cloud.inventory()
    again = by_hand(cloud, str(path))
    assert again.rc == 0, again.output
    assert cloud.inventory() == before
    assert "is still good" in again.words


def test_a_provisioner_that_fails_fails_the_build(cloud: Cloud, tmp_path: Path) -> None:
    before = cloud.inventory()
    path = tmp_path / "packer-failing.json"
    path.write_text(template("echo about to fail; exit 3"))
    done = by_hand(cloud, str(path))
    assert done.rc != 0, done.output
    assert phases() == {"install": True, "pre_build": True, "build": False}
    assert "about to fail" in (STATE / "packer.log").read_text()
    assert "Failed in build" in done.words
    assert cloud.inventory() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [('{"builders": [', "is not valid JSON"), ('{"builders": [{"type": "amazon-ebs"}]}', "packer-broken.json")],
)
def test_a_template_that_is_not_valid_fails_in_pre_build(cloud: Cloud, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "packer-broken.json"
    path.write_text(text)
    done = by_hand(cloud, str(path))
    assert done.rc != 0, done.output
    assert told in done.words
    assert not any(passed for name, passed in phases().items() if name != "install")
    assert "build" not in phases()


def test_a_script_that_is_not_there_is_told_with_the_candidates(cloud: Cloud) -> None:
    done = by_hand(cloud, "packer-wordpres")
    assert done.rc != 0, done.output
    assert "PACKER_SCRIPT=packer-wordpres: there is no image and no template of this name" in done.words
    assert "wordpress-legacy" in done.words
    assert phases() == {"install": False}
