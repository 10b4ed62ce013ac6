# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two builds at once: of one image only one is made, by whoever comes first, or by the other when that one dies."""

from __future__ import annotations

import collections.abc as c
import os
import signal
from pathlib import Path

import pytest
from harness.builds import Result
from reliability.boundaries import BY_NAME, settle, wait_until
from reliability.ground import Row

AT_WORK = BY_NAME["provisioner runs"]
SLOW = "echo at work on the instance\nsleep 8"


@pytest.mark.row("two at once", representative=True)
def test_two_at_once_make_one_ami(row: Row) -> None:
    row.bench.image("web", SLOW)
    results = [started.finish() for started in [row.bench.start("web") for _number in range(2)]]
    assert [result.rc for result in results] == [0, 0], results
    assert results[0].amis == results[1].amis, results
    assert sorted(result.values["changed"] for result in results) == [False, True], results
    assert row.images() == results[0].amis, "there is only the one"
    (built,) = [result for result in results if result.values["changed"]]
    row.good(built, "web")


@pytest.mark.row("two at once")
def test_who_does_not_wait_says_who_builds(row: Row) -> None:
    row.bench.image("web", SLOW)
    first = row.bench.start("web")
    wait_until(row, AT_WORK, first)
    second = row.bench.build("web", lock_timeout=0)
    assert second.rc != 0, second
    assert str(first.pid) in second.msg, second
    assert "golden-" in second.msg, second
    row.good(first.finish(), "web")


@pytest.fixture
def other_machine(row: Row, tmp_path: Path) -> c.Iterator[dict[str, str]]:
    """The environment of another machine: the same cloud and account, but nothing of what this one knows of its builds.

    So the lock that is a file says nothing, and the one in SSM decides.
    """
    state = tmp_path / "other"
    yield {"XDG_STATE_HOME": str(state)}
    left = [path for kind in ("runs/*", "keys/golden-*") for path in (state / "golden.ami").glob(kind)]
    assert not left, f"this is left on the other machine: {left}"


def said_by(machine: dict[str, str]) -> str:
    """What the builds of the other machine have logged."""
    found = Path(machine["XDG_STATE_HOME"], "golden.ami", "logs").glob("*.log")
    return "\n".join(log.read_text() for log in found)


@pytest.mark.row("two at once")
def test_two_machines_make_one_ami(row: Row, other_machine: dict[str, str]) -> None:
    """At the same moment, so that either may be the first."""
    row.bench.image("web", SLOW)
    results = [
        started.finish() for started in [row.bench.start("web"), row.bench.start("web", environment=other_machine)]
    ]
    assert [result.rc for result in results] == [0, 0], results
    assert results[0].amis == results[1].amis, results
    assert row.images() == results[0].amis, "there is only the one"
    (built,) = [result for result in results if result.values["changed"]]
    (waited,) = [result for result in results if not result.values["changed"]]
    assert str(built.values["run_id"]) in str(waited.values["reason"]), waited
    row.good(built, "web")


@pytest.mark.row("two at once")
def test_the_second_machine_waits_and_takes_what_the_first_made(row: Row, other_machine: dict[str, str]) -> None:
    row.bench.image("web", SLOW)
    first = row.bench.start("web")
    wait_until(row, AT_WORK, first)
    waited = row.bench.build("web", environment=other_machine)
    built = first.finish()
    assert (waited.rc, waited.values["changed"]) == (0, False), waited
    assert waited.amis == built.amis == row.images(), f"{waited}\n{built}"
    run = str(built.values["run_id"])
    assert run in str(waited.values["reason"]), waited
    # A file would have told nothing: there is none of the first machine's here.
    assert f"Wait for {run}" in said_by(other_machine), said_by(other_machine)
    row.good(built, "web")


@pytest.mark.row("two at once")
def test_a_second_machine_that_does_not_wait_says_who_builds(row: Row, other_machine: dict[str, str]) -> None:
    row.bench.image("web", SLOW)
    first = row.bench.start("web")
    wait_until(row, AT_WORK, first)
    second = row.bench.build("web", environment=other_machine, lock_timeout=0)
    built = first.finish()
    assert second.rc != 0, second
    assert str(built.values["run_id"]) in second.msg, second
    assert "/golden/web/locks/build" in second.msg, second
    assert not second.amis, second
    row.good(built, "web")


@pytest.mark.row("two at once")
@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_when_the_first_dies_the_second_builds(row: Row, name: str) -> None:
    """And takes away what the first has left."""
    row.bench.image("web", "echo at work on the instance\nsleep 20")
    first = row.bench.start("web")
    wait_until(row, AT_WORK, first)
    second = row.bench.start("web")
    os.kill(first.pid, signal.Signals[f"SIG{name}"])
    died = first.finish()
    assert died.rc != 0, died
    result = second.finish()
    settle(row)
    row.good(result, "web")


@pytest.mark.row("two at once")
def test_two_images_do_not_wait_for_each_other(row: Row) -> None:
    for name in ("one", "two"):
        row.bench.image(name, SLOW)
    started = {name: row.bench.start(name, lock_timeout=0) for name in ("one", "two")}
    results: dict[str, Result] = {name: one.finish() for name, one in started.items()}
    for name, result in results.items():
        row.good(result, name)
