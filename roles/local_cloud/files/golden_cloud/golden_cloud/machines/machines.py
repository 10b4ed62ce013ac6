# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's machines: ``golden_cloud.ports.Machines`` done with podman."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from golden_cloud.machines import base_images, network, own_images, records, runtime, seed
from golden_cloud.machines.podman import Podman, PodmanError
from golden_cloud.machines.recipes import RECIPES
from golden_cloud.machines.watch import Watch
from golden_cloud.place import Place
from golden_cloud.ports import BaseImage, CommitResult, MachineError, MachineState

log = logging.getLogger(__name__)

STOP_SECONDS = 20
"""How long a machine may take to shut down before it is killed."""
_ADDRESS_ATTEMPTS = 5
_REMOVE_ATTEMPTS = 5
LABEL = "golden.ami.cloud"
_COMMITS = "localhost/golden-cloud/image:"
"""Where podman keeps what ``commit`` made; the image id follows."""
_CAPABILITIES = "AUDIT_WRITE,NET_RAW,SYS_BOOT"
"""Beyond podman's: PAM's audit, ping, and reboot(2), by which a machine's reboot differs from its power-off."""


class PodmanMachines:
    """Systemd containers on the cloud's bridge, one for each instance."""

    def __init__(self, place: Place, subnet: str, account_id: str = "123456789012") -> None:
        self.place = place
        self.subnet = subnet
        self.own_images = own_images.read(place, account_id)
        self._storage = threading.Lock()
        self._addresses = threading.Lock()
        self._probe = threading.Lock()
        self._runtime = runtime.remembered(self._runtime_file)
        known = self._runtime or runtime.Runtime()
        self.podman = Podman(place, known.podman)
        self._lent: set[str] = set()
        self._instance_at = {record["address"]: name for name, record in self.records().items()}
        self._tell_ended: Callable[[str], None] = lambda _instance_id: None
        self._watch = Watch(self._ended_by_itself)

    def watch(self, ended: Callable[[str], None]) -> None:
        """Call *ended* with the instance id whenever a machine has shut itself down (not when it reboots)."""
        self._tell_ended = ended

    @property
    def _runtime_file(self) -> Path:
        return self.place.state / "runtime.json"

    # --- images -------------------------------------------------------------------------------------------

    def base_images(self) -> list[BaseImage]:
        """What there is to start from, made already or not."""
        debian = [base_images.describe(recipe) for recipe in RECIPES]
        return debian + [image.describe() for image in self.own_images]

    def ensure_image(self, image_ref: str) -> None:
        """Have the image in storage: a base image is made when it is missing."""
        recipe = base_images.by_reference(image_ref)
        own = next((image for image in self.own_images if image.reference == image_ref), None)
        if recipe:
            base_images.ensure(recipe, self.podman, self.place.base_cache, log.info)
        elif own:
            base_images.ensure_own(own, self.podman, self.place.base_cache, log.info)
        elif not self.podman.image_exists(image_ref):
            raise MachineError(f"the image's file system {image_ref} is gone from the local cloud's storage")

    def delete_image(self, image_ref: str) -> None:
        """Remove an image; its file system stays as long as machines made from it exist."""
        if not image_ref.startswith(_COMMITS):
            return
        self.podman.run("untag", image_ref, check=False)
        (self.place.image_users / image_ref.removeprefix(_COMMITS)).unlink(missing_ok=True)
        self._prune()

    def _prune(self) -> None:
        """Remove file systems that no image's name and no machine needs any more.

        Not while an image is being made, which has no name yet: whoever makes it prunes afterwards.
        """
        if not self._storage.acquire(blocking=False):
            return
        try:
            done = self.podman.run("image", "prune", "--force", check=False)
        finally:
            self._storage.release()
        if done.returncode:
            log.warning("unused images could not be removed: %s", done.stderr.decode(errors="replace").strip())

    def commit(self, instance_id: str, image_id: str, *, reboot: bool) -> CommitResult:
        """Keep the machine's file system as an image; with *reboot* from a machine that is shut down."""
        running = self.describe(instance_id) == "running"
        if running and reboot:
            self.stop(instance_id)
        image_ref = _COMMITS + image_id
        try:
            with self._storage:
                self.podman.run(
                    "commit", "--quiet", "--format", "oci", f"--pause={str(running and not reboot).lower()}",
                    "--change", 'CMD ["/sbin/init"]', instance_id, image_ref,
                )  # fmt: skip
        finally:
            if running and reboot:
                self.start(instance_id)
        user = self._record(instance_id).get("user")
        if user:
            self.place.image_users.mkdir(exist_ok=True)
            (self.place.image_users / image_id).write_text(user)
        size = self.podman.text("image", "inspect", "--format", "{{.Size}}", image_ref)
        return CommitResult(image_ref=image_ref, size_bytes=int(size))

    def _user_of(self, image_ref: str) -> str | None:
        """Who gets the key on machines of this image; None: cloud-init's default user."""
        for image in self.own_images:
            if image.reference == image_ref:
                return image.user
        try:
            return (self.place.image_users / image_ref.removeprefix(_COMMITS)).read_text()
        except OSError:
            return None

    # --- machines -----------------------------------------------------------------------------------------

    def launch(
        self,
        instance_id: str,
        image_ref: str,
        *,
        hostname: str,
        user_data: bytes | None,
        public_keys: list[str],
        instance_type: str,
    ) -> str:
        """Make and start a machine. *instance_type* is noted only: machines share the host's processors and memory."""
        self.ensure_image(image_ref)
        for attempt in range(_ADDRESS_ATTEMPTS):
            try:
                return self._launch(instance_id, image_ref, hostname, user_data, public_keys, instance_type)
            except PodmanError as error:
                # A record of podman's, shared by all its storages, that outlived a machine killed with its monitor.
                if "already allocated" not in error.stderr or attempt + 1 == _ADDRESS_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _launch(
        self,
        instance_id: str,
        image_ref: str,
        hostname: str,
        user_data: bytes | None,
        public_keys: list[str],
        instance_type: str,
    ) -> str:
        """Make and start a machine at the next address; nothing is left of one that does not start."""
        directory = self.place.instances / instance_id
        address = self._reserve_address(directory, image_ref, hostname, instance_type)
        try:
            user = self._user_of(image_ref)
            seed.write(directory / "seed", instance_id, hostname, public_keys, user_data, user)
            self._create_and_start(instance_id, image_ref, hostname, address)
        except BaseException:
            self.terminate(instance_id)
            raise
        return address

    def _reserve_address(self, directory: Path, image_ref: str, hostname: str, instance_type: str) -> str:
        """Choose the machine's address and write down what is known of it."""
        with self._addresses:
            address = self._free_address()
            directory.mkdir(parents=True, mode=0o700)
            record: dict[str, str | None] = {
                "address": address,
                "image": image_ref,
                "hostname": hostname,
                "instance_type": instance_type,
            }
            record |= {"user": self._user_of(image_ref)}
            (directory / "machine.json").write_text(json.dumps(record))
            self._instance_at[address] = directory.name
        return address

    def _free_address(self) -> str:
        """The next one that is nobody's; only for who holds the lock of addresses."""
        last_file = self.place.instances / "last_address"
        used = {*(record["address"] for record in self.records().values()), *self._lent}
        last = last_file.read_text() if last_file.exists() else None
        address = network.next_address(self.subnet, used, last)
        last_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        last_file.write_text(address)
        return address

    def lend_address(self) -> str:
        """An address on the bridge for something that is no instance, until it is given back."""
        with self._addresses:
            address = self._free_address()
            self._lent.add(address)
        return address

    def take_back(self, address: str) -> None:
        with self._addresses:
            self._lent.discard(address)

    @property
    def way(self) -> runtime.Runtime | None:
        """The way in which machines run on this host; None before the first one."""
        return self._runtime

    def records(self) -> dict[str, dict[str, Any]]:
        """What was written down of each machine, by instance id."""
        return records.read(self.place)

    def instance_at(self, address: str) -> str | None:
        """Whose address this is, from the moment that it is given, which is before ``launch`` returns."""
        return self._instance_at.get(address)

    def _create_and_start(self, instance_id: str, image_ref: str, hostname: str, address: str) -> None:
        """Start a new container; the first of all finds out how containers run on this host."""
        network.raise_bridge(self.place, self.subnet)
        if self._runtime:
            self._create(instance_id, image_ref, hostname, address, self._runtime)
            self._start(instance_id)
            return
        with self._probe:
            if self._runtime:
                self._create(instance_id, image_ref, hostname, address, self._runtime)
                self._start(instance_id)
                return
            self._runtime = self._find_runtime(instance_id, image_ref, hostname, address)

    def _find_runtime(self, instance_id: str, image_ref: str, hostname: str, address: str) -> runtime.Runtime:
        """Boot the machine in each way that there is, until one works."""
        failures = []
        end = time.monotonic() + runtime.ALL_SECONDS
        for candidate in runtime.candidates():
            if time.monotonic() > end:
                failures.append(f"and no time was left for {candidate.label}")
                break
            self.podman = Podman(self.place, candidate.podman)
            try:
                self._create(instance_id, image_ref, hostname, address, candidate)
                self._start(instance_id)
                self._wait_for_systemd(instance_id, end)
            except MachineError as error:
                log.info("%s: %s", candidate.label, error)
                failures.append(f"{candidate.label}: {error}")
                self.podman.run("rm", "--force", "--time", "0", instance_id, check=False)
                continue
            log.info("machines run with %s", candidate.label)
            runtime.remember(self._runtime_file, candidate)
            return candidate
        raise MachineError(
            "podman cannot boot systemd on this host. Tried: " + "; ".join(failures)
            + ". Install crun or runc, or run on a host (or virtual machine) where"
            " 'podman run --systemd=always' works"
        )  # fmt: skip

    def _wait_for_systemd(self, instance_id: str, end: float) -> None:
        """Until init has brought up its bus, which it does early; at most until the monotonic time *end*."""
        began = time.monotonic()
        patience = runtime.SILENT_SECONDS
        said = ""
        while time.monotonic() < min(began + patience, end):
            done = self.podman.run("exec", instance_id, "systemctl", "is-system-running", check=False, timeout=60)
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            progress = runtime.progress(said, self.console_output(instance_id))
            if progress == "up":
                return
            if progress == "hopeless":
                raise MachineError(f"systemd gave up: {said}; its console: {self.console_output(instance_id)[-500:]}")
            if progress == "coming":
                patience = runtime.COMING_SECONDS
            time.sleep(0.2)
        raise MachineError(f"systemd did not come up within {time.monotonic() - began:.0f} s: {said}")

    def _create(self, instance_id: str, image_ref: str, hostname: str, address: str, how: runtime.Runtime) -> None:
        directory = self.place.instances / instance_id / "seed"
        self.podman.run(
            "create", "--name", instance_id, "--hostname", hostname, "--label", f"{LABEL}={self.place.tag}",
            "--network", self.place.bridge, "--ip", address, "--mac-address", network.mac(address),
            "--no-hosts", "--pull", "never",
            "--systemd", "always", "--tty", "--stop-signal", "SIGRTMIN+3", "--stop-timeout", str(STOP_SECONDS),
            "--log-driver", "k8s-file", "--log-opt", "max-size=1mb", "--cap-add", _CAPABILITIES,
            "--volume", f"{directory}:{seed.MOUNT}:ro", *how.container,
            image_ref, "/sbin/init", seed.INIT_ARGUMENT,
        )  # fmt: skip

    def _start(self, instance_id: str) -> None:
        self.podman.run("start", instance_id)
        record = self.podman.inspect(instance_id)
        pid = int(record["State"]["Pid"]) if record else 0
        if not pid:
            raise MachineError(f"{instance_id} ended at once; its console: {self.console_output(instance_id)[-500:]}")
        self._watch.add(instance_id, pid)

    def start(self, instance_id: str) -> str:
        """Start a stopped machine; it comes up at the address that it had."""
        record = self._record(instance_id)
        network.raise_bridge(self.place, self.subnet)
        self._start(instance_id)
        return str(record["address"])

    def stop(self, instance_id: str) -> None:
        """Shut down; a machine that is down already is no error."""
        self._record(instance_id)
        self._watch.forget(instance_id)
        self.podman.run("stop", "--time", str(STOP_SECONDS), instance_id)

    def reboot(self, instance_id: str) -> None:
        """Shut down and start again."""
        self.stop(instance_id)
        self.start(instance_id)

    def terminate(self, instance_id: str) -> None:
        """Remove the machine and all that belongs to it."""
        self._watch.forget(instance_id)
        self._remove(instance_id)
        shutil.rmtree(self.place.instances / instance_id, ignore_errors=True)
        with self._addresses:
            self._instance_at = {key: name for key, name in self._instance_at.items() if name != instance_id}
        self._prune()

    def _remove(self, instance_id: str) -> None:
        """Remove a container. One that ends just when podman is to end it is refused, and removed when asked again."""
        for attempt in range(1, _REMOVE_ATTEMPTS + 1):
            done = self.podman.run("rm", "--force", "--ignore", "--volumes", "--time", "2", instance_id, check=False)
            if not done.returncode or not self.podman.inspect(instance_id):
                return
            log.info("%s is not removed yet (%s of %s)", instance_id, attempt, _REMOVE_ATTEMPTS)
            time.sleep(1)
        raise PodmanError(["rm", instance_id], done.returncode, done.stderr.decode(errors="replace"))

    def _record(self, instance_id: str) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads((self.place.instances / instance_id / "machine.json").read_text())
        except FileNotFoundError as error:
            raise MachineError(f"there is no machine for {instance_id}") from error
        return record

    def _ended_by_itself(self, instance_id: str) -> None:
        """A machine ended without being told to: start it again when it meant to reboot."""
        record = self._settled(instance_id)
        if not record:
            return
        if self._reboots(record):
            log.info("%s reboots", instance_id)
            self._start(instance_id)
        else:
            log.info("%s has shut itself down (status %s)", instance_id, record["State"].get("ExitCode"))
            self._tell_ended(instance_id)

    def _settled(self, instance_id: str) -> dict[str, Any] | None:
        """The container's record, once podman has noticed its end."""
        for _unused in range(50):
            record = self.podman.inspect(instance_id)
            if not record or record["State"]["Status"] in ("exited", "stopped"):
                return record
            time.sleep(0.1)
        return record

    @staticmethod
    def _reboots(record: dict[str, Any]) -> bool:
        """reboot(2) in a container ends its init by SIGHUP; a power-off does it by SIGINT."""
        return bool(record["State"].get("ExitCode") == 129)

    def console_output(self, instance_id: str) -> str:
        """What init and cloud-init printed."""
        done = self.podman.run("logs", instance_id, check=False)
        return done.stdout.decode(errors="replace")

    def describe(self, instance_id: str) -> MachineState:
        """The state that the container has now, not the one that was last written down."""
        record = self.podman.inspect(instance_id)
        if not record:
            return "gone"
        return "running" if record["State"].get("Running") and _alive(record["State"].get("Pid", 0)) else "stopped"

    def resume(self) -> None:
        """After a restart of the server: watch the machines that run already."""
        for instance_id in self.records():
            record = self.podman.inspect(instance_id)
            if record and record["State"].get("Running") and _alive(record["State"]["Pid"]):
                self._watch.add(instance_id, int(record["State"]["Pid"]))

    def close(self) -> None:
        """Stop watching; the machines go on."""
        self._watch.close()


def _alive(pid: int) -> bool:
    return pid > 0 and Path("/proc", str(pid)).exists()
