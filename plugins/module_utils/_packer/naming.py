# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import datetime

from .._ami.artifacts import OwnImage
from .errors import PackerError
from .options import BuildOptions

_STAMP = "%Y%m%d%H%M%S"


def new_version(images: list[OwnImage], now: datetime.datetime) -> str:
    """The time as a version, later than those there are, so that none comes twice and all sort by time."""
    taken = {image.version for image in images}
    while (version := now.strftime(_STAMP)) in taken:
        now += datetime.timedelta(seconds=1)
    return version


def refuse_taken_version(options: BuildOptions, images: list[OwnImage]) -> None:
    """A version that was asked for and is there already could only fail later, at the AMI's name or the record."""
    taken = next((image for image in images if options.version and image.version == options.version), None)
    if taken:
        raise PackerError(
            f"{options.name} {options.version} is there already: {taken.image_id} in {options.region}, and it is not the"
            " image that was asked for. Ask for another version, or for none: then it is the time."
        )
