# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machine this is, in the words that Go and HashiCorp's releases use."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from golden_toolchain.errors import ToolchainError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}


@dataclass(frozen=True)
class Host:
    os: str
    arch: str

    def __str__(self) -> str:
        return f"{self.os}_{self.arch}"


def detect(system: str | None = None, machine: str | None = None) -> Host:
    """This machine, or the one that is named as ``uname`` does."""
    system = system or platform.system()
    machine = machine or platform.machine()
    if system not in _SYSTEMS or machine.lower() not in _ARCHITECTURES:
        raise ToolchainError(
            f"Packer is not pinned for {system} on {machine}: the lock covers Linux and macOS on amd64 and arm64."
        )
    return Host(_SYSTEMS[system], _ARCHITECTURES[machine.lower()])
