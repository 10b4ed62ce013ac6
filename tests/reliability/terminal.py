# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build in a terminal, as a person sees it: in colours, with what moves on the screen, and with an end of each line."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field

from harness.builds import Bench
from harness.signals import hear_signals

# What a terminal takes for orders: colours and the like, and titles.
_ORDERS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
ROWS, COLUMNS = 40, 120


@dataclass
class Shown:
    """All that came to the terminal, as it came: how much after how many seconds, and what it was."""

    rc: int = 0
    seconds: float = 0.0
    raw: str = ""
    pieces: list[tuple[float, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What can be read, without orders."""
        return _ORDERS.sub("", self.raw).replace("\r", "")

    def when(self, words: str) -> float:
        """The seconds after which these words stood there, in one line."""
        seen = ""
        for seconds, piece in self.pieces:
            seen += piece
            if words in _ORDERS.sub("", seen):
                return seconds
        raise AssertionError(f"{words!r} was never shown:\n{self.text}")


def play_in_a_terminal(bench: Bench, name: str, *more: str, seconds: float = 900) -> Shown:
    """Run ``ansible-playbook playbooks/build_ami.yml -e image=NAME`` with a terminal of its own for all that it reads and writes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**bench.environment, "TERM": "xterm-256color"}
    del environment["ANSIBLE_NOCOLOR"]

    def begin() -> None:
        hear_signals()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    began = time.monotonic()
    process = subprocess.Popen(
        bench.cloud.argv("build_ami.yml", "-e", f"image={name}", *more),
        cwd=bench.directory,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=begin,
    )
    os.close(theirs)
    shown = Shown()
    try:
        _read(ours, shown, began, seconds)
        shown.rc = process.wait(timeout=max(began + seconds - time.monotonic(), 1))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
    shown.seconds = time.monotonic() - began
    return shown


def _read(terminal: int, shown: Shown, began: float, seconds: float) -> None:
    """Until nobody has the other end open any more."""
    content = b""
    while (passed := time.monotonic() - began) < seconds:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:
            # Linux says so of a terminal that all have closed.
            break
        if not piece:
            break
        content += piece
        shown.pieces.append((passed, piece.decode(errors="replace")))
    shown.raw = content.decode(errors="replace")
