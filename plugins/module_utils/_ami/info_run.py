# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_info does."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from . import accounts, selecting
from .accounts import Accounts, Place
from .cloud import Cloud
from .details import Details, NotRead, read_details, told
from .images import Ami
from .own_amis import clouds_of
from .references import SOURCES, USAGE, Reference, read_references

ARGUMENT_SPEC: dict[str, t.Any] = {
    **selecting.ARGUMENT_SPEC,
    **accounts.ARGUMENT_SPEC,
    "permissions": {"type": "bool", "default": True},
    "ancestry": {"type": "bool", "default": False},
    "references": {"type": "bool", "default": False},
}

Result = dict[str, t.Any]
Referring = dict[tuple[str, str], tuple[Reference, ...]]


def _references(clouds: c.Mapping[Place, Cloud], amis: c.Sequence[Ami], details: Details) -> Referring:
    """By Region and AMI, from every account that is looked at: another one may use an AMI that is shared with it."""
    found: dict[tuple[str, str], set[Reference]] = {(ami.place.region, ami.image_id): set() for ami in amis}
    for place, cloud in clouds.items():
        ids = sorted({ami.image_id for ami in amis if ami.place.region == place.region})
        read = read_references(cloud, place, ids, (*SOURCES, USAGE))
        for image_id, references in read.by_image.items():
            found[place.region, image_id].update(references)
        details.not_read.extend(NotRead(place, f"references: {one.source}", one.reason) for one in read.unread)
    return {key: tuple(sorted(references)) for key, references in found.items()}


def _once(amis: c.Sequence[Ami]) -> list[Ami]:
    """An AMI that is seen from several accounts is told where it is owned, and only there."""
    own = {(ami.place.region, ami.image_id) for ami in amis if ami.owner == ami.place.account}
    return [ami for ami in amis if ami.owner == ami.place.account or (ami.place.region, ami.image_id) not in own]


def run(module: t.Any) -> Result:
    params = module.params
    selection = selecting.read_selection(params)
    known = Accounts(module.client, module.region, params["role_name"])
    clouds = clouds_of(known, known.places(params["accounts"], params["regions"]))
    found, without = selecting.select(clouds, selection)
    for place in without:
        module.warn(f"The channel {selection.channel} of {selection.image} is not in {place}.")
    amis = _once(found)
    details = read_details(clouds, amis, permissions=params["permissions"], ancestry=params["ancestry"])
    references = _references(clouds, amis, details) if params["references"] else None
    now = datetime.datetime.now(datetime.UTC)
    seen = {ami.image_id for ami in amis}
    return {
        "changed": False,
        "images": [
            told(ami, details, references[ami.place.region, ami.image_id] if references is not None else None, now)
            for ami in amis
        ],
        "missing": [image_id for image_id in selection.image_ids if image_id not in seen],
        "not_read": [one.line() for one in details.not_read],
    }
