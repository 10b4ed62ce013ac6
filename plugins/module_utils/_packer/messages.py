# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re

# Provisioners colour what they say, though nobody looks: ansible-local does unless it is told not to.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Python takes more for a digit than it can read as a number, and refuses numbers of thousands of digits.
_TIMESTAMP = re.compile(r"[0-9]{1,20}")


@dataclasses.dataclass(frozen=True)
class Message:
    """One line of ``packer -machine-readable``: ``timestamp,target,type,data…``."""

    timestamp: int
    target: str
    kind: str
    data: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a message of the kind C(ui) says; empty for the others."""
        return self.data[1] if self.kind == "ui" and len(self.data) > 1 else ""

    @property
    def is_error(self) -> bool:
        return self.kind == "ui" and self.data[:1] == ("error",)


def _unescape(field: str) -> str:
    text = field.replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
    return _COLOUR.sub("", text)


def parse_line(line: str) -> Message | None:
    """Read one line; None when it is not a message (a plugin that prints, a Go panic)."""
    parts = line.split(",")
    if len(parts) < 3 or not _TIMESTAMP.fullmatch(parts[0]):
        return None
    return Message(int(parts[0]), parts[1], parts[2], tuple(_unescape(part) for part in parts[3:]))


def artifact_ids(messages: list[Message]) -> dict[str, list[str]]:
    """The ids of the artifacts by builder. Post-processors repeat an artifact under the next index: once is enough."""
    found: dict[str, list[str]] = {}
    for message in messages:
        if message.kind == "artifact" and len(message.data) >= 3 and message.data[1] == "id":
            ids = found.setdefault(message.target, [])
            if message.data[2] not in ids:
                ids.append(message.data[2])
    return found


def builder_type(target: str) -> str:
    """The type in the name of a build, as C(golden.amazon-ebs.web); of a legacy one it is but a name."""
    return target.split(".")[-2] if "." in target else target
