# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two builds at once: of one image only one is made, by whoever comes first, or by the other when that one dies."""

from __future__ import annotations

import os
import signal

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
