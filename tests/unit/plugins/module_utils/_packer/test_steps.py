# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.steps import Heard, hear


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("==> b: Prevalidating any provided VPC information", "prepare", "Prepare"),
        ("==> b: Launching a source AWS instance...", "launch", "Launch the instance"),
        ("==> b: Waiting for SSH to become available...", "connect", "Wait for SSH"),
        ("==> b: Provisioning with shell script: /tmp/packer-shell1", "provisioner", "Provision with a shell script"),
        ("==> b: Running local shell script: /tmp/x", "provisioner", "Provision with a shell script"),
        ("==> b: Provisioning with Ansible...", "provisioner", "Provision with Ansible"),
        ("==> b: Provisioning with Puppet...", "provisioner", "Provision with Puppet"),
        ("==> b: Uploading a.conf => /tmp/a.conf", "provisioner", "Upload files"),
        ("    b: TASK [common : Update] ********", "task", "common : Update"),
        ("==> b: RUNNING HANDLER [common : Restart] ****", "task", "common : Restart"),
        ("==> b: PLAY RECAP ****", "no task", ""),
        ("==> b: Stopping the source instance...", "stop", "Stop the instance"),
        ("==> b: Creating AMI web from instance i-1", "snapshot", "Create the AMI"),
        ("==> b: Copying/Encrypting AMI (ami-1) to other regions...", "copy", "Copy the AMI"),
        ("==> b: Creating AMI tags", "tag", "Tag the AMI"),
        ("==> b: Terminating the source AWS instance...", "cleanup", "Clean up"),
        ("==> b: Running post-processor:  (type manifest)", "post-processor", "Write the manifest"),
        ("==> b: Running post-processor: sum (type checksum)", "post-processor", "Run the post-processor sum"),
        ("Build 'b' finished after 2 minutes 600 milliseconds.", "end", ""),
        ("Build 'b' errored after 86 milliseconds: no.", "end", ""),
    ],
)
def test_what_begins_or_ends(line: str, kind: str, name: str) -> None:
    assert hear(line) == Heard("b", kind, name)


@pytest.mark.parametrize(
    "line",
    [
        '==> b: Adding tag: "Name": "x"',
        "==> b: Uploading main Playbook file...",
        "==> b: the log says: Stopping the source instance",
        "ok: [default]",
        "TASK [common : Update] ****",
        "",
    ],
)
def test_what_is_nothing(line: str) -> None:
    assert hear(line) is None
