# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform

_PROC = pathlib.Path("/proc")


@dataclasses.dataclass(frozen=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same number: C(started) is in ticks since boot."""

    pid: int
    started: int


@dataclasses.dataclass(frozen=True)
class ProcessInfo:
    identity: ProcessId
    parent: int
    group: int
    state: str
    command: bytes


def inspect_process(pid: int) -> ProcessInfo | None:
    """What the kernel says about a process; None when it is gone (or was, before all was read)."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
        command = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    # The name in parentheses may hold anything, so count from its end.
    fields = stat.rpartition(b")")[2].split()
    return ProcessInfo(ProcessId(pid, int(fields[19])), int(fields[1]), int(fields[2]), fields[0].decode(), command)


def is_alive(identity: ProcessId) -> bool:
    found = inspect_process(identity.pid)
    return found is not None and found.identity == identity and found.state not in "ZX"


def ancestors(pid: int) -> list[ProcessInfo]:
    """The processes above one, nearest first, without the first process of the machine."""
    found: list[ProcessInfo] = []
    current = inspect_process(pid)
    while current and current.parent > 1:
        current = inspect_process(current.parent)
        if current:
            found.append(current)
    return found


def watched_ancestors(chain: list[ProcessInfo]) -> list[ProcessId]:
    """Those ancestors without which nobody waits for the module any more.

    They are the ones up to the process that Ansible's worker was forked from: a fork without exec has the
    command line of its parent, so the first such pair is worker and ansible-playbook (or the two halves of
    async_wrapper). What is above (a shell, a terminal, nohup) may go without ending the play.
    When there is no such pair (a module run by hand), the direct parent counts.
    """
    for index in range(len(chain) - 1):
        if chain[index].command and chain[index].command == chain[index + 1].command:
            return [info.identity for info in chain[: index + 2]]
    return [info.identity for info in chain[:1]]


def _all_pids() -> list[int]:
    return [int(entry) for entry in os.listdir(_PROC) if entry.isdigit()]


def group_members(group: int) -> list[ProcessId]:
    """The processes of a group that still run (no zombies)."""
    found = (inspect_process(pid) for pid in _all_pids())
    return [info.identity for info in found if info and info.group == group and info.state not in "ZX"]


def marked_processes(mark: bytes) -> list[ProcessId]:
    """The processes whose environment holds C(NAME=value): what a run started, whichever session it fled to."""
    found: list[ProcessId] = []
    for pid in _all_pids():
        try:
            environment = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0"):
            info = inspect_process(pid)
            if info and info.state not in "ZX":
                found.append(info.identity)
    return found


def host_name() -> str:
    """This machine, so that a state directory shared over a network does not mix up processes."""
    return platform.node()


def own_process() -> ProcessId:
    info = inspect_process(os.getpid())
    return info.identity if info else ProcessId(os.getpid(), 0)
