# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cloud-init is told: the seed of its NoCloud data source.

The seed is mounted at ``/run``, so nothing of it is ever part of an image, and is named on the init's
command line, which cloud-init reads in a container as it reads the kernel's in a machine. A new
instance id makes cloud-init run its per-instance steps (keys, host keys, user data) again.
"""

from __future__ import annotations

import json
from pathlib import Path

MOUNT = "/run/golden-cloud/seed"
INIT_ARGUMENT = f"ds=nocloud;s={MOUNT}/"


def meta_data(instance_id: str, hostname: str, public_keys: list[str]) -> str:
    """The file ``meta-data``; JSON is YAML."""
    return json.dumps({"instance-id": instance_id, "local-hostname": hostname, "public-keys": public_keys}, indent=1)


def vendor_data(user: str | None) -> str:
    """What images of any origin need: the host name comes with the container; *user* is who gets the key."""
    told: dict[str, object] = {"preserve_hostname": True}
    if user:
        told["user"] = {"name": user, "sudo": ["ALL=(ALL) NOPASSWD:ALL"], "lock_passwd": True, "shell": "/bin/bash"}
    return "#cloud-config\n" + json.dumps(told, indent=1) + "\n"


def write(
    directory: Path,
    instance_id: str,
    hostname: str,
    public_keys: list[str],
    user_data: bytes | None,
    user: str | None = None,
) -> None:
    """Write the seed's files; only root may read them, as user data can hold secrets."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in (
        ("meta-data", meta_data(instance_id, hostname, public_keys).encode()),
        ("user-data", user_data or b""),
        ("vendor-data", vendor_data(user).encode()),
    ):
        file = directory / name
        file.touch(mode=0o600)
        file.write_bytes(content)
