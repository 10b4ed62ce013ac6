# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which AMI an image has, which one of its parent that was made from, and whether there is a newer one."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from . import calls
from .base import channel_parameter, complete_images, named_images, newest
from .cloud import Cloud


@dataclasses.dataclass(frozen=True)
class Search:
    """How a base by owner and name is found."""

    owners: tuple[str, ...]
    name: str
    architecture: str | None = None


SEARCH_OPTION: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "owners": {"type": "list", "elements": "str", "required": True},
        "name": {"type": "str", "required": True},
        "architecture": {"type": "str"},
    },
}


def read_search(given: c.Mapping[str, t.Any] | None) -> Search | None:
    """A search as that option has it."""
    return Search(tuple(given["owners"]), given["name"], given["architecture"]) if given else None


@dataclasses.dataclass(frozen=True)
class Descent:
    """An image, the image that it is made from, and the channel of that one which it follows, if not the newest.

    With a C(search) it follows what that finds. C(descendants) are made from it in turn.
    """

    name: str
    parent: str
    channel: str | None = None
    search: Search | None = None
    descendants: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Lineage:
    """What is known of an image. C(ami_id) None: it was never built. C(parent_ami) None: its parent has none to follow."""

    name: str
    parent: str
    ami_id: str | None
    source_ami: str | None
    parent_ami: str | None
    behind: bool
    message: str | None


def read_lineages(cloud: Cloud, descents: list[Descent], just_made: dict[str, str]) -> list[Lineage]:
    """One call for all the AMIs, one for all channels, where there are any, and one for each search.

    C(just_made) is what is known already of parents, by name: EC2 may tell of a new AMI only after a while, and the one
    that a parent's definition stands for need not be its newest.
    """
    names = {name for one in descents for name in ([one.name, one.parent] if _follows_newest(one) else [one.name])}
    images = complete_images(cloud, sorted(names))
    channels = {channel_parameter(one.parent, one.channel) for one in descents if one.channel}
    held = calls.get_parameters(cloud.ssm(), sorted(channels)) if channels else {}
    searches = dict.fromkeys(one.search for one in descents if one.search)
    found = {
        search: newest(named_images(cloud, search.owners, search.name, search.architecture)) for search in searches
    }
    return [lineage(descent, images, held, just_made, found) for descent in descents]


def _follows_newest(descent: Descent) -> bool:
    return not descent.channel and not descent.search


def lineage(
    descent: Descent,
    images: list[calls.Resource],
    channels: c.Mapping[str, str],
    just_made: c.Mapping[str, str],
    searched: c.Mapping[Search, str | None],
) -> Lineage:
    """The lineage of one image, as AMIs, channels and searches tell it."""
    own = _latest(descent.name, images)
    if descent.channel:
        follows = channels.get(channel_parameter(descent.parent, descent.channel))
    elif descent.search:
        follows = searched.get(descent.search)
    else:
        follows = just_made.get(descent.parent) or _id(_latest(descent.parent, images))
    made_from = _tags(own).get("golden:source-ami") if own else None
    # A template that starts from several AMIs names them all.
    behind = bool(own and follows and follows not in (made_from or "").split(","))
    message = _message(descent, made_from, _newer(descent, follows, images)) if behind else None
    return Lineage(descent.name, descent.parent, _id(own), made_from, follows, behind, message)


def _newer(descent: Descent, follows: str | None, images: list[calls.Resource]) -> str:
    if descent.channel:
        return f"the channel {descent.channel} names {follows}"
    if descent.search:
        return f"the newest AMI named {descent.search.name} is {follows}"
    others = [image["ImageId"] for image in images if _tags(image).get("golden:image") == descent.parent]
    if follows in others and follows != _id(_latest(descent.parent, images)):
        return f"its definition stands for {follows}"
    return f"the newest is {follows}"


def _message(descent: Descent, made_from: str | None, newer: str) -> str:
    source = (made_from or "another AMI").replace(",", ", ")
    after = f", which goes on with {', '.join(descent.descendants)}" if descent.descendants else ""
    return (
        f"{descent.name} is behind: it was made from {source} of {descent.parent}, {newer}."
        f" Build it: -e image={descent.name}, or -e rebuild_children=true{after}"
    )


def _latest(name: str, images: list[calls.Resource]) -> calls.Resource | None:
    own = [image for image in images if _tags(image).get("golden:image") == name]
    image_id = newest(own)
    return next((image for image in own if image["ImageId"] == image_id), None)


def _tags(image: calls.Resource) -> dict[str, str]:
    tags: dict[str, str] = boto3_tag_list_to_ansible_dict(image.get("Tags", []))
    return tags


def _id(image: t.Mapping[str, t.Any] | None) -> str | None:
    return str(image["ImageId"]) if image else None
