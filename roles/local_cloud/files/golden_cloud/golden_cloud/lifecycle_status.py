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
from golden_cloud.machines import records
from golden_cloud.machines.base_images import in_progress
from golden_cloud.place import Place


def status(place: Place) -> dict[str, Any]:
    """The state of the cloud; also of one that is down or was never up. What ``details`` adds is None: not known."""
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
        "enforce_iam": settings.enforces_iam(place.state),
        "podman": podman.prefix,
        "instances": None,
        "images": None,
        "making": in_progress(place.base_cache),
        "disk_bytes": None,
        "needs_root": False,
    }
    return seen


def details(place: Place, seen: dict[str, Any]) -> None:
    """Add instances, images and disk use, which take podman's time and root's rights.

    Without those they stay unknown, and ``needs_root`` says so.
    """
    if not place.storage.exists():
        seen |= {"instances": [], "images": [], "disk_bytes": 0}
        return
    if os.geteuid() != 0:
        seen["needs_root"] = True
        return
    podman = podman_of(place)
    if seen["running"]:
        states = {record["Names"][0]: record for record in podman.containers()}
        seen["instances"] = _instances(place, states)
        seen["images"] = _images(podman)
    else:
        seen["instances"] = _instances(place, {})
        seen["images"] = stored_images(place)
    seen["disk_bytes"] = disk_bytes(place)


def _instances(place: Place, states: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for identifier, record in sorted(records.read(place).items()):
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


def _images(podman: Any) -> list[dict[str, Any]]:
    import json

    listed = json.loads(podman.text("images", "--format", "json") or "[]")
    return [
        {"reference": name, "bytes": image["Size"], "created": image["CreatedAt"]}
        for image in listed
        for name in image.get("Names") or []
    ]


def stored_images(place: Place) -> list[dict[str, Any]]:
    """Images of a cloud that is down, read from the storage's own lists: podman would set up its run directory.

    ``bytes`` is the sum of an image's layers.
    """
    import json

    try:
        images = json.loads((place.storage / "overlay-images" / "images.json").read_text())
        layers = json.loads((place.storage / "overlay-layers" / "layers.json").read_text())
    except FileNotFoundError:
        return []
    known = {layer["id"]: layer for layer in layers}
    return [
        {"reference": name, "bytes": _layers_bytes(image.get("layer"), known), "created": image.get("created")}
        for image in images
        for name in image.get("names") or []
    ]


def _layers_bytes(layer: str | None, known: dict[str, dict[str, Any]]) -> int:
    total = 0
    while layer and layer in known:
        total += known[layer].get("diff-size") or 0
        layer = known[layer].get("parent")
    return total


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
        if seen["enforce_iam"]:
            lines.append("  policies   IAM policies are enforced")
    lines.append(f"  state      {seen['state_directory']}{_size(seen['disk_bytes'])}")
    if seen["needs_root"]:
        lines.append("  instances, images and disk use are seen by root only: run it with sudo")
    lines += [f"  instance   {one['id']}  {one['state']:8} {one['address']}" for one in seen["instances"] or []]
    lines += [f"  image      {one['reference']}{_size(one['bytes'])}" for one in seen["images"] or []]
    lines += [
        f"  making     {one['key']}: {one['step']} ({time.time() - one['started']:.0f} s)" for one in seen["making"]
    ]
    return "\n".join(lines)


def _size(number: int | None) -> str:
    return "" if number is None else f"  ({number / 1e6:.0f} MB)"
