# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that expire while a build runs: it ends soon, names what it cannot remove any more, and a sweep with new ones does."""

from __future__ import annotations

import pytest
from harness.builds import Result
from harness.faults import Faults, own_key
from reliability.ground import Row
from reliability.truth import settle, told

# Packer repeats each call for a minute and a half, a quarter of an hour altogether; the module ends that, and asks it for
# half a minute to clean up before it insists for another. Seconds, on a machine that is busy with other rows.
SOON = 420


def build(row: Row, faults: Faults, operation: str, **fields: object) -> Result:
    """Build with a key of its own that expires, so that the row and its sweep have good ones."""
    row.bench.image("web")
    with own_key(row.cloud) as key:
        faults.add(operation, "expire_credentials", access_key=key, **fields)
        return row.bench.start("web").finish(SOON)


@pytest.mark.row("credentials")
def test_before_anything_is_launched(row: Row, faults: Faults) -> None:
    result = build(row, faults, "ssm:GetParameter")
    assert settle(row, faults, result, "web") == "failed"
    assert "the credentials have expired: get new ones" in result.msg


@pytest.mark.row("credentials")
@pytest.mark.parametrize("operation", ["CreateKeyPair", "CreateSecurityGroup", "StopInstances"])
def test_in_the_middle(row: Row, faults: Faults, operation: str) -> None:
    result = build(row, faults, f"ec2:{operation}", after=True)
    assert settle(row, faults, result, "web") == "failed, and left something"
    assert "expired" in told(result)


@pytest.mark.row("credentials")
def test_after_run_instances(row: Row, faults: Faults) -> None:
    result = build(row, faults, "ec2:RunInstances", after=True)
    assert settle(row, faults, result, "web") == "failed, and left something"
    assert "credentials have expired" in result.msg
    assert "./taskw sweep IMAGE=web" in result.msg
    assert {one["type"] for one in result.leftovers} >= {"instance", "security-group", "key-pair"}


@pytest.mark.row("credentials")
def test_after_create_image(row: Row, faults: Faults) -> None:
    result = build(row, faults, "ec2:CreateImage", after=True)
    assert settle(row, faults, result, "web") == "failed, and left something"
    assert "credentials have expired" in result.msg
    assert {one["type"] for one in result.leftovers} >= {"instance", "image"}


@pytest.mark.row("credentials", representative=True)
@pytest.mark.parametrize("after", [True, False])
def test_at_the_record_of_the_version(row: Row, faults: Faults, after: bool) -> None:
    """The AMI is there, but not complete: no run takes it for a good one, so it is named, and the sweep takes it away."""
    result = build(row, faults, "ssm:PutParameter", after=after, parameters={"Name": "*/versions/*"})
    assert settle(row, faults, result, "web") == "failed, and left something"
    assert "could not be completed" in result.msg
    assert "credentials have expired" in result.msg
    assert {one["type"] for one in result.leftovers} == {"image", "snapshot"}
