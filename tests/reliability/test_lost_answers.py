# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS does what it was asked to, and the answer gets lost. SDKs ask again: nothing may be there twice in the end.

RunInstances has a token by which EC2 knows the second call for the same. CreateImage has none, and the name of the AMI is
taken then: Packer fails, and knows nothing of the AMI that is there.
"""

from __future__ import annotations

import pytest
from harness.faults import Faults
from reliability.ground import Row
from reliability.recording import Call
from reliability.selection import calls_of_rows
from reliability.truth import CALLERS, PACKER, settle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "call" in metafunc.fixturenames:
        calls = calls_of_rows(metafunc, writes=True)
        metafunc.parametrize("call", calls, ids=[f"{one.caller} {one.operation}" for one in calls])


def made(row: Row, operation: str, *path: str | int) -> set[str]:
    """What calls of an operation made, by the answers that the cloud gave or would have given."""
    found = set()
    for call in row.calls():
        if call["operation"] == operation and call["result"] and not call["error"]:
            value = call["result"]
            for key in path:
                value = value[key]
            found.add(str(value))
    return found


@pytest.mark.row("lost answers", representative=True)
def test_run_instances(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    fault = faults.add("ec2:RunInstances", "drop_answer", user_agent=PACKER)
    result = row.bench.build("web")
    assert faults.hits(fault) == 1
    assert settle(row, faults, result, "web") == "built"
    assert sum(call["operation"] == "RunInstances" for call in row.calls()) == 2, "it was asked twice"
    assert len(made(row, "RunInstances", "Instances", 0, "InstanceId")) == 1


@pytest.mark.row("lost answers")
def test_create_image(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    fault = faults.add("ec2:CreateImage", "drop_answer", user_agent=PACKER)
    result = row.bench.build("web")
    assert faults.hits(fault) == 1
    assert settle(row, faults, result, "web") == "failed"
    assert "InvalidAMIName.Duplicate" in result.msg
    assert [one["type"] for one in result.removed if one["type"] in ("image", "snapshot")], "the first one was found"


@pytest.mark.row("lost answers")
def test_any_other(row: Row, faults: Faults, found: list[str], call: Call) -> None:
    row.bench.image("web")
    fault = faults.add(call.operation, "drop_answer", user_agent=CALLERS[call.caller])
    result = row.bench.start("web").finish(600)
    assert faults.hits(fault) == 1
    how = settle(row, faults, result, "web")
    found.append(f"{call.caller} {call.operation}, answer lost: {how} after {result.seconds:.0f} s")
    assert how in ("built", "failed"), result
