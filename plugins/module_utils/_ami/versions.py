# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Versions of an image: the parameter that names the artifact of one in a place, and whether that can be used."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re

from .accounts import Place
from .calls import AmiError
from .images import Ami
from .quarantine import quarantine_problem

REVOKED_TAG = "golden:revoked"
# A version with several AMIs in a Region has one parameter for each builder, below its own name.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)?")
# How many are named when another one was asked for.
_TOLD = 10


def version_parameter(image: str, version: str) -> str:
    """Where a version of an image keeps the AMI that is its artifact in a place."""
    return f"{versions_path(image)}/{version}"


def versions_path(image: str) -> str:
    return f"/golden/{image}/versions"


def check_version(version: str) -> None:
    """Refuse what is no version, before anything is called."""
    if not _VERSION.fullmatch(version):
        raise AmiError(
            f"version: {version!r} is no version: letters, digits, '.', '_' and '-'; of a version with several AMIs in a"
            " Region VERSION/BUILDER."
        )


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A version in a place: the AMI that its parameter names, and the AMI itself, if it is still there."""

    place: Place
    image: str
    version: str
    image_id: str | None
    ami: Ami | None

    @property
    def revoked(self) -> str | None:
        """Why it must not be used, if that was said."""
        return self.ami.tags.get(REVOKED_TAG) if self.ami else None

    @property
    def quarantined(self) -> str | None:
        """That its tests failed, if they did."""
        return quarantine_problem(self.ami) if self.ami else None

    def problem(self) -> str | None:
        """Why no channel can name it in this place, with what helps."""
        if self.image_id is None:
            return f"there is none in {self.place}"
        if self.ami is None:
            return f"{self.image_id} in {self.place} is gone: it was deregistered, or is not shared with that account"
        if self.revoked is not None:
            return f"{self.image_id} in {self.place} is revoked ({self.revoked})"
        if self.ami.state != "available":
            return f"{self.image_id} in {self.place} is {self.ami.state}, not available"
        return self.quarantined


def check_artifacts(artifacts: c.Sequence[Artifact], known: c.Callable[[], list[str]]) -> None:
    """Refuse a version that is not to be had in every place. C(known) tells the versions there are."""
    first = artifacts[0]
    named = f"version {first.version} of {first.image}"
    missing = [one for one in artifacts if one.image_id is None]
    if len(missing) == len(artifacts):
        raise AmiError(
            f"There is no {named} in {_places(artifacts)}. {_there_are(first.image, first.version, known())}"
        )
    if missing:
        there = next(one for one in artifacts if one.image_id)
        raise AmiError(
            f"{named[0].upper()}{named[1:]} is not in {_places(missing)}. Copy it there first with golden.ami.ami_copy from"
            f" {there.image_id} in {there.place}, or take the place out of regions and accounts. Nothing was changed."
        )
    # Of one that is revoked or quarantined the gates tell.
    told = [one for one in artifacts if one.revoked is None and one.problem() != one.quarantined]
    problems = [problem for one in told if (problem := one.problem())]
    if problems:
        raise AmiError(
            f"No channel can name {named}: {'; '.join(problems)}. Take another version, or copy it there again with"
            " golden.ami.ami_copy. Nothing was changed."
        )


def _places(artifacts: c.Iterable[Artifact]) -> str:
    return ", ".join(str(one.place) for one in artifacts)


def _there_are(image: str, asked: str, known: c.Sequence[str]) -> str:
    parts = [version for version in known if version.startswith(f"{asked}/")]
    if parts:
        return f"It has several AMIs in a Region; say which: {', '.join(parts)}."
    if not known:
        return (
            f"None of {image} is recorded there: build one (golden.ami.packer_build with record), or name its Regions."
        )
    newest = sorted(known, reverse=True)[:_TOLD]
    return f"There {'is' if len(newest) == 1 else 'are'} {', '.join(newest)}."
