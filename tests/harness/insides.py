# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is inside two versions of an image: the second one has a package more and a service less."""

from __future__ import annotations

import dataclasses

from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents, Port, User
from ansible_collections.golden.ami.plugins.module_utils._inside.store import Kept

BEFORE = Contents(
    packages={"bash": "5.2.15-2+b13", "cron": "3.0pl1-162", "nginx-light": "1.22.1-9"},
    services={"cron.service": "enabled/active", "nginx.service": "enabled/active", "ssh.service": "enabled/active"},
    ports=(Port("tcp", "any", 22, "sshd"), Port("tcp", "any", 80, "nginx")),
    users={"root": User(0, "/bin/bash"), "admin": User(1000, "/bin/bash")},
    os={"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"},
    kernel="6.1.0-28-cloud-amd64 x86_64",
    boot_seconds=8.1,
    disk_bytes=1_305_739_264,
)
AFTER = dataclasses.replace(
    BEFORE,
    packages={**BEFORE.packages, "htop": "3.2.2-2"},
    services={name: state for name, state in BEFORE.services.items() if name != "cron.service"},
    boot_seconds=8.4,
    disk_bytes=1_307_836_416,
)


def kept(contents: Contents, image_id: str = "ami-0123456789abcdef0") -> Kept:
    return Kept(contents, image_id, "2026-11-21T09:41:07+00:00")
