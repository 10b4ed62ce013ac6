# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following a file that grows."""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def test_lines_come_while_the_block_runs(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    with LiveFile(path, lines.append, interval=0.01):
        append(path, b"one\ntwo\r\n")
        wait_for(lines, 2)
        assert lines == ["one", "two"]


def test_what_was_there_before_is_not_shown(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    append(path, b"old\n")
    with LiveFile(path, lines.append, interval=0.01):
        append(path, b"new\n")
    assert lines == ["new"]


def test_half_lines_and_half_characters_wait(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    with LiveFile(path, lines.append, interval=0.01):
        append(path, "größ".encode()[:3])
        time.sleep(0.05)
        assert lines == []
        append(path, "größ".encode()[3:] + b"e\nrest")
        wait_for(lines, 1)
    assert lines == ["größe", "rest"]


def test_a_failing_display_does_not_fail_the_task(tmp_path: Path) -> None:
    path = tmp_path / "log"

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with LiveFile(path, fail, interval=0.01):
        append(path, b"one\n")
        time.sleep(0.05)
