# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the base images are made: Debian's packages, put together by mmdebstrap, as Debian's own AMIs are set up."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass

DEBIAN_OWNER = "136693071363"
"""Account under which Debian publishes its AMIs."""

ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}
"""Debian's words for architectures, and EC2's."""

_PACKAGES = (
    "ca-certificates",
    "cloud-init",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    "less",
    "libpam-systemd",
    "locales",
    "netbase",
    "openssh-server",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
    "systemd",
    "systemd-sysv",
)

_BUILD_PACKAGES = (
    "awscli",
    "ca-certificates",
    "curl",
    "git",
    "gnupg",
    "iproute2",
    "jq",
    "less",
    "locales",
    "netbase",
    "openssh-client",
    "procps",
    "python3",
    "python3-boto3",
    "python3-pip",
    "python3-venv",
    "rsync",
    "sudo",
    "tini",
    "unzip",
    "xz-utils",
    "zip",
)

_CLOUD_CONFIG = """\
# The instance's data comes from a seed directory named on the init's command line.
datasource_list: [NoCloud, None]
network: {config: disabled}
apt: {preserve_sources_list: true}
manage_etc_hosts: true
# The host name comes with the container, which may not change it.
preserve_hostname: true
locale: C.UTF-8
system_info:
  default_user:
    name: admin
    lock_passwd: true
    gecos: Debian
    groups: [adm, audio, cdrom, dialout, dip, floppy, plugdev, sudo, video]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
"""

_CLOUD_CONFIG_FILE = "/etc/cloud/cloud.cfg.d/90_golden_cloud.cfg"

_SOURCES = """\
Types: deb
URIs: http://deb.debian.org/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

_FINISH = """\
set -eu
root=$1
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/lib/dbus/machine-id
rm -f "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
find "$root"/var/log -type f -delete
: > "$root"/etc/machine-id
: > "$root"/etc/resolv.conf
# A user's service manager that is told to stop while it starts can hang (systemd 252 on cgroup v1).
mkdir -p "$root"/etc/systemd/system/user@.service.d
printf '[Service]\\nTimeoutStopSec=4s\\n' > "$root"/etc/systemd/system/user@.service.d/stop.conf
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' > "$root"/etc/hosts
echo localhost > "$root"/etc/hostname
"""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a base image contains."""

    key: str
    suite: str
    release: str
    snapshot: str
    """Date and serial in the AMI's name; changes when the recipe does."""
    packages: tuple[str, ...] = _PACKAGES
    cloud_config: str = _CLOUD_CONFIG
    finish: str = _FINISH

    @property
    def sources(self) -> str:
        return _SOURCES.format(suite=self.suite)

    @property
    def digest(self) -> str:
        """Changes whenever the image would."""
        text = json.dumps([asdict(self), self.sources, machine()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


RECIPES = (
    Recipe(key="debian-12", suite="bookworm", release="12", snapshot="20261101-2283"),
    Recipe(key="debian-13", suite="trixie", release="13", snapshot="20261101-2283"),
)


BUILD = Recipe(key="codebuild", suite="trixie", release="13", snapshot="20261101-2283", packages=_BUILD_PACKAGES)
"""What builds of CodeBuild run in; no AMI. Of Debian 13, as the AWS CLI of Debian 12 does not obey AWS_ENDPOINT_URL and
would call AWS itself."""


def machine() -> str:
    """Debian's word for this machine's architecture; raises ``ValueError`` for one that EC2 does not have."""
    words = {"x86_64": "amd64", "aarch64": "arm64"}
    try:
        return words[platform.machine()]
    except KeyError:
        raise ValueError(f"EC2 has no machines like this one ({platform.machine()})") from None


def mmdebstrap_argv(recipe: Recipe, work: str, target: str, mirror: str | None) -> list[str]:
    """The command that makes the root file system *target* (a tar file).

    *work* is a directory with the files ``cloud.cfg``, ``debian.sources`` and ``finish``; a *mirror*
    is used for downloading only, the image names Debian's own.
    """
    argv = [
        "mmdebstrap",
        "--variant=minbase",
        "--dpkgopt=force-unsafe-io",
        f"--architectures={machine()}",
        f"--include={','.join(recipe.packages)}",
        f'--customize-hook=sh {work}/finish "$1"',
        *(
            [f"--customize-hook=upload {work}/cloud.cfg {_CLOUD_CONFIG_FILE}"]
            if "cloud-init" in recipe.packages
            else []
        ),
        f"--customize-hook=upload {work}/debian.sources /etc/apt/sources.list.d/debian.sources",
        recipe.suite,
        target,
    ]
    return [*argv, mirror] if mirror else argv
