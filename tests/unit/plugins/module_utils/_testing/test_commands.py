# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs end in time, and with them what they started; what they print is told without secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.processes import marked_processes
from ansible_collections.golden.ami.plugins.module_utils._packer import process
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import MARK, Commands
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import Interrupted


def made(tmp_path: Path, trap: t.Any = None, lost: object = None) -> Commands:
    trap = trap or types.SimpleNamespace(received=None)
    watch = types.SimpleNamespace(lost=lambda: lost)
    run_id = f"test-{os.getpid()}-{threading.get_ident()}"
    return Commands(run_id, tmp_path, dict(os.environ), lambda text: text.replace("s3cret", "***"), trap, watch)


def test_what_a_program_says_and_how_it_ends(tmp_path: Path) -> None:
    ended = made(tmp_path).run(["sh", "-c", "echo s3cret; cat; exit 3"], timeout=10, stdin=None)
    assert (ended.code, ended.lines, ended.timed_out) == (3, ("***",), False)


def test_standard_input_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("hello\n")
    with (tmp_path / "in").open("rb") as file:
        assert made(tmp_path).run(["cat"], timeout=10, stdin=file).text == "hello"


def test_one_that_never_ends_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = made(tmp_path).run(["sleep", "600"], timeout=0.3)
    assert ended.timed_out
    assert time.monotonic() - began < 10


def test_a_signal_to_the_module_ends_it(tmp_path: Path) -> None:
    trap = types.SimpleNamespace(received=None)
    threading.Timer(0.3, lambda: setattr(trap, "received", signal.SIGTERM)).start()
    with pytest.raises(Interrupted, match="the module got SIGTERM"):
        made(tmp_path, trap).run(["sleep", "600"], timeout=60)


def test_nothing_is_begun_when_the_module_is_to_end(tmp_path: Path) -> None:
    stopped = made(tmp_path, types.SimpleNamespace(received=signal.SIGINT))
    for act in (
        lambda: stopped.run(["touch", str(tmp_path / "x")], timeout=1),
        lambda: stopped.pause(1),
        stopped.check,
    ):
        with pytest.raises(Interrupted):
            act()
    assert not (tmp_path / "x").exists()
    with pytest.raises(Interrupted, match="the process that waited for the result is gone"):
        made(tmp_path, lost="a process").pause(1)


def test_what_stays_in_the_background_is_ended_with_the_run(tmp_path: Path) -> None:
    commands = made(tmp_path)
    code = "import os, subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
    assert commands.run([sys.executable, "-c", code], timeout=10).code == 0
    mark = f"{MARK}=test-{os.getpid()}-{threading.get_ident()}".encode()
    assert marked_processes(mark)
    commands.end_rest()
    assert not marked_processes(mark)


def test_one_that_fails_ends_nothing_of_the_build_that_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a builder the tests have the mark of the build in their environment, as Packer itself has."""
    monkeypatch.setenv(process.MARK, f"golden-{os.getpid()}")
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as packer:
        try:
            assert made(tmp_path).run(["false"], timeout=10).code == 1
            assert packer.poll() is None
        finally:
            packer.kill()
