# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re

# A line of a builder's. Older Packers set what is less important off by spaces.
_LINE = re.compile(r"(?:==>|   ) (?P<builder>[^\s:]+): (?P<said>.*)", re.DOTALL)
_END = re.compile(r"Build '(?P<builder>[^']+)' (?:finished|errored) after\b")
# What Packer says when a step begins: the screen and the times depend on it, never the result. It calls it creating
# the AMI when EC2 takes the snapshots.
_STEPS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"Prevalidating|Loading AMI|Found Image ID|Creating temporary"), "Prepare", "prepare"),
    (re.compile(r"Launching a (source|spot)|Waiting for instance"), "Launch the instance", "launch"),
    (
        re.compile(r"Waiting for (SSH|WinRM)|Using (SSH|WinRM) communicator|Connected to (SSH|WinRM)"),
        "Wait for SSH",
        "connect",
    ),
    (
        re.compile(r"Provisioning with shell script|Running local shell script"),
        "Provision with a shell script",
        "provisioner",
    ),
    (re.compile(r"Provisioning with Ansible"), "Provision with Ansible", "provisioner"),
    (re.compile(r"Provisioning with (?P<with>[\w-]+)"), "Provision with {}", "provisioner"),
    (re.compile(r"(Uploading|Downloading) .+ => "), "Upload files", "provisioner"),
    (re.compile(r"Pausing .+ before the next provisioner"), "Pause", "provisioner"),
    (re.compile(r"Stopping the source instance|Waiting for the instance to stop"), "Stop the instance", "stop"),
    (re.compile(r"Creating AMI (?!tags)|Creating the AMI|Waiting for AMI"), "Create the AMI", "snapshot"),
    (re.compile(r"Copying/Encrypting AMI|Copying AMI"), "Copy the AMI", "copy"),
    (re.compile(r"Modifying attributes on|Adding tags to|Creating (AMI|snapshot) tags"), "Tag the AMI", "tag"),
    (re.compile(r"Terminating the source|Cleaning up any extra|Deleting temporary"), "Clean up", "cleanup"),
    (re.compile(r"Running post-processor:.*\(type manifest\)"), "Write the manifest", "post-processor"),
    (re.compile(r"Running post-processor: *(?P<with>\S*)"), "Run the post-processor {}", "post-processor"),
)
_TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[(?P<name>.+?)\] \**$")
_NO_TASK = re.compile(r"PLAY (RECAP|\[)")


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a line says of the course of a build: a step, a task of a provisioner's, the end of such, or of a builder."""

    builder: str
    kind: str
    name: str = ""


def hear(text: str) -> Heard | None:
    """What begins or ends with a line of Packer's, if something does."""
    if ended := _END.match(text):
        return Heard(ended["builder"], "end")
    line = _LINE.fullmatch(text.rstrip())
    if line is None:
        return None
    builder, said = line["builder"], line["said"].strip()
    if task := _TASK.match(said):
        return Heard(builder, "task", task["name"])
    if _NO_TASK.match(said):
        return Heard(builder, "no task")
    for pattern, name, kind in _STEPS:
        if found := pattern.match(said):
            return Heard(builder, kind, name.format(*(found["with"],) if "with" in pattern.groupindex else ()))
    return None
