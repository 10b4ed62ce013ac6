# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 has no room: the placements are tried in their order, one instance runs in the end, or the build fails and says so."""

from __future__ import annotations

import pytest
from harness.faults import Faults
from reliability.ground import Row
from reliability.truth import PACKER, settle, told

NONE, NOT_HERE = "InsufficientInstanceCapacity", "Unsupported"


def places(row: Row, *types: str) -> list[dict[str, str]]:
    """Each type in each of two subnets, in the order in which they are wanted."""
    subnets = sorted(one["SubnetId"] for one in row.cloud.client("ec2").describe_subnets()["Subnets"])[:2]
    assert len(subnets) == 2, subnets
    return [{"instance_type": kind, "subnet_id": subnet} for kind in types for subnet in subnets]


def launches(row: Row) -> list[tuple[str, str, str]]:
    """Type, subnet and what EC2 said to each try to launch, in order; a try that the SDK repeats counts once."""
    tries = []
    for call in row.calls():
        if call["operation"] == "RunInstances":
            asked = call["parameters"]
            tries.append((asked["InstanceType"], asked["SubnetId"], call["error"] or "launched"))
    return list(dict.fromkeys(tries))


def launched(row: Row) -> int:
    return sum(call["operation"] == "RunInstances" and not call["error"] for call in row.calls())


def lay(faults: Faults, code: str, status: int = 400, **parameters: str) -> None:
    faults.add(
        "ec2:RunInstances", "error", code=code, status=status, times=None, user_agent=PACKER, parameters=parameters
    )


@pytest.mark.row("capacity", representative=True)
def test_the_next_type(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    first, second = {"instance_type": "t3.micro"}, {"instance_type": "t3.small"}
    lay(faults, NONE, InstanceType="t3.micro")
    result = row.bench.build("web", placements=[first, second])
    assert settle(row, faults, result, "web") == "built"
    assert "No capacity for t3.micro: trying t3.small" in result.warnings
    assert launched(row) == 1


@pytest.mark.row("capacity")
@pytest.mark.parametrize("code", [NONE, NOT_HERE])
def test_through_types_and_subnets_in_order(row: Row, faults: Faults, code: str) -> None:
    """Only the last place has room."""
    row.bench.image("web")
    wanted = places(row, "t3.micro", "t3.small")
    for place in wanted[:-1]:
        lay(faults, code, InstanceType=place["instance_type"], SubnetId=place["subnet_id"])
    result = row.bench.start("web", placements=wanted).finish(600)
    assert settle(row, faults, result, "web") == "built"
    said = [code] * 3 + ["launched"]
    assert launches(row) == [
        (one["instance_type"], one["subnet_id"], how) for one, how in zip(wanted, said, strict=True)
    ]
    assert launched(row) == 1


@pytest.mark.row("capacity")
def test_nowhere(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    lay(faults, NONE)
    result = row.bench.start("web", placements=places(row, "t3.micro", "t3.small")).finish(600)
    assert settle(row, faults, result, "web") == "failed"
    assert NONE in result.msg
    assert "placements" in result.msg, "what can be done is told"
    assert len(launches(row)) == 4
    assert launched(row) == 0


@pytest.mark.row("capacity")
def test_as_aws_says_it(row: Row, faults: Faults) -> None:
    """With status 500, which Packer's SDK repeats for a minute before it believes it."""
    row.bench.image("web")
    lay(faults, NONE, status=500, InstanceType="t3.micro")
    placements = [{"instance_type": "t3.micro"}, {"instance_type": "t3.small"}]
    result = row.bench.start("web", placements=placements).finish(600)
    assert settle(row, faults, result, "web") == "built"
    assert launched(row) == 1


@pytest.mark.row("capacity")
def test_what_a_try_leaves_goes_before_the_next(row: Row, faults: Faults) -> None:
    """Packer may not delete what it made for the first place; the module does, and goes on."""
    row.bench.image("web")
    lay(faults, NONE, InstanceType="t3.micro")
    for operation in ("ec2:DeleteSecurityGroup", "ec2:DeleteKeyPair"):
        faults.add(operation, "error", code="UnauthorizedOperation", status=403, times=None, user_agent=PACKER)
    placements = [{"instance_type": "t3.micro"}, {"instance_type": "t3.small"}]
    result = row.bench.start("web", placements=placements).finish(600)
    assert settle(row, faults, result, "web") == "built", told(result)
    assert launched(row) == 1
