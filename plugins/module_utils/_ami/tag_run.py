# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_tag does."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from . import accounts, calls, calls_images, own_amis
from .accounts import Accounts, Place
from .at_once import all_at_once
from .cloud import Cloud
from .images import Ami, chunks
from .steps import Step, lines_of, take
from .tagging import Tagged, check_room, check_tags, plan_steps, tags_after

ARGUMENT_SPEC: dict[str, t.Any] = {
    **own_amis.ARGUMENT_SPEC,
    **accounts.ARGUMENT_SPEC,
    "tags": {"type": "dict", "required": True},
    "purge_tags": {"type": "bool", "default": False},
    "snapshots": {"type": "bool", "default": True},
}

Result = dict[str, t.Any]


def _snapshot_tags(clouds: c.Mapping[Place, Cloud], amis: c.Sequence[Ami]) -> dict[tuple[Place, str], dict[str, str]]:
    """By place and snapshot; one call in each place."""

    def read(place: Place) -> dict[tuple[Place, str], dict[str, str]]:
        ids = sorted({disk.snapshot_id for ami in amis if ami.place == place for disk in ami.snapshots})
        ec2 = clouds[place].ec2(place.region)
        found = [one for some in chunks(ids) for one in calls_images.describe_all_snapshots(ec2, some)]
        return {(place, one["SnapshotId"]): boto3_tag_list_to_ansible_dict(one.get("Tags", [])) for one in found}

    read_places = all_at_once(read, list(dict.fromkeys(ami.place for ami in amis)))
    return {key: tags for answer in read_places for key, tags in answer.items()}


def _plan(
    amis: c.Sequence[Ami], snapshots: c.Mapping[tuple[Place, str], dict[str, str]], wanted: dict[str, str], purge: bool
) -> list[Tagged]:
    def tagged(ami: Ami, resource: str, before: dict[str, str]) -> Tagged:
        return Tagged(ami.place, ami.image_id, resource, before, tags_after(before, wanted, purge=purge))

    found = []
    for ami in amis:
        found.append(tagged(ami, ami.image_id, ami.tags))
        # Two disks may be made from one snapshot.
        own = [
            one for one in dict.fromkeys(disk.snapshot_id for disk in ami.snapshots) if (ami.place, one) in snapshots
        ]
        found += [tagged(ami, snapshot_id, snapshots[ami.place, snapshot_id]) for snapshot_id in own]
    return found


def _perform(clouds: c.Mapping[Place, Cloud], step: Step) -> None:
    ec2 = clouds[step.place].ec2(step.place.region)
    if step.action == "untag":
        calls_images.delete_tags(ec2, list(step.resources), [{"Key": key} for key in step.arguments["keys"]])
    else:
        calls.create_tags(ec2, list(step.resources), ansible_dict_to_boto3_tag_list(step.arguments["tags"]))


def run(module: t.Any) -> Result:
    params = module.params
    selection = (params["image_ids"], params["image"], params["version"])
    own_amis.check_selection(*selection)
    wanted = check_tags(params["tags"])
    known = Accounts(module.client, module.region, params["role_name"])
    places = known.places(params["accounts"], params["regions"])
    clouds = own_amis.clouds_of(known, places)
    amis = own_amis.find_own(clouds, *selection)
    snapshots = _snapshot_tags(clouds, amis) if params["snapshots"] else {}
    tagged = _plan(amis, snapshots, wanted, params["purge_tags"])
    check_room(tagged)
    sequences = plan_steps(tagged, wanted)
    if not module.check_mode:
        take(sequences, lambda step: _perform(clouds, step))
    if params["image"]:
        for place in own_amis.places_without(amis, places):
            module.warn(f"Version {params['version']} of {params['image']} is not in {place}: nothing is tagged there.")
    return _result(amis, tagged, [step for sequence in sequences for step in sequence])


def _result(amis: c.Sequence[Ami], tagged: c.Sequence[Tagged], steps: c.Sequence[Step]) -> Result:
    return {
        "changed": bool(steps),
        "images": [
            _image(ami, [one for one in tagged if (one.place, one.image_id) == (ami.place, ami.image_id)])
            for ami in amis
        ],
        "actions": lines_of(steps),
        "diff": {
            "before": {f"{one.place}/{one.resource}": one.before for one in tagged},
            "after": {f"{one.place}/{one.resource}": one.after for one in tagged},
        },
    }


def _image(ami: Ami, tagged: c.Sequence[Tagged]) -> Result:
    return {
        "account": ami.place.account,
        "region": ami.place.region,
        "image_id": ami.image_id,
        "tags": next(one.after for one in tagged if one.resource == ami.image_id),
        "snapshots": [
            {"snapshot_id": one.resource, "tags": one.after} for one in tagged if one.resource != ami.image_id
        ],
    }
