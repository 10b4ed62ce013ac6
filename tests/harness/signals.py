# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build that is at work, and the end of it by a signal to one of its processes."""

from __future__ import annotations

import collections.abc as c
import os
import signal
import subprocess
import time
import typing as t
from pathlib import Path

from harness.cloud import Cloud

T = t.TypeVar("T")

VICTIMS = ["ansible-playbook", "module", "packer"]
SIGNALS = ["INT", "TERM", "HUP", "KILL"]


def children(pid: int) -> dict[int, str]:
    """All processes below this one, with their command lines."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    below: dict[int, str] = {}
    for child in parents:
        above = child
        while above in parents and above != pid:
            above = parents[above]
        if above == pid and child != pid:
            below[child] = command_line(child)
    return below


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def hear_signals() -> None:
    """A shell that runs the tests in the background has them ignore INT, and nohup HUP; and that is inherited."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(condition: c.Callable[[], T | None], seconds: float, what: str) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


def packer_process(play: int) -> int | None:
    """Packer itself, not the plugins that it starts."""
    for pid, command in children(play).items():
        words = command.split()
        if len(words) > 1 and Path(words[0]).name == "packer" and words[1] == "build":
            return pid
    return None


def end_a_build(
    cloud: Cloud, image: str, victim: str, name: str, *, at_work: c.Callable[[int], bool], cwd: Path, more: list[str]
) -> str:
    """Start a build, wait until it is at work, and send the signal. Gives what the play printed; no Packer is left then."""
    play = subprocess.Popen(
        cloud.argv("build_ami.yml", "-e", f"image={image}", *more),
        cwd=cwd,
        env=cloud.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=hear_signals,
    )
    try:
        wait_for(lambda: at_work(play.pid), 600, "the provisioner runs")
        # Only now: before there may be another Packer, which only looks for the base.
        packer = wait_for(lambda: packer_process(play.pid), 10, "Packer runs")
        module = int(Path(f"/proc/{packer}/stat").read_text().rpartition(")")[2].split()[1])
        target = {"ansible-playbook": play.pid, "module": module, "packer": packer}[victim]
        started = set(children(play.pid))

        # Packer's outer process ignores an INT of its own: a terminal sends it to the whole group.
        send = os.killpg if (victim, name) == ("packer", "INT") else os.kill
        send(target, signal.Signals[f"SIG{name}"])

        output = play.communicate(timeout=400)[0]
        assert play.returncode != 0, output
        wait_for(lambda: not any("packer" in command_line(pid) for pid in started), 240, f"no Packer is left\n{output}")
    finally:
        if play.poll() is None:
            play.kill()
    return str(output)


def nothing_is_left(cloud: Cloud, before: dict[str, set[str]], output: str) -> None:
    wait_for(lambda: cloud.inventory() == before, 120, f"{cloud.inventory()} is {before}\n{output}")
