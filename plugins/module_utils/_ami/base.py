# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

from . import calls
from .cloud import Cloud


@dataclasses.dataclass(frozen=True)
class BaseImage:
    """Which AMI a build starts from: an id, a parameter that holds one, or the newest of a name."""

    image_id: str | None = None
    ssm_parameter: str | None = None
    owners: tuple[str, ...] = ()
    name: str | None = None
    architecture: str | None = None


def newest(images: list[calls.Resource]) -> str | None:
    """The image that was made last; the id decides between two of one moment, so that the answer is always the same."""
    found = max(images, key=lambda image: (image["CreationDate"], image["ImageId"]), default=None)
    return str(found["ImageId"]) if found else None


def resolve_base(cloud: Cloud, base: BaseImage) -> str:
    """The id of the AMI that a build starts from; at most one call."""
    if base.image_id:
        return base.image_id
    if base.ssm_parameter:
        value = calls.get_parameter(cloud.ssm(), base.ssm_parameter)
        if not value:
            raise calls.AmiError(
                f"There is no SSM parameter {base.ssm_parameter} in {cloud.region}, which should name the base image."
                " Correct source_ami.ssm_parameter, or use another Region."
            )
        return value
    filters = {"name": base.name, "state": "available", "architecture": base.architecture}
    images = calls.describe_images(
        cloud.ec2(),
        Owners=list(base.owners),
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items() if value],
    )
    found = newest(images)
    if not found:
        raise calls.AmiError(
            f"No AMI named {base.name} of {', '.join(base.owners)} is available in {cloud.region}"
            f"{f' for {base.architecture}' if base.architecture else ''}. Correct source_ami, or use another Region."
        )
    return found
