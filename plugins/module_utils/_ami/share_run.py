# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_share does."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from . import accounts, calls_permissions, own_amis, targets
from .accounts import Accounts, Place
from .at_once import all_at_once
from .calls import AmiError
from .cloud import Cloud
from .images import Ami
from .permissions import (
    PUBLIC,
    Change,
    Permissions,
    State,
    change,
    described,
    entries,
    not_of_snapshots,
    of_snapshots,
    permissions_of,
    without,
    words,
)
from .quarantine import REMEDY, quarantine_problem
from .sharing_keys import KeyAccess, check_keys, find_uses
from .steps import ResultError, Step, lines_of, take

ARGUMENT_SPEC: dict[str, t.Any] = {
    **own_amis.ARGUMENT_SPEC,
    **accounts.ARGUMENT_SPEC,
    "state": {"type": "str", "choices": ["add", "remove", "exact", "private"], "default": "add"},
    "targets": targets.ARGUMENT_SPEC,
    "public": {"type": "bool", "default": False},
    "snapshots": {"type": "bool", "default": True},
    "key_access": {"type": "str", "choices": ["refuse", "warn"], "default": "refuse"},
}

Result = dict[str, t.Any]
_IMAGE = "modify-launch-permissions"
_SNAPSHOT = "modify-volume-permissions"


@dataclasses.dataclass(frozen=True)
class Shared:
    """An AMI with who may use it and its snapshots, before and after."""

    ami: Ami
    launch: Change
    volumes: dict[str, Change]

    @property
    def added(self) -> Permissions:
        return self.launch.add.union(*(one.add for one in self.volumes.values()))


def _check_options(params: Result, wanted: targets.Targets) -> None:
    own_amis.check_selection(params["image_ids"], params["image"], params["version"])
    if params["state"] == "private" and wanted.named:
        raise AmiError("targets: with state private nobody is named: it takes every permission away. Use state remove.")
    if params["state"] != "private" and not wanted.named:
        raise AmiError("targets: nobody is named. Name somebody, or use state private to take every permission away.")


def _read(
    clouds: c.Mapping[Place, Cloud], amis: c.Sequence[Ami], *, snapshots: bool
) -> tuple[list[Permissions], dict[tuple[Place, str], Permissions]]:
    """The permissions of each AMI, and of each snapshot by its place and id; one call for each."""
    wanted = [(ami.place, disk.snapshot_id) for ami in amis for disk in ami.snapshots] if snapshots else []
    ids = list(dict.fromkeys(wanted))

    def read(one: tuple[Place, str]) -> Permissions:
        ec2 = clouds[one[0]].ec2(one[0].region)
        if one[1].startswith("snap-"):
            return permissions_of(calls_permissions.read_volume_permissions(ec2, one[1]))
        return permissions_of(calls_permissions.read_launch_permissions(ec2, one[1]))

    found = all_at_once(read, [*((ami.place, ami.image_id) for ami in amis), *ids])
    return found[: len(amis)], dict(zip(ids, found[len(amis) :], strict=True))


def _plan(
    amis: c.Sequence[Ami],
    launch: c.Sequence[Permissions],
    volumes: c.Mapping[tuple[Place, str], Permissions],
    wanted: Permissions,
    state: State,
) -> list[Shared]:
    def shared(ami: Ami, before: Permissions) -> Shared:
        own = without(wanted, ami.owner)
        ids = [one for one in dict.fromkeys(disk.snapshot_id for disk in ami.snapshots) if (ami.place, one) in volumes]
        changes = {one: change(volumes[ami.place, one], of_snapshots(own), state) for one in ids}
        return Shared(ami, change(before, own, state), changes)

    return [shared(ami, before) for ami, before in zip(amis, launch, strict=True)]


def _check_states(plan: c.Sequence[Shared]) -> None:
    for one in plan:
        ami = one.ami
        quarantine = quarantine_problem(ami)
        if quarantine and one.added:
            raise AmiError(f"{quarantine}: it is not shared. {REMEDY} Nothing was changed.")
        if one.launch.add and ami.state == "disabled":
            raise AmiError(f"{ami.image_id} in {ami.place} is disabled and cannot be shared: enable it before.")
        if PUBLIC in one.added and any(disk.encrypted for disk in ami.snapshots):
            raise AmiError(
                f"{ami.image_id} in {ami.place} has an encrypted disk, and EC2 lets no such AMI be public."
                " Share it with accounts, or build it without encryption."
            )


def _check_public(clouds: c.Mapping[Place, Cloud], plan: c.Sequence[Shared]) -> None:
    """Only where the account lets AMIs, and snapshots if they are meant as well, be public."""
    reads = {"AMIs": calls_permissions.read_image_block, "snapshots": calls_permissions.read_snapshot_block}
    wanted = {(one.ami.place, "AMIs") for one in plan if PUBLIC in one.launch.add}
    wanted |= {(one.ami.place, "snapshots") for one in plan if any(PUBLIC in v.add for v in one.volumes.values())}
    asked = sorted(wanted)
    states = all_at_once(lambda one: reads[one[1]](clouds[one[0]].ec2(one[0].region)), asked)
    for (place, what), state in zip(asked, states, strict=True):
        if state != "unblocked":
            raise AmiError(
                f"Block public access for {what} reads as {state} in {place}: nothing of it can be made public. If that is really"
                f" meant, switch it off first (aws ec2 disable-{'image' if what == 'AMIs' else 'snapshot'}-block-public-access)."
            )


