# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find and remove what machines leave on the host: processes, mounts, run directories.

Everything is found by the cloud's own container ids or below its own directories, so nothing of
anybody else's is ever touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import re
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from golden_cloud.machines import network
from golden_cloud.machines.podman import Podman
from golden_cloud.place import Place
from golden_cloud.process import boot_id

log = logging.getLogger(__name__)
_MNT_DETACH = 2


def container_ids(place: Place) -> list[str]:
    """Ids of all containers in the cloud's storage, read from the storage's own list."""
    try:
        records = json.loads((place.storage / "overlay-containers" / "containers.json").read_text())
    except (OSError, ValueError):
        return []
    return [record["id"] for record in records]


def processes(ids: Iterable[str]) -> list[int]:
    """Processes that belong to the containers: what runs inside, and their monitors (conmon)."""
    wanted = list(ids)
    if not wanted:
        return []
    pattern = re.compile("|".join(wanted))
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            told = (entry / "cgroup").read_text()
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if command[0].endswith(b"conmon"):
                told += " ".join(word.decode(errors="replace") for word in command)
            if pattern.search(told):
                found.append(int(entry.name))
    return found


def end_podman(place: Place, patience: float = 10.0) -> None:
    """End podman's own processes, such as the import of a base image that a server which has ended did not wait for.

    They would go on working in the storage, and mount it anew.
    """
    deadline = time.monotonic() + patience
    found = _podman_processes(place)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    while found and time.monotonic() < deadline:
        time.sleep(0.05)
        found = _podman_processes(place)
    kill(found)


def _podman_processes(place: Place) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = file.read_bytes().split(b"\0")
            if command[0].endswith(b"podman") and str(place.storage).encode() in command:
                found.append(int(file.parent.name))
    return found


def kill(pids: list[int]) -> None:
    """End processes for good and wait until they are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(Path("/proc", str(pid)).exists() for pid in pids):
        time.sleep(0.05)


def mounts_below(mountinfo: str, places: Iterable[Path]) -> list[str]:
    """Mount points at or below the places, the latest first. *mountinfo* is ``/proc/self/mountinfo``."""
    roots = [str(place) for place in places]
    points = [line.split()[4].replace("\\040", " ") for line in mountinfo.splitlines()]
    return [p for p in reversed(points) if any(p == root or p.startswith(root + "/") for root in roots)]


def unmount(place: Place) -> None:
    """Unmount everything below the cloud's directories."""
    libc = ctypes.CDLL(None, use_errno=True)
    for point in mounts_below(Path("/proc/self/mountinfo").read_text(), (place.storage, place.run)):
        if libc.umount2(point.encode(), 0) and libc.umount2(point.encode(), _MNT_DETACH):
            log.warning("cannot unmount %s: %s", point, os.strerror(ctypes.get_errno()))


def release_network_namespaces(podman: Podman) -> None:
    """Remove the namespaces that dead machines left mounted."""
    libc = ctypes.CDLL(None, use_errno=True)
    for record in podman.containers():
        inspected = podman.inspect(record["Id"])
        key = (inspected or {}).get("NetworkSettings", {}).get("SandboxKey") or ""
        if key.startswith("/run/netns/netns-"):
            libc.umount2(key.encode(), _MNT_DETACH)
            Path(key).unlink(missing_ok=True)


def forget_runtime_state(place: Place, ids: Iterable[str]) -> None:
    """Remove podman's and the runtimes' notes of running containers, when none runs: as a restart of the host does."""
    shutil.rmtree(place.run, ignore_errors=True)
    for identifier in ids:
        for runtime in ("runc", "crun"):
            shutil.rmtree(Path("/run", runtime, identifier), ignore_errors=True)


def recover(place: Place, podman: Podman) -> None:
    """Put in order what died without ``down``: with the host, or by being killed.

    Machines that are alive with their monitor stay as they are. Podman itself sees to the dead ones first, as only it
    can give their addresses back; what it cannot know after a restart of the host is done afterwards.
    """
    ids = container_ids(place)
    monitored = [one for one in ids if _has_monitor(processes([one]))] if _same_boot(place) else []
    dead = [one for one in ids if one not in monitored]
    kill(processes(dead))
    if dead and place.run.exists():
        _let_podman_clean(place, podman, dead)
    if not monitored:
        if ids and place.run.exists():
            release_network_namespaces(podman)
        unmount(place)
        forget_runtime_state(place, ids)


def _let_podman_clean(place: Place, podman: Podman, dead: list[str]) -> None:
    """Have podman unmount the dead machines' file systems and give their addresses back.

    It believes a machine to run until the monitor has written down its end. The monitor is dead too, so it is
    written here.
    """
    exits = place.run / "tmp" / "exits"
    for identifier in dead:
        if exits.is_dir():
            (exits / identifier).write_text("137")
        done = podman.run("container", "cleanup", identifier, check=False)
        if done.returncode:
            log.warning("cleaning up after %s: %s", identifier[:12], done.stderr.decode(errors="replace").strip())


def _has_monitor(pids: list[int]) -> bool:
    return any(_program(pid) == "conmon" for pid in pids) and any(_program(pid) != "conmon" for pid in pids)


def _program(pid: int) -> str:
    try:
        return Path("/proc", str(pid), "comm").read_text().strip()
    except OSError:
        return ""


def _same_boot(place: Place) -> bool:
    try:
        return (place.run / "boot_id").read_text() == boot_id()
    except OSError:
        return False


def mark_boot(place: Place) -> None:
    """Note in the run directory to which start of the host it belongs."""
    for directory in (place.run, place.run / "run", place.run / "tmp"):
        directory.mkdir(mode=0o700, exist_ok=True)
    (place.run / "boot_id").write_text(boot_id())


def sweep(place: Place, podman: Podman, subnet: str) -> None:
    """After the machines were stopped: leave no process, mount, network or packet filter rule."""
    ids = container_ids(place)
    kill(processes(ids))
    if place.run.exists():
        release_network_namespaces(podman)
    network.lower_bridge(place)
    network.clean_packet_filter(subnet, place.bridge)
    unmount(place)
    forget_runtime_state(place, ids)
