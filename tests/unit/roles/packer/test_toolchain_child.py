# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing that is started outlives the one who started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from golden_toolchain import child
from golden_toolchain.errors import ToolchainError
from toolchain_fakes import FILES

SCRIPT = """
import sys
from pathlib import Path
from golden_toolchain import child
child.stop_on_signals()
try:
    words = ["sh", "-c", "echo $$ > pid; sleep 300 & sleep 300 & wait"]
    child.run(words, cwd=Path(sys.argv[1]), env={"PATH": "/usr/bin:/bin"})
except child.Stopped as stopped:
    child.stop_all()
    Path(sys.argv[1], "stopped").write_text(str(stopped))
"""


def test_output_and_code(tmp_path: Path) -> None:
    process = child.run(["sh", "-c", "echo out; echo err >&2; exit 3"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert process.code == 3
    assert process.lines == ["out", "err"]


def test_nice(tmp_path: Path) -> None:
    process = child.run(["nice"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, nice=7)
    assert int(process.lines[0]) >= 7


def test_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="cannot be started"):
        child.run([str(tmp_path / "missing")], cwd=tmp_path, env={})


def group_alive(group: int) -> bool:
    """Whether a process of the group runs. One that is dead but not yet reaped does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, its_group = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return False


def ends(group: int) -> bool:
    """What was killed needs a moment to die."""
    deadline = time.monotonic() + 60
    while group_alive(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not group_alive(group)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text(encoding="utf-8").strip()):
            return text
        time.sleep(0.05)
    raise TimeoutError(f"{path} did not come")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_group(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(FILES)}
    )
    group = int(wait_for(tmp_path / "pid"))
    process.send_signal(number)
    process.wait(timeout=60)
    assert wait_for(tmp_path / "stopped") == f"stopped by {number.name}"
    assert ends(group)


def test_a_lost_parent_ends_the_group(tmp_path: Path) -> None:
    """The parent is killed with KILL: nobody is told."""
    launcher = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SCRIPT!r}, sys.argv[1]])"
    process = subprocess.Popen(
        [sys.executable, "-c", launcher, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(FILES)}
    )
    group = int(wait_for(tmp_path / "pid"))
    process.kill()
    process.wait(timeout=60)
    assert "is gone" in wait_for(tmp_path / "stopped")
    assert ends(group)
