# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the toolkit is made of: files of a checkout, whose content names the image."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

REPOSITORY = "localhost/golden.ami/toolkit"
_OF_THE_ROLE = "roles/toolkit/files/Containerfile"
_LOCKS = (
    "taskw",
    "requirements/run.txt",
    "roles/packer/files/packer.lock.json",
    "roles/packer/files/goss.lock.json",
    # Which packages the local cloud's base for builds has.
    "roles/local_cloud/files/golden_cloud/golden_cloud/machines/recipes.py",
)


class ToolkitError(Exception):
    """What cannot be done, and what to do about it."""


@dataclasses.dataclass(frozen=True)
class Parts:
    """A checkout of golden.ami, as far as the toolkit is made of it."""

    root: Path

    @property
    def containerfile(self) -> Path:
        return self.root / _OF_THE_ROLE

    @property
    def reference(self) -> str:
        """The image's name: another one for other tools, such as ``localhost/golden.ami/toolkit:0123456789ab``."""
        digest = hashlib.sha256()
        for name in (_OF_THE_ROLE, *_LOCKS):
            file = self.root / name
            if not file.is_file():
                raise ToolkitError(
                    f"The toolkit is made in a checkout of golden.ami, and {self.root} is none: there is no {name}."
                )
            digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
        return f"{REPOSITORY}:{digest.hexdigest()[:12]}"
