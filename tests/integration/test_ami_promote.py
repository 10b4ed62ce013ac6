# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel is moved in two accounts and three Regions, or in none; a consumer reads it."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import pytest
from harness.cloud import Cloud
from harness.four import Four
from harness.versions import OTHER, Versions

MODULE = "golden.ami.ami_promote"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]
Place = tuple[str, str]


@pytest.fixture(scope="module")
def versions(cloud: Cloud) -> Versions:
    return Versions(cloud)


@pytest.fixture(scope="module")
def places(versions: Versions) -> list[Place]:
    return [(account, region) for account in (versions.home, OTHER) for region in REGIONS]


@pytest.fixture(scope="module")
def everywhere(versions: Versions) -> dict[str, t.Any]:
    return {"accounts": [versions.home, OTHER], "regions": REGIONS}


@pytest.fixture(scope="module")
def made(versions: Versions, places: list[Place]) -> dict[str, list[str]]:
    return {version: versions.make("shop", version, *places) for version in ("1.0", "1.1", "1.2")}


# What an apply in six places writes: the locks, the channel, and the locks are gone again.
MOVED = {"PutParameter": 12, "DeleteParameter": 6}


def test_promoted_everywhere_then_back(
    four: Four, versions: Versions, places: list[Place], everywhere: dict[str, t.Any], made: dict[str, list[str]]
) -> None:
    options = {"image": "shop", "channel": "prod", **everywhere}
    # Who calls, the Regions, the other account, the history; parameters and AMIs of each place.
    idle = 4 + 2 * len(places)
    outcome = four.module(MODULE, {**options, "version": "1.0"})
    outcome.expect(changed=True, writes=MOVED, idle_reads=idle)
    assert versions.named("shop", "prod", *places) == made["1.0"]
    four.module(MODULE, {**options, "version": "1.1"})
    assert versions.named("shop", "prod", *places) == made["1.1"]
    outcome = four.module(MODULE, {**options, "state": "rolled_back"})
    outcome.expect(changed=True, writes=MOVED, idle_reads=idle)
    assert versions.named("shop", "prod", *places) == made["1.0"]
    latest, before, first = outcome.apply_again.result["history"]
    assert [one["what"] for one in (latest, before, first)] == ["rolled back", "promoted", "promoted"]
    assert (latest["version"], latest["former_version"]) == ("1.0", "1.1")
    assert latest["by"].startswith(f"arn:aws:iam::{versions.home}:user/")


def test_gates_and_what_is_missing_are_told_before_anything_is_written(
    four: Four, versions: Versions, everywhere: dict[str, t.Any], made: dict[str, list[str]]
) -> None:
    options = {"image": "shop", "channel": "gated", **everywhere}
    said = four.refused(MODULE, {**options, "version": "1.2", "gates": [{"tested": True}, {"base_not_eol": {}}]})
    assert "2 of 3 gates failed" in said
    assert "passed  not_revoked" in said
    lone = versions.make("shop", "1.3", (versions.home, "us-east-1"))
    said = four.refused(MODULE, {**options, "version": "1.3"})
    assert "Copy it there first with golden.ami.ami_copy from " + lone[0] in said
    assert f"{OTHER}/eu-west-1" in said
    assert "There are 1.3, 1.2, 1.1, 1.0." in four.refused(MODULE, {**options, "version": "7"})


LOOKUP = """
- name: A consumer
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read
      ansible.builtin.debug:
        msg: "{{ lookup('golden.ami.channel', 'shop', channel='prod', region='eu-west-1') }}"
    - name: Refused
      ansible.builtin.debug:
        msg: "{{ lookup('golden.ami.channel', 'shop', channel='nowhere') }}"
      ignore_errors: true
"""


def test_a_consumer_reads_it_and_never_from_aws(
    cloud: Cloud,
    four: Four,
    versions: Versions,
    everywhere: dict[str, t.Any],
    made: dict[str, list[str]],
    tmp_path: Path,
) -> None:
    """The caller's shell has keys of AWS and an endpoint: the inventory says that the cloud is the local one."""
    four.module(MODULE, {"image": "shop", "channel": "prod", "version": "1.2", **everywhere})
    play = tmp_path / "consumer.yml"
    play.write_text(LOOKUP)
    foreign = {
        "AWS_ACCESS_KEY_ID": "AKIDPLANTED" + secrets.token_hex(4),
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    run = cloud.play(str(play), **foreign)
    assert run.rc == 0, run.output
    assert made["1.2"][1] in run.output
    assert "shop has no channel nowhere in us-east-1 of the local cloud" in " ".join(run.output.split())
