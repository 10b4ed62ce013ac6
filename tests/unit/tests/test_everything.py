# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of everything ends with true counts, and fails when one of its chores does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import everything
import pytest

SCRIPT = Path(everything.__file__)


@pytest.mark.parametrize(
    ("lines", "counted"),
    [
        (["= 227 passed, 1 skipped in 143.21s (0:02:23) ="], "227 passed, 1 skipped"),
        (["\x1b[31m3 failed\x1b[0m, 4 passed in 1.20s"], "3 failed, 4 passed"),
        (["== 2 passed in 1s ==", "noise", "== 5 passed in 2.0s =="], "7 passed"),
        (["== ruff", "== 12 checks, 545 files"], "12 checks, 545 files"),
        (["\x1b[34mINFO\x1b[0m     Molecule executed 6 scenarios (6 successful)"], "6 scenarios (6 successful)"),
        (["it took 3 passed the post"], ""),
    ],
)
def test_counts(lines: list[str], counted: str) -> None:
    assert everything.counts(lines) == counted


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["noise", "\x1b[31mE       assert 1 == 2\x1b[0m", "FAILED a.py::test_b - assert 1 == 2", "= 1 failed ="],
            ("E       assert 1 == 2", "FAILED a.py::test_b - assert 1 == 2"),
        ),
        (["one", "", "ruff: 2 errors "], ("one", "ruff: 2 errors")),
        ([f"E   {n}" for n in range(20)], tuple(f"E   {n}" for n in range(8, 20))),
    ],
)
def test_causes(lines: list[str], told: tuple[str, ...]) -> None:
    assert everything.causes(lines) == told


def test_one_that_fails_fails_the_run_and_the_others_go_on(tmp_path: Path) -> None:
    task = tmp_path / "task"
    task.write_text('#!/bin/sh\necho "== $1 in 1.0s =="\n[ "$1" != bad ]\n')
    task.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "bad", "good"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "bad                    FAILED   0:00" in done.stdout
    assert "good                   passed   0:00" in done.stdout
    assert done.stdout.endswith("bad: == bad in 1.0s ==\nFAILED: bad, in 0:00 minutes\n")


def test_lanes_run_at_the_same_time_and_each_line_says_whose_it_is(tmp_path: Path) -> None:
    task = tmp_path / "task"
    # Each waits for the other's mark: one after the other, neither would end.
    task.write_text(
        '#!/bin/sh\ncd "${0%/*}" || exit\ntouch "began-$1"\n'
        "case $1 in a) other=b ;; b) other=a ;; *) exit 0 ;; esac\n"
        'for _ in $(seq 100); do [ -e "began-$other" ] && break; sleep 0.1; done\n'
        '[ -e "began-$other" ] && [ -e began-first ] && echo "== 2 passed in 1.0s ==" >&2\n'
    )
    task.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "first", "--beside", "a", "then-a", "--beside", "b"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "a            | == 2 passed in 1.0s ==" in done.stdout.splitlines()
    rows = [line.split()[:2] for line in done.stdout.splitlines() if "passed   0:" in line]
    assert rows == [["first", "passed"], ["a", "passed"], ["then-a", "passed"], ["b", "passed"]]
    assert "Everything passed" in done.stdout


def test_ctrl_c_waits_for_what_runs_and_begins_nothing_more(tmp_path: Path) -> None:
    task = tmp_path / "task"
    task.write_text(
        '#!/bin/sh\ncd "${0%/*}" || exit\ntouch "began-$1"\n'
        "trap 'sleep 0.3; touch \"cleaned-$1\"; exit 1' INT\nwhile :; do sleep 0.1; done\n"
    )
    task.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--beside", "a", "then-a", "--beside", "b"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 20
    while not all((tmp_path / f"began-{one}").exists() for one in "ab") and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert {path.name for path in tmp_path.glob("*ed-*")} == {"cleaned-a", "cleaned-b"}
    assert not (tmp_path / "began-then-a").exists()
