# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._ami.leftovers import Learned
from ansible_collections.golden.ami.plugins.module_utils._packer.learn import learn


def test_only_what_is_made() -> None:
    learned = Learned()
    said = [
        "==> x: Found Image ID: ami-0123456789abcdef0",
        "==> x: Using existing SSH key pair mine and security group sg-0123456789abcdef0",
        "==> x: Creating temporary keypair: packer_6b0173a2-da25",
        "==> x: Creating temporary security group for this instance: packer_6b0173a3-929a",
        "==> x: Instance ID: i-0123456789abcdef0",
        "==> x: AMI: ami-0fedcba9876543210",
        "==> x: Copying AMI (ami-0fedcba9876543210) to region eu-central-1...",
    ]
    assert [learn(learned, line) for line in said] == [False, False, True, True, True, True, True]
    assert not learn(learned, said[4])
    assert learned == Learned(
        ["i-0123456789abcdef0"],
        ["packer_6b0173a2-da25"],
        ["packer_6b0173a3-929a"],
        ["ami-0fedcba9876543210"],
        ["eu-central-1"],
    )
