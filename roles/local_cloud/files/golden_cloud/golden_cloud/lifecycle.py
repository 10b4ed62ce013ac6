# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Up, down, reset: the life of a local cloud. The fast path of ``up`` imports nothing heavy."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from golden_cloud import host, leftovers, process, settings, timings
from golden_cloud.machines import network
from golden_cloud.machines import runtime as runtimes
from golden_cloud.machines.podman import Podman
from golden_cloud.place import Place, state_home

Say = Callable[[str], None]
UP_SECONDS = 60
"""How long the server may take to answer."""


class LifecycleError(Exception):
    """What could not be done, why, and the remedy."""


def podman_of(place: Place) -> Podman:
    """The cloud's podman with the options that this host was found to need."""
    known = runtimes.remembered(place.state / "runtime.json") or runtimes.Runtime()
    return Podman(place, known.podman)


@contextlib.contextmanager
def _exclusive(place: Place) -> Iterator[None]:
    """One ``up``, ``down`` or ``reset`` of a cloud at a time."""
    file = place.state.parent / f".{place.name}.lock"
    while True:
        with file.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is(handle, file):
                # Whoever had it was a reset, which removed it: others may hold a new one already.
                continue
            yield
            if not place.state.exists():
                file.unlink(missing_ok=True)
            return


def _is(handle: IO[str], file: Path) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    except FileNotFoundError:
        return False


def up(place: Place, port: int | None, say: Say) -> bool:
    """Have the cloud running; False when it was already."""
    server = process.read_record(place.process_file)
    if server and server.ready and port in (None, server.port) and process.answers(server.port):
        return False
    timings.from_environment(os.environ)  # Told here when wrong, not by a server that ends.
    problem = host.problem()
    if problem:
        raise LifecycleError(problem)
    _make_directories(place)
    with _exclusive(place):
        _make_directories(place)  # Again, as a reset may have had the lock.
        server = process.read_record(place.process_file)
        if server:
            if port not in (None, server.port):
                raise LifecycleError(
                    f"the local cloud {place.name!r} is up already, at port {server.port}:"
                    f" take it down first to move it to port {port}"
                )
            if server.ready and process.answers(server.port):
                return False
            say(f"the server (pid {server.pid}) does not answer: starting it anew")
            process.end(server, 10)
        chosen = _settle(place, port)
        _start(place, chosen, say)
    return True


def _make_directories(place: Place) -> None:
    """The state directory is the user's also when root makes it (sudo)."""
    home = state_home()
    owner_source = next(parent for parent in (home, *home.parents) if parent.exists())
    owner = owner_source.stat()
    made = [path for path in (home, place.state.parent, place.state) if not path.exists()]
    place.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.state.chmod(0o700)
    for path in made:
        os.chown(path, owner.st_uid, owner.st_gid)
    for directory in (place.storage, place.instances, place.base_cache):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)


def _settle(place: Place, port: int | None) -> settings.Settings:
    """The cloud's settings: those of the last time, new ones the first time."""
    known = settings.load(place)
    wanted = port or (known.port if known else settings.DEFAULT_PORT)
    holder = process.port_holder(wanted)
    if holder:
        raise LifecycleError(
            f"port {wanted} is taken by {holder}: end it, or give the local cloud another port"
            f" (--port, GOLDEN_CLOUD_PORT; in Ansible local_cloud_port)"
        )
    if known:
        chosen = settings.with_port(known, wanted)
    else:
        access_key, secret_key = settings.new_keys()
        subnet = network.choose_subnet(place.tag, network.host_networks(place.bridge))
        chosen = settings.Settings(port=wanted, subnet=subnet, access_key=access_key, secret_key=secret_key)
    collision = network.collision(chosen.subnet, network.host_networks(place.bridge))
    if collision:
        raise LifecycleError(
            f"the cloud's network {chosen.subnet} collides with {collision}, which this host has a route to by now:"
            " remove that route, or reset the local cloud to give it another network"
        )
    settings.save(place, chosen)
    return chosen


def _start(place: Place, chosen: settings.Settings, say: Say) -> None:
    """Start the server as a daemon and wait until it answers."""
    say(f"starting the local cloud {place.name!r}")
    argv = [sys.executable, "-m", "golden_cloud", "serve", "--name", place.name, "--port", str(chosen.port)]
    package = str(Path(__file__).resolve().parent.parent)
    dropped = ("AWS_", "GOLDEN_PROGRESS_FILE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    environment["PYTHONPATH"] = package
    if environment.get("GOLDEN_CLOUD_IMAGES"):
        environment["GOLDEN_CLOUD_IMAGES"] = os.path.abspath(environment["GOLDEN_CLOUD_IMAGES"])
    with place.log.open("a") as log:
        server = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        record = process.read_record(place.process_file)
        if record and record.pid == server.pid and record.ready and process.answers(chosen.port):
            return
        if server.poll() is not None:
            raise LifecycleError(
                f"the server of the local cloud ended at once (status {server.returncode}); the end of"
                f" {place.log}:\n{_tail(place.log)}"
            )
        time.sleep(0.05)
    server.terminate()
    raise LifecycleError(
        f"the server did not answer within {UP_SECONDS} s; the end of {place.log}:\n{_tail(place.log)}"
    )


def _tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def down(place: Place, say: Say) -> bool:
    """End the server and shut down the machines, which are *stopped* after the next ``up``; False when all was down.

    Nothing of the cloud is left in the host's process table, mounts, network or packet filter.
    """
    if not place.state.exists():
        return False
    if os.geteuid() != 0:
        raise LifecycleError("taking the local cloud down needs root: run it with sudo")
    with _exclusive(place):
        return _down(place, say)


def _down(place: Place, say: Say, *, graceful: bool = True) -> bool:
    """Machines that are removed anyway need no time to shut down."""
    server = process.read_record(place.process_file)
    if server:
        say(f"ending the server (pid {server.pid})")
        process.end(server, 20)
    leftovers.end_podman(place)
    place.process_file.unlink(missing_ok=True)
    known = settings.load(place)
    active = bool(server) or network.is_up(place) or place.run.exists()
    if not active or not known:
        return active
    podman = podman_of(place)
    leftovers.recover(place, podman)
    running = [record for record in podman.containers() if record["State"] == "running"] if place.run.exists() else []
    if running:
        # Without the keeper netavark removes the bridge and its own rules with the last machine.
        network.drop_keeper(place)
        say(f"shutting down {len(running)} instance{'s' * (len(running) > 1)}")
        stop = ["stop"] if graceful else ["stop", "--time", "0"]
        with ThreadPoolExecutor(4) as pool:
            for done in pool.map(lambda record: podman.run(*stop, record["Id"], check=False), running):
                if done.returncode:
                    say(f"podman stop: {done.stderr.decode(errors='replace').strip()} (it will be killed)")
    leftovers.sweep(place, podman, known.subnet)
    return True


def reset(place: Place, say: Say) -> bool:
    """Take the cloud down and remove all that it ever made; the cache of base images stays, as clouds share it."""
    if not place.state.exists():
        return False
    if os.geteuid() != 0:
        raise LifecycleError("resetting the local cloud needs root: run it with sudo")
    with _exclusive(place):
        if not place.state.exists():
            return False
        _down(place, say, graceful=False)
        leftovers.unmount(place)
        say(f"removing {place.state}")
        shutil.rmtree(place.state)
    return True
