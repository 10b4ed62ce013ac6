# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: which one is ours, which one holds a port. All from ``/proc``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """The server process, as it wrote itself down."""

    pid: int
    started: int
    """Clock ticks after the machine's start: tells the process from a later one with the same pid."""
    boot: str
    port: int
    ready: bool

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self.boot == boot_id() and start_time(self.pid) == self.started


def boot_id() -> str:
    """Different after every start of the host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks after the host did; None when there is none (or a zombie)."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def write_record(file: Path, port: int, *, ready: bool) -> None:
    """Write this process down as the server."""
    pid = os.getpid()
    server = Server(pid=pid, started=start_time(pid) or 0, boot=boot_id(), port=port, ready=ready)
    fresh = file.with_suffix(f".{pid}")
    fresh.write_text(json.dumps(asdict(server)))
    fresh.replace(file)


def read_record(file: Path) -> Server | None:
    """The living server, None when there is none."""
    try:
        server = Server(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.alive() else None


def end(server: Server, patience: float) -> None:
    """End the server: TERM, and KILL after *patience* seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not server.alive():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, number)
        deadline = time.monotonic() + patience
        while server.alive() and time.monotonic() < deadline:
            time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether something accepts connections at the port on loopback."""
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) == 0


def port_holder(port: int) -> str | None:
    """Who listens on the port on an address that would be in our way: ``pid 123 (nginx -g …)``; None: nobody."""
    inodes = _listening(port)
    if not inodes:
        return None
    for pid in (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        if _sockets(pid) & inodes:
            return f"pid {pid} ({command(pid)})"
    return "a process that this user may not see"


def _listening(port: int) -> set[str]:
    """Inodes of the sockets that listen at the port on loopback or on all addresses."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _colon, number = fields[1].rpartition(":")
            if fields[3] == "0A" and int(number, 16) == port and address in _IN_OUR_WAY:
                found.add(f"socket:[{fields[9]}]")
    return found


_IN_OUR_WAY = {"0100007F", "00000000", "0" * 32}
"""127.0.0.1, 0.0.0.0 and :: as the kernel prints them."""


def _sockets(pid: str) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(entry.path))
    return found


def command(pid: str | int) -> str:
    """The process's command line, shortened to 200 characters."""
    try:
        raw = Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return "?"
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()[:200] or "?"
