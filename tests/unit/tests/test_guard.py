# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud of a test run that is killed goes all the same."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from harness import guard

WAIT = 20


def guarded(tmp_path: Path) -> list[str]:
    home = tmp_path / "home"
    home.mkdir()
    return ["env", f"XDG_STATE_HOME={home}", sys.executable, guard.__file__, "touch", str(tmp_path / "was-reset")]


def test_one_that_is_told_leaves_it_alone(tmp_path: Path) -> None:
    done = subprocess.run(guarded(tmp_path), input=b"gone", timeout=WAIT, check=False)
    assert done.returncode == 0
    assert not (tmp_path / "was-reset").exists()
    assert (tmp_path / "home").exists()


def test_one_whose_run_was_killed_resets_it(tmp_path: Path) -> None:
    holder = (
        "import subprocess, sys, time\n"
        "subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)\n"
        "print('up', flush=True)\ntime.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", holder, *guarded(tmp_path)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    run.stdout.readline()
    assert not (tmp_path / "was-reset").exists()
    run.kill()
    run.communicate()
    until = time.monotonic() + WAIT
    while (tmp_path / "home").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert (tmp_path / "was-reset").exists()
    assert not (tmp_path / "home").exists()


def test_a_reset_that_fails_keeps_what_tells_of_it(tmp_path: Path) -> None:
    argv = [*guarded(tmp_path)[:4], "false"]
    assert subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=WAIT, check=False).returncode == 1
    assert (tmp_path / "home").exists()
