# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which version was made from which, as a graph: versions of the images, and AMIs that they start from."""

from __future__ import annotations

import typing as t

from .._ami.images import Ami
from .facts import Facts, World

SOURCE_TAG = "golden:source-ami"
# What AMIs are grouped as that are of none of the images.
OUTSIDE = ""

Result = dict[str, t.Any]


def version_of(ami: Ami) -> str:
    """The version; of an AMI without the tag its id, so that it is told all the same."""
    return ami.version or ami.image_id


def node_of(image: str, version: str) -> str:
    return f"{image}/{version}"


def sources_of(ami: Ami) -> list[str]:
    """The AMIs that it was built from. Of a copy that is what was built, not what was copied."""
    told = [one.strip() for one in ami.tags.get(SOURCE_TAG, "").split(",") if one.strip()]
    return told or ([ami.source_image_id] if ami.source_image_id else [])


def lineage(world: World) -> Result:
    """C(nodes) in the order of images and versions, C(edges) from what was started from to what was made."""
    known = {ami.image_id: node_of(facts.wanted.name, version_of(ami)) for facts in world.images for ami in facts.amis}
    nodes: dict[str, Result] = {}
    edges: dict[tuple[str, str], None] = {}
    for facts in world.images:
        for ami in sorted(facts.amis, key=lambda one: (-one.created.timestamp(), one.image_id)):
            node = node_of(facts.wanted.name, version_of(ami))
            nodes.setdefault(node, _node(node, facts, ami))
            for source in sources_of(ami):
                start = known.get(source, source)
                if start != node:
                    edges.setdefault((start, node))
    for start, _end in edges:
        nodes.setdefault(start, _outside(start, world.others.get(start)))
    return {"nodes": list(nodes.values()), "edges": [{"from": start, "to": end} for start, end in edges]}


def _node(node: str, facts: Facts, ami: Ami) -> Result:
    version = version_of(ami)
    ids = {one.image_id for one in facts.amis if version_of(one) == version}
    channels = sorted({one.channel for one in facts.channels if one.image_id in ids})
    return {"id": node, "image": facts.wanted.name, "version": version, "name": version, "channels": channels}


def _outside(image_id: str, ami: Ami | None) -> Result:
    name = ami.name if ami else None
    if ami and ami.image and ami.version:
        name = f"{ami.image} {ami.version}"
    return {"id": image_id, "image": OUTSIDE, "version": None, "name": name or image_id, "channels": []}
