# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletions that are not allowed. Packer says that something may still be around, and ends with 0; the module does not."""

from __future__ import annotations

import pytest
from harness.faults import Faults
from reliability.ground import Row
from reliability.truth import PACKER, settle

DELETIONS = {
    "TerminateInstances": "instance",
    "DeleteSecurityGroup": "security-group",
    "DeleteKeyPair": "key-pair",
}
REPRESENTATIVE = pytest.mark.row("denied", representative=True)


def deny(faults: Faults, *operations: str, user_agent: str | None = None) -> None:
    for operation in operations:
        faults.add(
            f"ec2:{operation}", "error", code="UnauthorizedOperation", status=403, times=None, user_agent=user_agent
        )


@pytest.mark.row("denied")
@pytest.mark.parametrize(
    "operation", [pytest.param(one, marks=[REPRESENTATIVE] if one == "DeleteKeyPair" else []) for one in DELETIONS]
)
def test_to_everybody(row: Row, faults: Faults, operation: str) -> None:
    """The AMI is good, and the module fails all the same: with the id, the reason, and what to do."""
    row.bench.image("web")
    deny(faults, operation)
    result = row.bench.build("web")
    assert result.failed, result
    assert result.log.count("errored after") == 0, "Packer says that all is well"
    assert DELETIONS[operation] in {one["type"] for one in result.leftovers}
    assert all(one["id"] in result.msg for one in result.leftovers)
    assert "UnauthorizedOperation" in result.msg
    assert "./taskw sweep IMAGE=web" in result.msg
    assert settle(row, faults, result, "web") == "built, and said failed, and left something"


@pytest.mark.row("denied")
@pytest.mark.parametrize("operation", DELETIONS)
def test_to_packer(row: Row, faults: Faults, operation: str) -> None:
    """The module may, so it does."""
    row.bench.image("web")
    deny(faults, operation, user_agent=PACKER)
    assert settle(row, faults, row.bench.build("web"), "web") == "built"


@pytest.mark.row("denied")
def test_everything_after_a_failed_provisioner(row: Row, faults: Faults) -> None:
    row.bench.image("web", "exit 3")
    deny(faults, *DELETIONS)
    result = row.bench.build("web")
    assert {one["type"] for one in result.leftovers} >= set(DELETIONS.values())
    assert "Script exited with non-zero exit status: 3" in result.msg
    assert settle(row, faults, result, "web") == "failed, and left something"


@pytest.mark.row("denied")
@pytest.mark.parametrize("operation", ["DeregisterImage", "DeleteSnapshot"])
def test_of_an_image_that_failed(row: Row, faults: Faults, operation: str) -> None:
    row.bench.image("web")
    faults.add("ec2:CreateImage", "image_failed")
    deny(faults, operation)
    result = row.bench.build("web")
    assert result.leftovers
    assert "UnauthorizedOperation" in result.msg
    assert settle(row, faults, result, "web") == "failed, and left something"
