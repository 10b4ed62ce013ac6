# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in a local cloud, for people and for programs."""

from __future__ import annotations

import os
import time
from typing import Any

from golden_cloud import process, settings
from golden_cloud.lifecycle import podman_of
from golden_cloud.machines.base_images import in_progress
from golden_cloud.place import Place


def status(place: Place) -> dict[str, Any]:
    """The state of the cloud; also of one that is down or was never up."""
    known = settings.load(place)
    server = process.read_record(place.process_file)
    podman = podman_of(place)
    running = bool(server and server.ready)
    seen: dict[str, Any] = {
        "name": place.name,
        "running": running,
        "endpoint": known.endpoint if known else None,
        "region": known.region if known else None,
        "account_id": known.account_id if known else None,
        "pid": server.pid if server else None,
        "port": known.port if known else None,
        "subnet": known.subnet if known else None,
        "state_directory": str(place.state),
        "config_file": str(place.config_file),
        "credentials_file": str(place.credentials_file),
        "profile": settings.PROFILE,
        "log": str(place.log),
        "podman": podman.prefix,
        "instances": [],
        "images": [],
        "making": in_progress(place.base_cache),
        "disk_bytes": 0,
    }
    return seen


def details(place: Place, seen: dict[str, Any]) -> None:
    """Add instances, images and disk use, which take podman's time (and root's rights)."""
    if not place.storage.exists() or os.geteuid() != 0:
        return
    podman = podman_of(place)
    if seen["running"]:
        states = {record["Names"][0]: record for record in podman.containers()}
        seen["instances"] = _instances(place, states)
        seen["images"] = _images(podman)
    else:
        seen["instances"] = _instances(place, {})
    seen["disk_bytes"] = disk_bytes(place)


def _instances(place: Place, states: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for identifier, record in sorted(machine_records(place).items()):
        container = states.get(identifier, {})
        found.append(
            {
                "id": identifier,
                "state": "running" if container.get("State") == "running" else "stopped",
                "container": container.get("Id", "")[:12],
                "address": record["address"],
                "image": record["image"],
            }
        )
    return found


def machine_records(place: Place) -> dict[str, dict[str, Any]]:
    """What was written down of each machine."""
    import json

    return {file.parent.name: json.loads(file.read_text()) for file in place.instances.glob("*/machine.json")}


def _images(podman: Any) -> list[dict[str, Any]]:
    import json

    listed = json.loads(podman.text("images", "--format", "json") or "[]")
    return [
        {"reference": name, "bytes": image["Size"], "created": image["CreatedAt"]}
        for image in listed
        for name in image.get("Names") or []
    ]


def disk_bytes(place: Place) -> int:
    """What the cloud's state takes on disk, without the mounts of running machines."""
    import subprocess

    done = subprocess.run(
        ["du", "--summarize", "--bytes", "--one-file-system", "--exclude=merged", str(place.state)],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(done.stdout.split()[0]) if done.stdout else 0


def human(seen: dict[str, Any]) -> str:
    """A short summary to read."""
    lines = [f"local cloud {seen['name']!r}: {'up' if seen['running'] else 'down'}"]
    if seen["running"]:
        lines.append(f"  endpoint   {seen['endpoint']}  (region {seen['region']}, account {seen['account_id']})")
        lines.append(f"  profile    {seen['profile']} in {seen['config_file']}")
    lines.append(f"  state      {seen['state_directory']}  ({seen['disk_bytes'] / 1e6:.0f} MB)")
    lines += [f"  instance   {one['id']}  {one['state']:8} {one['address']}" for one in seen["instances"]]
    lines += [f"  image      {one['reference']}  {one['bytes'] / 1e6:.0f} MB" for one in seen["images"]]
    lines += [
        f"  making     {one['key']}: {one['step']} ({time.time() - one['started']:.0f} s)" for one in seen["making"]
    ]
    return "\n".join(lines)
