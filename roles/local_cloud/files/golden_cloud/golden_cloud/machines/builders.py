# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of builds: ``golden_cloud.ports.Builders`` done with podman."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from golden_cloud.leftovers import container_ids
from golden_cloud.machines import base_images, host_ways, network, runtime
from golden_cloud.machines.machines import LABEL, PodmanMachines
from golden_cloud.machines.podman import Podman, PodmanError
from golden_cloud.machines.recipes import ARCHITECTURES, BUILD, machine
from golden_cloud.ports import Builder, MachineError, Output

log = logging.getLogger(__name__)

DIRECTORY = "/codebuild"
BUILD_LABEL = "golden.ami.build"
_CURATED = re.compile(r"aws/codebuild/[\w.:/-]+|public\.ecr\.aws/codebuild/[\w.:/-]+")
_OWN = "localhost/"
_TYPES = {"LINUX_CONTAINER": "x86_64", "ARM_CONTAINER": "arm64"}
"""Kinds of environment that there can be here, and the machine that each needs."""
_ADDRESS_ATTEMPTS = 5
_REMOVE_ATTEMPTS = 5
_CHUNK = 65536
# Whoever waits for orphans first: without it each program that a build leaves behind stays as a zombie.
_IDLE = "command -v tini > /dev/null && exec tini -- sleep infinity; exec sleep infinity"


def refusal(image: str, environment_type: str, here: str, *, privileged: bool) -> str | None:
    """Why there can be no such container, None when there can. *here* is this machine's architecture."""
    if privileged:
        return (
            "privilegedMode is not given to builds of the local cloud: such a container would be root on this very host"
        )
    if _TYPES.get(environment_type) != here:
        usable = ", ".join(kind for kind, needs in _TYPES.items() if needs == here)
        return f"environments of type {environment_type} can't be had on this machine ({here}); there is {usable}"
    if not _CURATED.fullmatch(image) and not image.startswith(_OWN):
        return (
            f"the image {image} can't be pulled by the local cloud: name one of CodeBuild's own (aws/codebuild/...) or"
            f" one in the cloud's own storage (localhost/NAME, brought there by podman load or build)"
        )
    return None


