# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the API side and the machines side meet.

The API side (``golden_cloud.api``) knows EC2 and nothing of containers; the machines side
(``golden_cloud.machines``) knows containers and nothing of EC2. Each sees only what is named here,
so either can be tested against a stand-in of the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

MachineState = Literal["running", "stopped", "gone"]


class MachineError(Exception):
    """A machine could not do what was asked; the text names the machine and says what to do about it.

    The API side shows the text to the client (as the instance's or the image's state reason).
    """


@dataclass(frozen=True)
class BaseImage:
    """A machine image that the cloud offers by itself, as AWS offers Debian's.

    It is listed whether or not its file system exists already: ``Machines.launch`` makes it when missing.
    """

    key: str
    """Short name, ``debian-12``."""
    image_id: str
    """``ami-`` and 17 hex digits, derived from the name, so it never changes; see ``stable_image_id``."""
    name: str
    owner_id: str
    owner_alias: str | None
    architecture: str
    """EC2's word: ``x86_64`` or ``arm64``."""
    description: str
    creation_date: str
    """ISO 8601 in UTC with milliseconds: ``2026-01-02T03:04:05.000Z``."""
    root_device_name: str
    volume_size: int
    """GiB."""
    ssm_parameters: tuple[str, ...]
    """Names of the public SSM parameters whose value is ``image_id``."""
    image_ref: str
    """What ``Machines.launch`` needs to find the file system; opaque to the API side."""


@dataclass(frozen=True)
class CommitResult:
    """A machine's file system, kept as an image."""

    image_ref: str
    size_bytes: int


class Machines(Protocol):
    """The machines behind the instances. Every method may block and may raise ``MachineError``.

    Methods are called from several threads at once, but never two at once for the same instance.
    """

    def base_images(self) -> list[BaseImage]:
        """What there is to start from; cheap, makes nothing."""

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
        """Make the machine, wait until it runs, return its IPv4 address (kept until ``terminate``)."""

    def stop(self, instance_id: str) -> None:
        """Shut the machine down; its file system stays."""

    def start(self, instance_id: str) -> str:
        """Start a stopped machine, return its address."""

    def reboot(self, instance_id: str) -> None:
        """Restart a running machine; its address stays."""

    def terminate(self, instance_id: str) -> None:
        """Remove the machine and its file system; one that is gone already is no error."""

    def commit(self, instance_id: str, image_id: str, *, reboot: bool) -> CommitResult:
        """Keep the file system as an image. With ``reboot`` a running machine is down meanwhile, and up again after."""

    def delete_image(self, image_ref: str) -> None:
        """Remove what ``commit`` kept; one that is gone already is no error."""

    def console_output(self, instance_id: str) -> str:
        """What the machine has printed to its console."""

    def watch(self, ended: Callable[[str], None]) -> None:
        """Call ``ended`` with the instance id whenever a machine has shut itself down (not when it reboots)."""

    def describe(self, instance_id: str) -> MachineState:
        """Whether the machine is there; asked for each instance after a restart of the cloud."""


Output = Callable[[bytes], object]


@dataclass(frozen=True)
class Builder:
    """A container that a build runs in."""

    directory: str
    """The container's directory for builds, ``/codebuild``; absolute, and empty when the container has started."""
    about: str
    """What it really is, for the build's log: the image that was asked for can be AWS's."""


class Builders(Protocol):
    """The containers of builds. Every method may block and may raise ``MachineError``.

    A build has one container, known by the build's key. ``remove`` may be called while another method works for the
    same build, which then comes to its end.
    """

    def start(self, key: str, image: str, environment_type: str, *, privileged: bool) -> Builder:
        """Make and start the container of an image as CodeBuild names it; ``MachineError`` says what can't be had."""

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
        """Run a command in the container and give what it says to ``output`` as it comes; its exit status.

        Standard error goes to ``errors``, or with the rest to ``output``.
        """

    def remove(self, key: str) -> None:
        """Remove the container; one that is gone already is no error."""


class NoBuilders:
    """Where there are no containers, no build can start."""

    def start(self, key: str, image: str, environment_type: str, *, privileged: bool) -> Builder:
        raise MachineError("this local cloud has no containers for builds")

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
        raise MachineError("this local cloud has no containers for builds")

    def remove(self, key: str) -> None:
        return


