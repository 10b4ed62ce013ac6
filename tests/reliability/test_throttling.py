# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each operation of a build, refused once, 3 and 10 times and for ever because calls come too fast.

Packer's SDK tries a call 10 times, with about a minute between the first and the last; the module 6 times what botocore
tries 5 times, which takes as long. So once and 3 times must not matter, and after 10 times a build is good or has failed
as cleanly as any. For ever, it ends by itself or by its ``timeout``.
"""

from __future__ import annotations

import re

import pytest
from harness.builds import Result
from harness.faults import Faults
from reliability.ground import Row
from reliability.recording import Call
from reliability.selection import ALWAYS, calls_of_rows
from reliability.truth import CALLERS, settle, told

TIMES = {1: "once", 3: "3 times", 10: "10 times", None: "for ever"}
# Long enough to come to the last operation on a machine that is busy with other rows. Seconds, as the next.
TIMEOUT = 150
# Packer ends by itself within a minute and a half of an INT; then the module gives each kind of deletion a minute.
LONGEST = 900


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "times" not in metafunc.fixturenames:
        return
    calls = calls_of_rows(metafunc, [f" {words}" for words in TIMES.values()])
    rows = [(call, times) for call in calls for times in TIMES]
    metafunc.parametrize(
        ("call", "times"),
        [pytest.param(*row, id=_id(*row), marks=_representative(*row)) for row in rows],
    )


def _id(call: Call, times: int | None) -> str:
    return f"{call.caller} {call.operation} {TIMES[times]}"


def _representative(call: Call, times: int | None) -> list[pytest.MarkDecorator]:
    stands = (call, times) == (ALWAYS, 1)
    return [pytest.mark.row("throttling", representative=True)] if stands else []


@pytest.mark.row("throttling")
def test_throttled(row: Row, faults: Faults, found: list[str], call: Call, times: int | None) -> None:
    row.bench.image("web")
    faults.add(call.operation, "throttle", times=times, user_agent=CALLERS[call.caller])
    # The module's own calls come before and after Packer, which the timeout is for.
    ends = times is None and call.caller == "packer"
    result = row.bench.start("web", timeout=TIMEOUT if ends else LONGEST).finish(LONGEST)
    (fault,) = faults.list()
    assert fault["hits"] >= 1, "the fault was not met at all"
    how = settle(row, faults, result, "web")
    found.append(f"{_id(call, times)}: {how} after {result.seconds:.0f} s")
    if times in (1, 3):
        assert how == "built", result
    elif result.failed:
        assert how.startswith("failed") or call.caller == "module", "Packer's calls come before the AMI is whole"
        assert_told(result, call.operation.partition(":")[2])


def assert_told(result: Result, operation: str) -> None:
    """What calls came too fast: in the message, or where the timeout is the reason, in what Packer said until then."""
    said = told(result)
    if "timeout of" in said:
        lines = "\n".join(result.values.get("last_lines") or [])
        # Of what Packer repeats in silence its log has the step only: "Deleting temporary security group".
        verb, *thing = re.findall("[A-Z][a-z]+", operation)
        step = rf"{verb[:-1]}\w* (\w+ )?{' '.join(thing)}"
        assert re.search(f"{operation}|{step}", f"{said}\n{lines}\n{result.log}", re.IGNORECASE), result
    else:
        assert operation in said, result
        assert re.search("RequestLimitExceeded|Throttling", said), result
