# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base images of the user's own: any container image or root file system, named in a file.

The file is ``images.yml`` in the cloud's state directory, or the one that ``GOLDEN_CLOUD_IMAGES`` names::

    images:
      - name: corp-debian-12             # the AMI's name
        source: docker.io/corp/debian:12 # what podman pull takes, or the path of a tar file
        owner: "210987654321"            # an account; the cloud's own when left out
        ssm_parameters: [/corp/debian/latest]
        user: corp                       # who gets the key; cloud-init's default user when left out

The file system needs systemd, sshd and cloud-init to be of use as an instance.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden_cloud.machines.recipes import ARCHITECTURES, machine
from golden_cloud.place import Place
from golden_cloud.ports import BaseImage, MachineError, stable_image_id

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ()\[\]./'@_-]{2,127}")
_KEYS = {"name", "source", "owner", "description", "ssm_parameters", "user", "volume_size", "root_device_name"}
PREFIX = "localhost/golden-cloud/own:"


@dataclass(frozen=True)
class OwnImage:
    """One entry of the file."""

    name: str
    source: str
    owner: str
    description: str
    ssm_parameters: tuple[str, ...]
    user: str | None
    volume_size: int
    root_device_name: str

    @property
    def image_id(self) -> str:
        return stable_image_id(self.name)

    @property
    def reference(self) -> str:
        return PREFIX + self.image_id

    def describe(self) -> BaseImage:
        return BaseImage(
            key=self.name,
            image_id=self.image_id,
            name=self.name,
            owner_id=self.owner,
            owner_alias=None,
            architecture=ARCHITECTURES[machine()],
            description=self.description,
            creation_date="2026-01-01T00:00:00.000Z",
            root_device_name=self.root_device_name,
            volume_size=self.volume_size,
            ssm_parameters=self.ssm_parameters,
            image_ref=self.reference,
        )

    @property
    def is_archive(self) -> bool:
        """Whether the source is a root file system in a tar file."""
        return self.source.startswith("/")

    def pull_arguments(self) -> list[str]:
        """The podman command that brings it into storage under its reference, or its source's name."""
        if self.is_archive:
            return ["import", "--quiet", "--change", 'CMD=["/sbin/init"]', self.source, self.reference]
        return ["pull", "--quiet", self.source]


def configuration_file(place: Place) -> Path | None:
    """Where the images are named; None when the user has none."""
    named = os.environ.get("GOLDEN_CLOUD_IMAGES")
    file = Path(named) if named else place.state / "images.yml"
    if named and not file.exists():
        raise MachineError(f"GOLDEN_CLOUD_IMAGES names {named}, which does not exist")
    return file if file.exists() else None


def read(place: Place, account_id: str) -> list[OwnImage]:
    """The user's images; ``MachineError`` naming file, entry and key when the file is wrong."""
    file = configuration_file(place)
    if not file:
        return []
    content = _parse(file)
    entries = content.get("images") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise MachineError(f"{file}: a list 'images' is expected at the top")
    found = [parse_entry(entry, f"{file}: images[{number}]", account_id) for number, entry in enumerate(entries)]
    names = [image.name for image in found]
    for name in names:
        if names.count(name) > 1:
            raise MachineError(f"{file}: two images are called {name!r}")
    return found


def _parse(file: Path) -> Any:
    text = file.read_text()
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return json.loads(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MachineError(f"{file} is not YAML: {error}") from error


def parse_entry(entry: Any, where: str, account_id: str) -> OwnImage:
    """Check one entry. *where* names it in messages."""
    if not isinstance(entry, dict):
        raise MachineError(f"{where}: a mapping with name and source is expected")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise MachineError(f"{where}: unknown key {unknown[0]!r}; there are {', '.join(sorted(_KEYS))}")
    name, source = str(entry.get("name", "")), str(entry.get("source", ""))
    owner = str(entry.get("owner", account_id))
    if not _NAME.fullmatch(name):
        raise MachineError(f"{where}.name: an AMI's name of 3 to 128 characters is expected, not {name!r}")
    if not source:
        raise MachineError(f"{where}.source: a container image or the absolute path of a tar file is expected")
    if source.startswith("/") and not Path(source).is_file():
        raise MachineError(f"{where}.source: there is no file {source}")
    if not re.fullmatch(r"\d{12}", owner):
        raise MachineError(f"{where}.owner: an account of 12 digits (in quotes) is expected, not {owner!r}")
    parameters = entry.get("ssm_parameters", [])
    if not isinstance(parameters, list) or not all(str(one).startswith("/") for one in parameters):
        raise MachineError(f"{where}.ssm_parameters: a list of names beginning with / is expected")
    return OwnImage(
        name=name,
        source=source,
        owner=owner,
        description=str(entry.get("description", name)),
        ssm_parameters=tuple(map(str, parameters)),
        user=str(entry["user"]) if entry.get("user") else None,
        volume_size=int(entry.get("volume_size", 8)),
        root_device_name=str(entry.get("root_device_name", "/dev/xvda")),
    )
