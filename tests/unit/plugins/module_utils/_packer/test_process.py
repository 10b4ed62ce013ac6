# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The supervisor with real processes, its own parents among them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.processes import ProcessId
from ansible_collections.golden.ami.plugins.module_utils._packer.process import AncestorWatch, SignalTrap, Supervised


def script(text: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text)]


def run(
    argv: list[str], scratch: Path, *, timeout: float | None = None, watch: AncestorWatch | None = None
) -> tuple[int, str | None, list[str]]:
    lines: list[str] = []
    with SignalTrap() as trap:
        supervised = Supervised(argv, environment=dict(os.environ), directory="/", scratch=scratch)
        code, stop = supervised.run(lines.append, timeout=timeout, trap=trap, watch=watch or AncestorWatch([]))
    return code, stop.kind if stop else None, lines


def test_lines_and_status(tmp_path: Path) -> None:
    text = "import sys; print('one'); print('two', file=sys.stderr); print('three', end=''); sys.exit(3)"
    code, stop, lines = run(script(text), tmp_path)
    assert (code, stop) == (3, None)
    assert sorted(lines) == ["one", "three", "two"]
    assert not list(tmp_path.iterdir()), "what Packer prints is in no file with a name"


def test_what_ignores_int_and_term_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "ansible_collections.golden.ami.plugins.module_utils._packer.process"
    monkeypatch.setattr(f"{module}._GRACE_INT", 0.3)
    monkeypatch.setattr(f"{module}._GRACE_TERM", 0.3)
    stubborn = """
        import signal, time
        signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready", flush=True)
        time.sleep(60)
    """
    ready: list[str] = []
    # The time is over when it is ready, however long that takes.
    clock = types.SimpleNamespace(monotonic=lambda: time.monotonic() + 1000 * len(ready), sleep=time.sleep)
    monkeypatch.setattr(f"{module}.time", clock)
    with SignalTrap() as trap:
        supervised = Supervised(script(stubborn), environment=dict(os.environ), directory="/", scratch=tmp_path)
        code, stop = supervised.run(ready.append, timeout=500, trap=trap, watch=AncestorWatch([]))
    assert (code, stop and stop.kind) == (-signal.SIGKILL, "timeout")


def test_a_lost_ancestor_ends_it(tmp_path: Path) -> None:
    gone = ProcessId(os.getpid(), 1)
    code, stop, _lines = run(script("import time; time.sleep(60)"), tmp_path, watch=AncestorWatch([gone]))
    assert stop == "orphan"
    assert code != 0


def test_a_killed_supervisor_takes_the_command_with_it(tmp_path: Path) -> None:
    """KILL leaves no time to clean up: the kernel sends TERM to the command instead, which goes on to print."""
    mark = tmp_path / "ended"
    command = f"""
        import signal, sys, time, pathlib
        def end(*_):
            print("still able to print", flush=True)
            pathlib.Path({str(mark)!r}).write_text("")
            sys.exit(1)
        signal.signal(signal.SIGTERM, end)
        print("ready", flush=True)
        time.sleep(60)
    """
    supervisor = f"""
        import os, pathlib, sys
        from ansible_collections.golden.ami.plugins.module_utils._packer.process import (
            AncestorWatch, SignalTrap, Supervised)
        command = [sys.executable, "-c", {textwrap.dedent(command)!r}]
        with SignalTrap() as trap:
            Supervised(command, environment=dict(os.environ), directory="/", scratch=pathlib.Path({str(tmp_path)!r})).run(
                lambda line: print(line, flush=True), timeout=None, trap=trap, watch=AncestorWatch([]))
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(script(supervisor), stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.wait()
    until = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert mark.exists()


def test_hup_stays_ignored_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalTrap() as trap:
            os.kill(os.getpid(), signal.SIGHUP)
            assert trap.received is None
    finally:
        signal.signal(signal.SIGHUP, before)
