# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry behind ECR: Debian's docker-registry, on a socket in the cloud's run directory, while the server runs.

Debian's package starts a registry for everybody when it is installed. So it is not: its program is taken out of it,
which the system's own package manager fetches and verifies.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from golden_cloud.place import Place
from golden_cloud.ports import MachineError

log = logging.getLogger(__name__)
PROGRAM = "docker-registry"
START_SECONDS = 30
STOP_SECONDS = 10
CONFIG = "config.yml"


def config(root: Path, address: Path) -> str:
    """What the registry is told; YAML takes JSON's strings."""
    return f"""\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {json.dumps(str(root))}}}
http:
  net: unix
  addr: {json.dumps(str(address))}
  relativeurls: true
"""


def argv(program: str, configuration: Path) -> list[str]:
    """The command, which the kernel ends with this process, whatever ends that."""
    return ["setpriv", "--pdeathsig", "KILL", "--", program, "serve", str(configuration)]


class DebianRegistry:
    """The registry of one cloud."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def home(self) -> Path:
        return self._place.state / "registry"

    @property
    def address(self) -> Path:
        """Short, for a socket's path ends at 107 characters."""
        return self._place.run / "registry.sock"

    def storage(self) -> Path:
        return self.home / "storage"

    def ready(self) -> Path:
        """The socket of the registry, which is started when it does not run."""
        with self._lock:
            if self._closed:
                raise MachineError("the local cloud is ending")
            if self._process is None or self._process.poll() is not None:
                self._process = self._start(program(self._place))
        return self.address

    def close(self) -> None:
        """End it, if it runs, and start it no more."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                _end(self._process)
                self._process = None
            self.address.unlink(missing_ok=True)

    def _start(self, executable: str) -> subprocess.Popen[bytes]:
        self.storage().mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self.home / CONFIG
        configuration.write_text(config(self.storage(), self.address))
        self.address.unlink(missing_ok=True)
        process = _spawn(argv(executable, configuration), self._place.state / "registry.log")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            if answers(self.address):
                return process
            time.sleep(0.05)
        ended = process.poll()
        _end(process)
        why = f"ended with {ended}" if ended is not None else f"did not answer within {START_SECONDS} s"
        raise MachineError(f"the registry {why}; {self._place.state / 'registry.log'} says more")


def _spawn(command: Sequence[str], log_file: Path) -> subprocess.Popen[bytes]:
    """Start it from a thread that lives as long as it does: for the kernel the end of that thread is the parent's."""
    started = threading.Event()
    found: list[subprocess.Popen[bytes] | OSError] = []

    def run() -> None:
        try:
            with log_file.open("ab") as out:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", env={"PATH": os.defpath}
                )
        except OSError as error:
            found.append(error)
            started.set()
            return
        found.append(process)
        started.set()
        process.wait()

    threading.Thread(target=run, name="registry", daemon=True).start()
    started.wait()
    (process,) = found
    if isinstance(process, OSError):
        raise MachineError(f"the registry can't be started: {process}")
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
        return
    process.kill()
    process.wait()


def answers(address: Path) -> bool:
    """Whether the registry takes requests."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(5)
        connection.sock.connect(str(address))
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def program(place: Place) -> str:
    """The registry's program: the host's, or one from Debian's package, brought when it is first needed."""
    found = shutil.which(PROGRAM)
    if found:
        return found
    cache = place.cache / "local_cloud" / "registry"
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / PROGRAM
    with (cache / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not os.access(kept, os.X_OK):
            _bring(cache, kept)
    return str(kept)


def _bring(cache: Path, kept: Path) -> None:
    if not shutil.which("apt-get"):
        raise MachineError(
            f"ECR needs the program {PROGRAM}, which is not on PATH: install it (CNCF Distribution 2.8 or newer)"
        )
    log.info("bringing %s", PROGRAM)
    with tempfile.TemporaryDirectory(prefix=".bring-", dir=cache) as made:
        # apt fetches as a user of its own where that one may write.
        fetch = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", PROGRAM]
        done = _run(fetch, made)
        if done.returncode:
            # Lists of packages that were never read, or are old.
            _run(["apt-get", "update", "-q"], made)
            done = _run(fetch, made)
        packages = sorted(Path(made).glob("*.deb"))
        if done.returncode or len(packages) != 1:
            said = done.stdout.decode(errors="replace").strip()
            raise MachineError(f"ECR needs the program {PROGRAM}, and Debian's package can't be had: {said[-1000:]}")
        unpacked = _run(["dpkg-deb", "--extract", str(packages[0]), "root"], made)
        binary = Path(made) / "root" / "usr" / "bin" / PROGRAM
        if unpacked.returncode or not binary.is_file():
            raise MachineError(f"there is no {PROGRAM} in {packages[0].name}")
        binary.replace(kept)


def _run(command: Sequence[str], directory: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )
