# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one local cloud keeps its things, and the names that it gives to what it makes on the host."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def state_home() -> Path:
    """``${XDG_STATE_HOME:-~/.local/state}/golden.ami``."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "golden.ami"


def cache_home() -> Path:
    """``${XDG_CACHE_HOME:-~/.cache}/golden.ami``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami"


@dataclass(frozen=True)
class Place:
    """The paths and host-wide names of one local cloud.

    Names that are shared by the whole host (bridge, run directory) carry a hash of the state
    directory, so that two clouds of the same name in two homes do not meet.
    """

    name: str
    state: Path
    cache: Path

    @classmethod
    def of(cls, name: str) -> Place:
        """The place of the cloud called *name*; raises ``ValueError`` for an impossible name."""
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name for a local cloud: use at most 32 small letters, digits and dashes,"
                " beginning with a letter or digit"
            )
        state = (state_home() / "local_cloud" / name).absolute()
        return cls(name=name, state=state, cache=cache_home().absolute())

    @property
    def tag(self) -> str:
        """Eight hex digits that stand for this cloud on this host."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:8]

    @property
    def bridge(self) -> str:
        """Name of the network bridge; Linux allows 15 characters."""
        return f"gc-{self.tag}"

    @property
    def keeper(self) -> str:
        """Name of the interface that keeps the bridge up while no machine runs."""
        return f"gck-{self.tag}"

    @property
    def keeper_peer(self) -> str:
        """Name of the keeper's other end."""
        return f"gcp-{self.tag}"

    @property
    def run(self) -> Path:
        """Podman's run directory. Short, and not below the state: socket paths end at 107 characters."""
        return Path("/run") / f"golden-cloud-{self.tag}"

    @property
    def storage(self) -> Path:
        """Podman's storage: images and the machines' file systems."""
        return self.state / "storage"

    @property
    def networks(self) -> Path:
        """Podman's network definitions."""
        return self.state / "networks"

    @property
    def instances(self) -> Path:
        """One directory for each machine: its cloud-init seed."""
        return self.state / "instances"

    @property
    def image_users(self) -> Path:
        """One file for each image whose login user the user's configuration named."""
        return self.state / "image_users"

    @property
    def base_cache(self) -> Path:
        """Root file systems of base images, shared by all clouds of a user."""
        return self.cache / "base_images"

    @property
    def process_file(self) -> Path:
        """Pid and start time of the server."""
        return self.state / "serve.json"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.state / "serve.log"

    @property
    def settings_file(self) -> Path:
        """What ``up`` settled: port, keys, network."""
        return self.state / "cloud.json"

    @property
    def config_file(self) -> Path:
        """AWS config file with the profile."""
        return self.state / "config"

    @property
    def credentials_file(self) -> Path:
        """AWS credentials file with the profile's keys, 0600."""
        return self.state / "credentials"
