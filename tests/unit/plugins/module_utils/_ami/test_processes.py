# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.golden.ami.plugins.module_utils._ami.processes import (
    ProcessId,
    ProcessInfo,
    ancestors,
    inspect_process,
    is_alive,
    marked_processes,
    watched_ancestors,
)


def info(pid: int, command: str) -> ProcessInfo:
    return ProcessInfo(ProcessId(pid, 1), 0, 0, "S", command.encode())


def test_watched_up_to_what_the_worker_was_forked_from() -> None:
    chain = [info(9, "sh -c"), info(8, "ansible-playbook x"), info(7, "ansible-playbook x"), info(6, "bash")]
    assert [one.pid for one in watched_ancestors(chain)] == [9, 8, 7]


def test_by_hand_the_parent_counts() -> None:
    assert [one.pid for one in watched_ancestors([info(9, "bash"), info(8, "sshd")])] == [9]
    assert watched_ancestors([]) == []


def test_a_number_that_is_used_again_is_another_process() -> None:
    own = inspect_process(os.getpid())
    assert own is not None
    assert is_alive(own.identity)
    assert not is_alive(ProcessId(own.identity.pid, own.identity.started + 1))


def test_ancestors_of_this_test() -> None:
    assert os.getppid() in [one.identity.pid for one in ancestors(os.getpid())]


def test_marks_are_found_in_environments() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        env={"MARK": "run-1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        # Between the exec and the new program's first step the kernel shows an empty environment.
        assert child.stdout and child.stdout.readline() == b"\n"
        assert child.pid in [one.pid for one in marked_processes(b"MARK=run-1")]
        assert child.pid not in [one.pid for one in marked_processes(b"MARK=run")]
    finally:
        child.kill()
        child.communicate()
