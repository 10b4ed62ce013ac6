# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks, stamps, progress and the choice between methods."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from golden_toolchain import __main__ as cli
from golden_toolchain import host, install
from golden_toolchain import lock as lock_module
from golden_toolchain.errors import ToolchainError
from golden_toolchain.progress import Progress, clock
from toolchain_fakes import FILES


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_progress_speaks_every_ten_seconds(tmp_path: Path) -> None:
    now = Clock()
    progress = Progress(tmp_path / "p", now)
    with progress.step("Compiling Packer 1.16.0", "9 packages") as step:
        for _second in range(200):
            now.seconds += 0.5
            step.tick("3 of 9 packages")
    lines = (tmp_path / "p").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Compiling Packer 1.16.0 … 9 packages"
    assert lines[8] == "Compiling Packer 1.16.0 … 01:20 elapsed, 3 of 9 packages"
    assert lines[-1] == "Compiling Packer 1.16.0: done in 01:40"
    assert len(lines) == 12
    assert progress.durations == {"Compiling Packer 1.16.0": 100.0}


def test_clock() -> None:
    assert [clock(seconds) for seconds in (0, 80.9, 3723)] == ["00:00", "01:20", "1:02:03"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": {"missing": 1}}'])
def test_a_bad_stamp_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "installed.json").write_text(text, encoding="utf-8")
    assert install.read_stamp(tmp_path) is None


def test_two_installs_wait_for_each_other(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from golden_toolchain import install, progress\n"
        "with install.exclusive(pathlib.Path(sys.argv[1]), progress.Progress(pathlib.Path(sys.argv[1], 'p'))):\n"
        "    print('in', flush=True)\n"
    )
    with install.exclusive(tmp_path, Progress(None)):
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], env={"PYTHONPATH": str(FILES)}, stdout=subprocess.PIPE
        )
        until = time.monotonic() + 60
        while not (tmp_path / "p").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert other.poll() is None, "it waits"
    assert other.communicate(timeout=60)[0] == b"in\n"
    assert "Waiting for another install" in (tmp_path / "p").read_text(encoding="utf-8")


def test_unknown_machines_are_refused() -> None:
    assert str(host.detect("Linux", "x86_64")) == "linux_amd64"
    assert str(host.detect("Darwin", "arm64")) == "darwin_arm64"
    with pytest.raises(ToolchainError, match="not pinned for Linux on riscv64"):
        host.detect("Linux", "riscv64")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.main(["plan", f"--cache={tmp_path / 'c'}", "--method=system"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "Packer 1.16.0 cannot be brought here:\n  system: no packer is on PATH.\n"


def test_a_cache_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert cli.main(["install", f"--cache={tmp_path / 'file' / 'cache'}", "--method=system"]) == 1
    assert "could not be installed below" in capsys.readouterr().err


def test_result_is_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamp = {"method": "source", "host": str(host.detect()), "files": {}}
    lock = lock_module.load(FILES / "packer.lock.json")
    (tmp_path / lock.digest).mkdir()
    (tmp_path / lock.digest / "installed.json").write_text(json.dumps(stamp), encoding="utf-8")
    assert cli.main(["install", f"--cache={tmp_path}"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