class PodmanBuilders:
    """A container for each build, on the bridge that the machines are on."""

    def __init__(self, machines: PodmanMachines, host: Mapping[str, str]) -> None:
        """*host* is the environment whose ways to proxies and package indexes builds share."""
        self._machines = machines
        self._place = machines.place
        self._host = host
        self._lock = threading.Lock()
        self._runtime: runtime.Runtime | None = None
        self._addresses: dict[str, str] = {}

    def clear(self) -> None:
        """Remove the containers of builds that a server before this one has left."""
        # Where nothing ran yet podman is not asked: it may not even work where only the API is wanted.
        if not container_ids(self._place):
            return
        for record in self._podman.containers():
            if BUILD_LABEL in (record.get("Labels") or {}):
                self._remove(str(record["Id"]))

    @property
    def _podman(self) -> Podman:
        known = self._machines.way or self._runtime
        return Podman(self._place, known.podman) if known else self._machines.podman

    def start(self, key: str, image: str, environment_type: str, *, privileged: bool) -> Builder:
        reason = refusal(image, environment_type, ARCHITECTURES[machine()], privileged=privileged)
        if reason:
            raise MachineError(reason)
        reference = self._have(image)
        network.raise_bridge(self._place, self._machines.subnet)
        for attempt in range(1, _ADDRESS_ATTEMPTS + 1):
            try:
                self._start(key, reference)
                break
            except PodmanError as error:
                # As with machines: podman's record of an address can outlive what had it.
                if "already allocated" not in error.stderr or attempt == _ADDRESS_ATTEMPTS:
                    raise
        self._furnish(key)
        about = f"{reference} (Debian {BUILD.release})" if image.startswith(("aws/", "public.")) else reference
        return Builder(DIRECTORY, about)

    def _have(self, image: str) -> str:
        """The image by the name that podman knows; CodeBuild's own are made of Debian's packages when first needed."""
        if image.startswith(_OWN):
            if not self._podman.image_exists(image):
                raise MachineError(f"there is no image {image} in the storage of this local cloud")
            return image
        base_images.ensure(BUILD, self._podman, self._place.base_cache, log.info)
        return base_images.reference(BUILD)

    def _start(self, key: str, reference: str) -> None:
        """Start it in the way that is known to work here, or the first that does."""
        known = self._machines.way or self._runtime
        address = self._machines.lend_address()
        with self._lock:
            self._addresses[key] = address
        failures: list[str] = []
        for way in [known] if known else runtime.candidates():
            podman = Podman(self._place, way.podman)
            try:
                podman.run(*self._create_arguments(key, reference, address, way))
                podman.run("start", key)
                podman.run("exec", key, "true", timeout=60)
            except MachineError as error:
                self.remove(key)
                if known or "already allocated" in str(error):
                    raise
                failures.append(f"{way.label}: {error}")
                with self._lock:
                    self._addresses[key] = address
                continue
            self._runtime = way
            return
        self.remove(key)
        raise MachineError("podman cannot run a container on this host. Tried: " + "; ".join(failures))

    def _create_arguments(self, key: str, reference: str, address: str, way: runtime.Runtime) -> list[str]:
        variables = host_ways.variables(self._host, network.gateway(self._machines.subnet))
        return [
            "create", "--name", key, "--hostname", key.rsplit("-", 1)[-1],
            "--label", f"{LABEL}={self._place.tag}", "--label", f"{BUILD_LABEL}={key}",
            "--network", self._place.bridge, "--ip", address, "--mac-address", network.mac(address),
            "--pull", "never", "--log-driver", "none", "--stop-signal", "SIGKILL", "--workdir", "/",
            *[word for name, value in variables.items() for word in ("--env", f"{name}={value}" if value else name)],
            *way.container, "--entrypoint", "", reference, "sh", "-c", _IDLE,
        ]  # fmt: skip

    def _furnish(self, key: str) -> None:
        """Give it its directory, and the certificates that the host trusts."""
        self._quiet(key, "mkdir", "-p", f"{DIRECTORY}/output")
        for source, target in host_ways.certificates(self._host).items():
            script = 'mkdir -p "${1%/*}" && cat > "$1"'
            self._quiet(key, "sh", "-c", script, "sh", target, stdin=Path(source).read_bytes())

    def _quiet(self, key: str, *argv: str, stdin: bytes = b"") -> None:
        self._podman.run("exec", "--interactive", "--user", "0", key, *argv, stdin=stdin)

    def run(
        self,
        key: str,
        argv: list[str],
        *,
        output: Output,
        stdin: bytes = b"",
        user: str | None = None,
        errors: Output | None = None,
    ) -> int:
        as_user = ["--user", user] if user else []
        process = subprocess.Popen(
            [*self._podman.prefix, "exec", "--interactive", *as_user, key, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors is None else subprocess.PIPE,
        )
        with process:
            threads = [threading.Thread(target=_feed, args=(process, stdin), daemon=True)]
            if errors is not None:
                threads.append(threading.Thread(target=_drain, args=(process, errors), daemon=True))
            for thread in threads:
                thread.start()
            while process.stdout is not None and (chunk := os.read(process.stdout.fileno(), _CHUNK)):
                output(chunk)
            for thread in threads:
                thread.join()
        return process.returncode

    def remove(self, key: str) -> None:
        self._remove(key)
        with self._lock:
            address = self._addresses.pop(key, None)
        if address is not None:
            self._machines.take_back(address)

    def _remove(self, name: str) -> None:
        """One that ends just when podman is to end it is refused, and removed when asked again."""
        for attempt in range(1, _REMOVE_ATTEMPTS + 1):
            podman = self._podman
            done = podman.run("rm", "--force", "--ignore", "--volumes", "--time", "0", name, check=False)
            if not done.returncode or not podman.inspect(name):
                return
            log.info("%s is not removed yet (%s of %s)", name, attempt, _REMOVE_ATTEMPTS)
            time.sleep(0.5)
        raise PodmanError(["rm", name], done.returncode, done.stderr.decode(errors="replace"))


def _feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    """A command that ends without having read everything is none of ours to mend."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(content)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _drain(process: subprocess.Popen[bytes], errors: Output) -> None:
    if process.stderr is not None:
        while chunk := os.read(process.stderr.fileno(), _CHUNK):
            errors(chunk)
