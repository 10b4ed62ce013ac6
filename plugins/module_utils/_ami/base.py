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
    """Which AMI a build starts from: an id, a parameter that holds one, the newest of a name, or another image of ours.

    Of an image it is what its C(channel) names, without one the newest complete AMI. C(child) is the image that is made
    from it, for messages.
    """

    image_id: str | None = None
    ssm_parameter: str | None = None
    owners: tuple[str, ...] = ()
    name: str | None = None
    architecture: str | None = None
    image: str | None = None
    channel: str | None = None
    child: str | None = None


def newest(images: list[calls.Resource]) -> str | None:
    """The image that was made last; the id decides between two of one moment, so that the answer is always the same."""
    found = max(images, key=lambda image: (image["CreationDate"], image["ImageId"]), default=None)
    return str(found["ImageId"]) if found else None


def resolve_base(cloud: Cloud, base: BaseImage) -> str:
    """The id of the AMI that a build starts from; at most one call."""
    if base.image_id:
        return base.image_id
    if base.image:
        return _of_image(cloud, base.image, base)
    if base.ssm_parameter:
        value = calls.get_parameter(cloud.ssm(), base.ssm_parameter)
        if not value:
            raise calls.AmiError(
                f"There is no SSM parameter {base.ssm_parameter} in {cloud.region}, which should name the base image."
                " Correct source_ami.ssm_parameter, or use another Region."
            )
        return value
    found = newest(named_images(cloud, base.owners, base.name, base.architecture))
    if not found:
        raise calls.AmiError(
            f"No AMI named {base.name} of {', '.join(base.owners)} is available in {cloud.region}"
            f"{f' for {base.architecture}' if base.architecture else ''}. Correct source_ami, or use another Region."
            f"{' If one of your images makes it, build that first.' if 'self' in base.owners else ''}"
        )
    return found


def named_images(
    cloud: Cloud, owners: tuple[str, ...], name: str | None, architecture: str | None
) -> list[calls.Resource]:
    """The available AMIs of these owners with such a name; one call."""
    filters = {"name": name, "state": "available", "architecture": architecture}
    return calls.describe_images(
        cloud.ec2(),
        Owners=list(owners),
        Filters=[{"Name": key, "Values": [value]} for key, value in filters.items() if value],
    )


def channel_parameter(image: str, channel: str) -> str:
    """Where a channel of an image keeps the AMI that it names."""
    return f"/golden/{image}/{channel}"


def complete_images(cloud: Cloud, names: list[str]) -> list[calls.Resource]:
    """The account's AMIs of these images that are available and complete; one call."""
    return calls.describe_images(
        cloud.ec2(),
        Owners=["self"],
        Filters=[
            {"Name": "tag:golden:image", "Values": names},
            {"Name": "tag:golden:complete", "Values": ["yes"]},
            {"Name": "state", "Values": ["available"]},
        ],
    )


def _of_image(cloud: Cloud, image: str, base: BaseImage) -> str:
    child = base.child or "IMAGE"
    if base.channel:
        parameter = channel_parameter(image, base.channel)
        value = calls.get_parameter(cloud.ssm(), parameter)
        if not value:
            raise calls.AmiError(
                f"The channel {base.channel} of {image} names no AMI in {cloud.region}: there is no SSM parameter"
                f" {parameter}. Let the channel name a version of {image}, or take out channel to follow the newest one"
                f" (if there is none yet, build it first: -e image={image},{child})."
            )
        return value
    found = newest(complete_images(cloud, [image]))
    if not found:
        raise calls.AmiError(
            f"There is no complete AMI of {image} in {cloud.region} yet, and {child} is made from it:"
            f" build it first: -e image={image},{child}"
        )
    return found