class Registry(Protocol):
    """What keeps container images. Every method may be called from several threads at once."""

    def storage(self) -> Path:
        """Where its files are, in the layout of its file system driver; also while it does not run."""

    def ready(self) -> Path:
        """The socket on which it answers, from now on; ``MachineError`` says why it can't."""


class NoRegistry:
    """Where there is no registry, nothing can be pushed or pulled."""

    def storage(self) -> Path:
        return Path("/nonexistent")

    def ready(self) -> Path:
        raise MachineError("this local cloud has no registry for container images")


@dataclass(frozen=True)
class Timings:
    """Seconds that a state lasts *at least*, beyond the real work; zero in tests that don't need it."""

    instance_pending: float = 0.0
    instance_stopping: float = 0.0
    instance_shutting_down: float = 0.0
    image_pending: float = 0.0
    parameter_validation: float = 0.0
    """Until a parameter of data type aws:ec2:image has the value that it was given; with zero it has it at once."""
    deregistration_cooldown: float = 86_400.0
    """How long an image is protected after its protection with cooldown has been disabled."""
    recycle_bin_day: float = 86_400.0
    """How long a day of a retention rule of the Recycle Bin is."""
    build_minute: float = 60.0
    """How long a minute of a build's timeouts is."""
    health_check_second: float = 1.0
    """How long a second of a target group's times is: of its health check, and of its deregistration delay."""
    build_credentials: float = 900.0
    """How long the credentials last that a build's container is given; a longer build must ask for new ones."""
    build_credentials_renewal: float = 300.0
    """How long before their end others are given."""
    patience: float = 25.0
    """Longest time that an SDK's waiter (it says so in its User-Agent) is kept waiting for the state it waits for,
    instead of being sent away to sleep its 15 s; below the read timeouts of all SDKs. Any other call is answered at
    once, with the state that is."""
    save_delay: float = 0.3
    """Longest time between a call that changed something and its being on disk."""


@dataclass(frozen=True)
class Config:
    """Everything that one local cloud is told when it starts."""

    name: str
    state_directory: Path
    """Of mode 0700; the API side keeps ``api-state.pickle`` and ``calls.jsonl`` in it."""
    access_key: str
    secret_key: str
    region: str = "us-east-1"
    account_id: str = "123456789012"
    host: str = "127.0.0.1"
    port: int = 4580
    gateway: str | None = None
    """The address at which machines reach the same server (the bridge's); None when there is none."""
    timings: Timings = field(default_factory=Timings)

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class RoleCredentials:
    """Keys of an instance profile's role, as the metadata service hands them to programs in the machine."""

    role_name: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    last_updated: str
    expiration: str


@dataclass(frozen=True)
class InstanceMetadata:
    """Everything the instance metadata service tells to one machine."""

    instance_id: str
    ami_id: str
    ami_launch_index: int
    instance_type: str
    reservation_id: str
    account_id: str
    region: str
    availability_zone: str
    availability_zone_id: str
    architecture: str
    private_ip: str
    public_ip: str | None
    hostname: str
    mac: str
    subnet_id: str | None
    vpc_id: str | None
    security_groups: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    public_keys: tuple[tuple[str, str], ...]
    """(key pair's name, OpenSSH public key)."""
    user_data: bytes | None
    block_device_mapping: tuple[tuple[str, str], ...]
    """(``ami``, ``root``, ``ebs1``…, device)."""
    pending_time: str
    """ISO 8601, UTC, seconds."""
    tags: dict[str, str] | None
    """None unless the instance was launched with ``InstanceMetadataTags=enabled``."""
    http_endpoint_enabled: bool
    http_tokens_required: bool
    """True: only IMDSv2 is answered."""
    hop_limit: int
    iam_instance_profile_arn: str | None
    iam_instance_profile_id: str | None
    role_credentials: RoleCredentials | None


def stable_image_id(name: str) -> str:
    """The image id of a base image: the same on every machine and after every reset."""
    return "ami-" + hashlib.sha256(name.encode()).hexdigest()[:17]
