# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import datetime
import re

from .._ami.artifacts import OwnImage
from .errors import PackerError
from .options import BuildOptions

_STAMP = "%Y%m%d%H%M%S"
# What names of AMIs, of SSM parameters and of files have in common. A name may have several parts, with slashes between.
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_ALLOWED = "letters, digits, dot, hyphen and underscore, beginning with a letter, a digit or an underscore"
# Without SSM parameters; at either end a space would be lost or not be seen.
_AMI_PART = r"[A-Za-z0-9_(\[][A-Za-z0-9 ()\[\].'@_-]*(?<! )"
_AMI_ALLOWED = (
    "letters, digits, space, dot, hyphen, underscore, single quote, @ and brackets, beginning with a letter, a digit, an"
    " underscore or a bracket, and not ending with a space"
)
# Characters; EC2's limit for the name of an AMI.
_LONGEST = 128


def new_version(images: list[OwnImage], now: datetime.datetime) -> str:
    """The time as a version, later than those there are, so that none comes twice and all sort by time."""
    taken = {image.version for image in images}
    while (version := now.strftime(_STAMP)) in taken:
        now += datetime.timedelta(seconds=1)
    return version


def refuse_unfit(name: str, version: str | None, *, record: bool) -> None:
    """Refuse what EC2 could only refuse later, when things were made; with C(record) what SSM could, too."""
    part, allowed = (_PART, _ALLOWED) if record else (_AMI_PART, _AMI_ALLOWED)
    if not re.fullmatch(rf"{part}(?:/{part})*", name):
        raise PackerError(
            f"name: {name!r} cannot be the name of an image{_for_record(record, name)}. It has parts of {allowed}, with"
            " slashes between."
        )
    if version is not None and not re.fullmatch(part, version):
        raise PackerError(
            f"version: {version!r} cannot be a version{_for_record(record, version)}. It is made of {allowed}."
        )
    longest = _LONGEST - 1 - len(version if version is not None else datetime.datetime.max.strftime(_STAMP))
    if len(name) > longest:
        whose = f" with the version {version!r}" if version is not None else ""
        raise PackerError(f"name: {name!r} is too long{whose}: it may have {max(longest, 0)} characters.")


def _for_record(record: bool, text: str) -> str:
    fits = record and re.fullmatch(rf"{_AMI_PART}(?:/{_AMI_PART})*", text)
    return " that goes to an SSM parameter (record)" if fits else ""


def refuse_taken_version(options: BuildOptions, images: list[OwnImage]) -> None:
    """A version that was asked for and is there already could only fail later, at the AMI's name or the record."""
    taken = next((image for image in images if options.version and image.version == options.version), None)
    if taken:
        raise PackerError(
            f"{options.name} {options.version} is there already: {taken.image_id} in {options.region}, and it is not the"
            " image that was asked for. Ask for another version, or for none: then it is the time."
        )
