# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a run: with the time, without secrets, for its owner only; and it never stops a build."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import log as module
from ansible_collections.golden.ami.plugins.module_utils._packer.log import STEP_PREFIX, RunLog, tell_step
from ansible_collections.golden.ami.plugins.module_utils._packer.profile import Profile
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import Progress
from ansible_collections.golden.ami.plugins.module_utils._packer.secrets import MASK, Scrubber


def new_log(path: Path) -> RunLog:
    return RunLog(path, Scrubber(["hunter22"]), Progress([], Profile()))


def told(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    return [line[9:] for line in lines]


def test_what_was_said_comes_without_secrets(tmp_path: Path) -> None:
    log = new_log(tmp_path / "logs" / "a.log")
    log.write("the password is hunter22\nsecond line")
    log.close()
    log.close()
    assert told(log.path) == [f"the password is {MASK}", "second line"]
    assert log.tail() == [f"the password is {MASK}", "second line"]
    assert oct(log.path.stat().st_mode & 0o777) == "0o600"


def test_a_step_comes_before_what_begins_it(tmp_path: Path) -> None:
    log = new_log(tmp_path / "a.log")
    log.step("Start Packer", "start", " for web-1")
    log.write("==> x: Launching a source AWS instance...")
    log.write("==> x: Launching a source AWS instance...")
    lines = told(log.path)
    assert lines[0].startswith(f"{STEP_PREFIX}[0:00] Start Packer for web-1")
    assert [line.startswith(STEP_PREFIX) for line in lines] == [True, True, False, False]


def test_the_end_of_it_is_kept(tmp_path: Path) -> None:
    log = new_log(tmp_path / "a.log")
    log.write("\n".join(map(str, range(100))))
    assert log.tail() == [str(number) for number in range(70, 100)]


def test_a_full_disk_ends_the_log_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(module, "warn", warnings.append)
    log = new_log(tmp_path / "a.log")

    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        log.write("one\ntwo")
    log.write("three")
    assert warnings == [f"The log {log.path} ends before the build does, which goes on: No space left on device."]
    assert log.tail() == ["one", "two", "three"], "what is told at the end is all there"
    assert told(log.path) == []


def test_steps_before_the_run_are_added(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    tell_step(path, "Wait for another")
    tell_step(path, "Bring plugins")
    assert told(path) == [f"{STEP_PREFIX}[0:00] Wait for another", f"{STEP_PREFIX}[0:00] Bring plugins"]
    assert oct(path.stat().st_mode & 0o777) == "0o600"
