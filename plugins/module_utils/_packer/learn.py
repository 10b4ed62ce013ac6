# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re

from .._ami.leftovers import Learned

# Older Packers set what is less important off by spaces.
_PREFIX = re.compile(r"(?:==>|   ) (?P<builder>[^\s:]+): (?P<said>.*)")
# What Packer says before and after provisioners run; in between it says nothing that counts here.
_LAUNCHED = re.compile(r"Instance ID: (i-[0-9a-f]{8,17})")
_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("key_pairs", re.compile(r"Creating temporary keypair: (packer_[0-9a-f-]+)")),
    ("security_groups", re.compile(r"Creating temporary security group for this instance: (packer_[0-9a-f-]+)")),
    ("instances", _LAUNCHED),
)
_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("images", re.compile(r"AMI: (ami-[0-9a-f]{8,17})")),
    ("regions", re.compile(r"Copying to: ([a-z0-9-]+)")),
)
_PROVISIONS = re.compile(
    r"(?:Provisioning with|Running local shell script|Executing|Uploading|Downloading|Pausing"
    r"|Waiting for (?:SSH|WinRM)|Using (?:SSH|WinRM) communicator|Connected to)\b.*"
)
_MAKES_IMAGE = re.compile(r"Creating AMI .+ from instance (?P<instance>i-[0-9a-f]+)|Registering the AMI\.\.\.")


def is_region(name: str) -> bool:
    """Whether botocore knows a Region of this name, or one that is newer than it and named alike."""
    import botocore.exceptions  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing
    import botocore.session  # noqa: PLC0415

    try:
        botocore.session.get_session().get_partition_for_region(name)
    except botocore.exceptions.UnknownRegionError:
        return False
    return True


@dataclasses.dataclass
class _Builder:
    """How far a builder is. While provisioners may run, whatever is said may be theirs."""

    stage: str = "before"
    instance: str = ""
    heard: set[str] = dataclasses.field(default_factory=set)


class Learner:
    """Notes what Packer says it creates: whole lines of a builder, in the stage in which Packer says them.

    A provisioner's output cannot be told from Packer's by its form, so what is learned is only a hint:
    nothing is removed for it without proof. With C(tagged) the things themselves carry the run's tag, and need none.
    """

    def __init__(self, learned: Learned, *, tagged: bool) -> None:
        self.learned = learned
        self._tagged = tagged
        self._builders: dict[str, _Builder] = {}

    def hear(self, text: str) -> bool:
        """Take what was said; True when there was something new."""
        line = _PREFIX.fullmatch(text.rstrip())
        if line is None:
            return False
        builder = self._builders.setdefault(line["builder"], _Builder())
        if builder.stage == "before":
            return self._before(builder, line["said"])
        if builder.stage == "provision":
            makes = _MAKES_IMAGE.fullmatch(line["said"])
            if makes and makes["instance"] in (None, builder.instance):
                builder.stage = "after"
            return False
        return self._match(builder, _AFTER, line["said"])

    def _before(self, builder: _Builder, said: str) -> bool:
        if _PROVISIONS.fullmatch(said):
            builder.stage = "provision"
            return False
        launched = _LAUNCHED.fullmatch(said)
        if launched:
            builder.stage, builder.instance = "provision", launched[1]
        return self._match(builder, _BEFORE, said)

    def _match(self, builder: _Builder, patterns: tuple[tuple[str, re.Pattern[str]], ...], said: str) -> bool:
        found = ((kind, pattern.fullmatch(said)) for kind, pattern in patterns)
        return any(self._note(builder, kind, match[1]) for kind, match in found if match)

    def _note(self, builder: _Builder, kind: str, name: str) -> bool:
        if kind == "regions":
            if not is_region(name):
                return False
        elif kind in builder.heard:
            return False
        builder.heard.add(kind)
        known = self._known(kind)
        if name in known:
            return False
        known.append(name)
        return True

    def _known(self, kind: str) -> list[str]:
        if self._tagged and kind != "regions":
            return self.learned.tagged.setdefault(kind, [])
        known: list[str] = getattr(self.learned, kind)
        return known
