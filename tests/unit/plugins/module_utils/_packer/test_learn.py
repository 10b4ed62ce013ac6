# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.leftovers import Learned
from ansible_collections.golden.ami.plugins.module_utils._packer.learn import Learner, is_region

BEGIN = [
    "==> amazon-ebs.x: Found Image ID: ami-0123456789abcdef0",
    "==> amazon-ebs.x: Using existing SSH key pair mine and security group sg-0123456789abcdef0",
    "==> amazon-ebs.x: Creating temporary keypair: packer_6b0173a2-da25",
    "==> amazon-ebs.x: Creating temporary security group for this instance: packer_6b0173a3-929a",
    "==> amazon-ebs.x: Launching a source AWS instance...",
    "    amazon-ebs.x: Instance ID: i-0123456789abcdef0",
]
END = [
    "==> amazon-ebs.x: Creating AMI web-1 from instance i-0123456789abcdef0",
    "==> amazon-ebs.x: AMI: ami-0fedcba9876543210",
    "==> amazon-ebs.x: Copying/Encrypting AMI (ami-0fedcba9876543210) to other regions...",
    "==> amazon-ebs.x: Copying to: eu-central-1",
]
LEARNED = Learned(
    ["i-0123456789abcdef0"],
    ["packer_6b0173a2-da25"],
    ["packer_6b0173a3-929a"],
    ["ami-0fedcba9876543210"],
    ["eu-central-1"],
)


def heard(*lines: str, tagged: bool = False) -> Learned:
    learner = Learner(Learned(), tagged=tagged)
    for line in lines:
        learner.hear(line)
    return learner.learned


def test_only_what_is_made() -> None:
    learner = Learner(Learned(), tagged=False)
    news = [learner.hear(line) for line in BEGIN + END]
    assert news == [False, False, True, True, False, True, False, True, False, True]
    assert learner.learned == LEARNED


def test_tagged_things_need_no_proof_and_are_spoken_of_all_the_same() -> None:
    learned = heard(*BEGIN, *END, tagged=True)
    assert not learned.anything()
    assert learned.regions == ["eu-central-1"]
    assert learned.spoken_of("eu-west-1") == LEARNED.spoken_of("eu-west-1")
    assert {(one["type"], one["id"]) for one in learned.spoken_of("eu-west-1")} == {
        ("instance", "i-0123456789abcdef0"),
        ("key-pair", "packer_6b0173a2-da25"),
        ("security-group", "packer_6b0173a3-929a"),
        ("image", "ami-0fedcba9876543210"),
    }


@pytest.mark.parametrize(
    "said",
    [
        "==> amazon-ebs.x: Database Instance ID: i-0aaaaaaaaaaaaaaaa",
        "==> amazon-ebs.x: Instance ID: i-0aaaaaaaaaaaaaaaa",
        "    amazon-ebs.x: Instance ID: i-0aaaaaaaaaaaaaaaa",
        "Instance ID: i-0aaaaaaaaaaaaaaaa",
        "==> amazon-ebs.x: AMI: ami-0aaaaaaaaaaaaaaaa",
        "==> amazon-ebs.x: Copying to: eu-west-3",
        "==> amazon-ebs.x: Creating AMI other from instance i-0aaaaaaaaaaaaaaaa",
        "==> amazon-ebs.x: Creating temporary keypair: packer_0000",
    ],
)
def test_what_a_provisioner_says_is_not_learned(said: str) -> None:
    assert heard(*BEGIN, said, said, *END) == LEARNED


def test_builders_without_an_instance_learn_nothing_from_provisioners() -> None:
    said = ["==> null.x: Running local shell script: /tmp/x", "==> null.x: Instance ID: i-0aaaaaaaaaaaaaaaa"]
    assert not heard(*said).anything()


def test_builders_side_by_side() -> None:
    other = [line.replace("ebs.x", "ebs.y").replace("i-01", "i-02") for line in BEGIN]
    assert heard(*BEGIN, *other).instances == ["i-0123456789abcdef0", "i-0223456789abcdef0"]


@pytest.mark.parametrize("name", ["eu-central-1", "us-gov-west-1", "cn-north-1"])
def test_regions(name: str) -> None:
    assert is_region(name)


@pytest.mark.parametrize("name", ["db-master-1", "to-host-1", "localhost", "eu"])
def test_what_is_no_region(name: str) -> None:
    assert not is_region(name)
    assert not heard(*BEGIN, *END[:2], f"==> amazon-ebs.x: Copying to: {name}").regions
