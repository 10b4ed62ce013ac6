# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of everything ends with true counts, and fails when one of its chores does."""

from __future__ import annotations

import subprocess
import sys
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
    assert "FAILED: bad, in 0:00 minutes" in done.stdout
