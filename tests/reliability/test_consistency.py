# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 does not know yet what it has just made. Who asks again gets there; who does not fails, and leaves nothing.

Packer asks again for an instance, and not for an AMI that it has made a moment ago.
"""

from __future__ import annotations

import pytest
from harness.faults import Faults
from reliability.ground import Row
from reliability.recording import before
from reliability.truth import CALLERS, settle

BUILT, FAILED, EITHER = ("built",), ("failed",), ("built", "failed")
INSTANCE, AMI = "InvalidInstanceID.NotFound", "InvalidAMIID.NotFound"


@pytest.mark.row("consistency")
@pytest.mark.parametrize(
    ("caller", "operation", "code", "after", "times", "ends"),
    [
        pytest.param(
            # There is nothing to describe before: it needs no recording.
            *("packer", "DescribeInstances", INSTANCE, "", 2, BUILT),
            marks=pytest.mark.row("consistency", representative=True),
        ),
        ("packer", "StopInstances", INSTANCE, "RunInstances", 1, BUILT),
        ("packer", "TerminateInstances", INSTANCE, "RunInstances", 1, BUILT),
        ("packer", "DescribeSecurityGroups", "InvalidGroup.NotFound", "CreateSecurityGroup", 2, BUILT),
        ("packer", "AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", "CreateSecurityGroup", 1, EITHER),
        ("packer", "RunInstances", "InvalidGroup.NotFound", "CreateSecurityGroup", 1, EITHER),
        ("packer", "RunInstances", "InvalidKeyPair.NotFound", "CreateKeyPair", 1, EITHER),
        ("packer", "DescribeImages", AMI, "CreateImage", 1, EITHER),
        ("packer", "ModifyImageAttribute", AMI, "CreateImage", 1, EITHER),
        ("packer", "CreateTags", AMI, "CreateImage", 1, EITHER),
        ("packer", "CreateTags", "InvalidSnapshot.NotFound", "CreateImage", 1, EITHER),
        ("module", "CreateTags", AMI, "CreateTags", 2, BUILT),
        ("module", "CreateTags", "InvalidSnapshot.NotFound", "CreateTags", 2, BUILT),
    ],
)
def test_not_found_yet(
    row: Row,
    faults: Faults,
    found: list[str],
    caller: str,
    operation: str,
    code: str,
    after: str,
    times: int,
    ends: tuple[str, ...],
) -> None:
    # Without a description Packer changes nothing of the AMI.
    row.bench.image("web")
    skip = before(caller, f"ec2:{operation}", f"ec2:{after}") if after else 0
    fault = faults.add(f"ec2:{operation}", "error", code=code, times=times, skip=skip, user_agent=CALLERS[caller])
    result = row.bench.start("web", variables={"description": "described"}).finish(600)
    assert faults.hits(fault) == times, result
    how = settle(row, faults, result, "web")
    found.append(f"{caller} {operation}, {code} {times}x: {how} after {result.seconds:.0f} s")
    assert how in ends, result
