# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this host can run a local cloud, and if not, how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from golden_cloud.machines.podman import OLDEST, installed_version

PROGRAMS = {
    "podman": "podman",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
    "conmon": "conmon",
    "git": "git",
}
"""Programs that machines and repositories need, and Debian's packages that have them."""


def missing_programs() -> list[str]:
    """Debian packages whose programs are not on PATH (root's directories are looked through always)."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]
    if not shutil.which("runc", path=path) and not shutil.which("crun", path=path):
        missing.append("runc")
    if not any((Path(place) / "netavark").exists() for place in ("/usr/lib/podman", "/usr/libexec/podman")):
        missing.append("netavark")
    return missing


def problem() -> str | None:
    """Why no local cloud can run here, with the remedy; None when one can."""
    if platform.system() != "Linux":
        return (
            f"the local cloud runs machines as systemd containers, which needs a Linux kernel; this is"
            f" {platform.system()}. Run it in a Linux virtual machine."
        )
    if os.geteuid() != 0:
        return (
            "the local cloud needs root: rootless podman cannot give machines addresses that the host reaches."
            " Run it with sudo, or let the role local_cloud do it (become)."
        )
    missing = missing_programs()
    if missing:
        return f"programs are missing: apt-get install --no-install-recommends {' '.join(missing)}"
    version = installed_version()
    if version < OLDEST:
        have = ".".join(map(str, version)) or "of an unknown version"
        return f"podman {have} is too old: {'.'.join(map(str, OLDEST))} or newer is needed (Debian 12, Ubuntu 24.04)"
    return None