def _reason(changes: Change) -> str:
    told = [f"add {words(changes.add)}"] if changes.add else []
    return "; ".join([*told, *([f"remove {words(changes.remove)}"] if changes.remove else [])])


def _steps_of(one: Shared) -> list[list[Step]]:
    """What is independent of each other: the AMI in one call, each snapshot in one call for what goes and one for what comes."""
    place, images = one.ami.place, (one.ami.image_id,)
    sequences = []
    if one.launch:
        changes = {"Add": entries(one.launch.add), "Remove": entries(one.launch.remove)}
        arguments = {key: value for key, value in changes.items() if value}
        sequences.append([Step(place, images, _IMAGE, images, _reason(one.launch), arguments)])
    for snapshot_id, volume in one.volumes.items():
        steps = [
            Step(place, images, _SNAPSHOT, (snapshot_id,), f"{operation} {words(who)}", {operation: entries(who)})
            for operation, who in (("remove", volume.remove), ("add", volume.add))
            if who
        ]
        sequences += [steps] if steps else []
    return sequences


def _perform(clouds: c.Mapping[Place, Cloud], step: Step) -> None:
    ec2 = clouds[step.place].ec2(step.place.region)
    (resource,) = step.resources
    if step.action == _IMAGE:
        calls_permissions.modify_launch_permissions(ec2, resource, step.arguments)
    else:
        ((operation, who),) = step.arguments.items()
        calls_permissions.modify_volume_permissions(ec2, resource, operation, who)


def _told_keys(module: t.Any, found: c.Sequence[KeyAccess]) -> list[Result]:
    """Refuse, or warn of, keys that do not let the targets in; what could not be read is a warning in both cases."""
    lines = [one.line() for one in found]
    lacking = [one for one in found if not one.unread]
    if lacking and module.params["key_access"] == "refuse":
        text = "\n".join(one.text() for one in lacking)
        raise ResultError(f"Nothing was changed: {text}\nOr set key_access to warn.", missing_key_statements=lines)
    for one in found:
        module.warn(one.text())
    return lines


def _warn(module: t.Any, wanted: Permissions, amis: c.Sequence[Ami], places: c.Sequence[Place]) -> None:
    params = module.params
    names = not_of_snapshots(wanted)
    if names and params["snapshots"] and params["state"] in {"add", "exact"}:
        module.warn(
            f"EC2 cannot share snapshots with organizations or organizational units. Accounts of {', '.join(names)} can launch the"
            " AMI and not copy it; name accounts, or organization_accounts, for those that are to copy it."
        )
    if params["image"]:
        for place in own_amis.places_without(amis, places):
            module.warn(f"Version {params['version']} of {params['image']} is not in {place}: nothing is shared there.")


def run(module: t.Any) -> Result:
    params = module.params
    named = targets.read_targets(params["targets"], public=params["public"])
    _check_options(params, named)
    known = Accounts(module.client, module.region, params["role_name"])
    places = known.places(params["accounts"], params["regions"])
    clouds = own_amis.clouds_of(known, places)
    amis = own_amis.find_own(clouds, params["image_ids"], params["image"], params["version"])
    found = targets.find_targets(named, known)
    launch, volumes = _read(clouds, amis, snapshots=params["snapshots"])
    state: State = "exact" if params["state"] == "private" else params["state"]
    plan = _plan(amis, launch, volumes, found.permissions, state)
    _check_states(plan)
    _check_public(clouds, plan)
    uses = find_uses(clouds, [(one.ami, one.added) for one in plan])
    statements = _told_keys(module, check_keys(clouds, uses, found.organization))
    _warn(module, found.permissions, amis, places)
    sequences = [steps for one in plan for steps in _steps_of(one)]
    if not module.check_mode:
        take(sequences, lambda step: _perform(clouds, step))
    return {**_result(plan, [step for steps in sequences for step in steps]), "missing_key_statements": statements}


def _result(plan: c.Sequence[Shared], steps: c.Sequence[Step]) -> Result:
    changes = {
        f"{one.ami.place}/{name}": what
        for one in plan
        for name, what in [(one.ami.image_id, one.launch), *one.volumes.items()]
    }
    return {
        "changed": bool(steps),
        "images": [_image(one) for one in plan],
        "actions": lines_of(steps),
        "diff": {
            "before": {name: described(one.before) for name, one in changes.items()},
            "after": {name: described(one.after) for name, one in changes.items()},
        },
    }


def _image(one: Shared) -> Result:
    return {
        "account": one.ami.place.account,
        "region": one.ami.place.region,
        "image_id": one.ami.image_id,
        "launch_permissions": described(one.launch.after),
        "snapshots": [
            {"snapshot_id": name, "volume_permissions": described(volume.after)} for name, volume in one.volumes.items()
        ],
    }
