# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Revokes and restores versions: reads who uses them, moves channels off them, and takes them away from everybody."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import datetime
import typing as t

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from . import calls, calls_images, calls_parameters, calls_permissions, calls_prune, calls_revocation, channels, table
from .accounts import ARGUMENT_SPEC as PLACES_SPEC
from .accounts import Accounts, Place
from .at_once import all_at_once
from .base import channel_parameter
from .calls import AmiError
from .channels import Entry, Move
from .images import Ami, read_amis
from .moving import ChannelError, ChannelLocks, Clouds, Mover
from .own_amis import clouds_of
from .permissions import entries, permissions_of
from .promotion import There, read_there
from .references import References, read_references
from .retention_world import DISABLED_TAG
from .revocation import DESCENDANT, Change, Facts, Kin, family, read_record, record_parameter, restore, revoke
from .steps import Step, take
from .versions import REVOKED_TAG, check_version, version_parameter, versions_path

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["revoked", "restored"], "default": "revoked"},
    "descendants": {"type": "bool", "default": False},
    "reason": {"type": "str", "default": ""},
    "timeout": {"type": "int", "default": 120},
    **PLACES_SPEC,
}

Result = dict[str, t.Any]

_BACK = 8
_TAG_LENGTH = 256
_REASON_LENGTH = 200


@dataclasses.dataclass(frozen=True)
class Options:
    image: str
    version: str
    restores: bool
    descendants: bool
    reason: str
    timeout: float


def read_options(params: dict[str, t.Any]) -> Options:
    channels.check_image(params["image"])
    check_version(params["version"])
    if params["timeout"] < 1:
        raise AmiError(f"timeout: {params['timeout']} is no time to wait; say 1 or more seconds.")
    if len(params["reason"]) > _REASON_LENGTH:
        raise AmiError(f"reason: {len(params['reason'])} characters do not fit into a tag; say it in {_REASON_LENGTH}.")
    restores = params["state"] == "restored"
    if restores and params["reason"]:
        raise AmiError("reason: it is for a revocation, where it is kept: take it out.")
    return Options(
        params["image"], params["version"], restores, params["descendants"], params["reason"], float(params["timeout"])
    )


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done to which AMIs and channels. C(spared) are made from the version, and stay."""

    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    spared: tuple[Kin, ...]
    stuck: tuple[str, ...]
    # What channels that cannot be moved name, by place and parameter.
    before: c.Mapping[tuple[Place, str], str] = dataclasses.field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return any(change.changes for change in self.changes) or any(move.changes for move in self.moves)


class World:
    """All that is read before anything is decided."""

    def __init__(self, options: Options, clouds: Clouds) -> None:
        self._options = options
        self.clouds = clouds
        self._amis = [ami for amis in all_at_once(self._read_amis, list(clouds)) for ami in amis]
        kin = family(self._amis, options.image, options.version)
        self.kin = [one for one in kin if one.kind != DESCENDANT or options.descendants]
        self.spared = [one for one in kin if one not in self.kin]
        if not self.kin:
            raise AmiError(
                f"There is no AMI of version {options.version} of {options.image} in {', '.join(map(str, clouds))}."
                f" {self._known()}"
            )

    def _read_amis(self, place: Place) -> list[Ami]:
        return read_amis(self.clouds[place], place)

    def _known(self) -> str:
        place = next(iter(self.clouds))
        path = versions_path(self._options.image)
        names = calls_parameters.read_below(self.clouds[place].ssm(place.region), path, True)
        told = sorted((name.removeprefix(f"{path}/") for name in names), reverse=True)[:10]
        return f"In {place} there {'is' if len(told) == 1 else 'are'} {', '.join(told) or 'none of it'}."

    @property
    def ids(self) -> set[str]:
        return {one.ami.image_id for one in self.kin}

    def image_of(self, kin: Kin) -> str:
        return kin.ami.image or self._options.image

    def facts(self) -> list[Facts]:
        """Who may use each AMI, and what was written down of it."""
        pending = [f"{one.ami.image_id} in {one.ami.place}" for one in self.kin if one.ami.state == "pending"]
        if pending:
            raise AmiError(f"{', '.join(pending)} is pending, and can be disabled when that is over: run again then.")
        records = {
            (place, name): text
            for place, found in zip(self.clouds, all_at_once(self._records, list(self.clouds)), strict=True)
            for name, text in found.items()
        }
        return all_at_once(lambda kin: self._facts(kin, records), self.kin)

    def _records(self, place: Place) -> dict[str, str]:
        there = [one for one in self.kin if one.ami.place == place]
        names = [record_parameter(self.image_of(one), one.ami.image_id) for one in there]
        return calls.get_parameters(self.clouds[place].ssm(place.region), names)

    def _facts(self, kin: Kin, records: c.Mapping[tuple[Place, str], str]) -> Facts:
        ami = kin.ami
        ec2 = self.clouds[ami.place].ec2(ami.place.region)
        name = record_parameter(self.image_of(kin), ami.image_id)
        text = records.get((ami.place, name))
        record = read_record(text) if text is not None else None
        if text is not None and record is None:
            raise AmiError(
                f"The SSM parameter {name} in {ami.place} should tell what was taken away from {ami.image_id}, and tells"
                f" {text[:50]!r}. Remove it, or write back what it said."
            )
        # A disabled AMI has no permissions.
        disabled = ami.state == "disabled"
        launch = permissions_of([] if disabled else calls_permissions.read_launch_permissions(ec2, ami.image_id))
        volumes = {
            disk.snapshot_id: permissions_of(calls_permissions.read_volume_permissions(ec2, disk.snapshot_id))
            for disk in ami.snapshots
        }
        return Facts(kin, launch, volumes, record)

    def references(self) -> dict[Place, References]:
        """What uses the AMIs, the spared ones as well: that is what a revocation with descendants would hit."""
        ids = [one.ami.image_id for one in (*self.kin, *self.spared)]
        # Each of them reads with several threads by itself.
        return {place: read_references(cloud, place, ids) for place, cloud in self.clouds.items()}

    # Channels

    def channels(self) -> list[tuple[Place, str, str, str]]:
        """Place, image, channel and value of all channels of the images."""
        images = sorted({self.image_of(one) for one in self.kin})
        asked = [(place, image) for place in self.clouds for image in images]
        found = all_at_once(self._channels, asked)
        return [one for some in found for one in some]

    def _channels(self, asked: tuple[Place, str]) -> list[tuple[Place, str, str, str]]:
        place, image = asked
        start = channel_parameter(image, "")
        values = calls_parameters.read_below(self.clouds[place].ssm(place.region), start.rstrip("/"), False)
        return [(place, image, name, values[f"{start}{name}"]) for name in channels.channels_of(image, values)]

    def moves_off(self) -> tuple[list[Move], list[str], dict[tuple[Place, str], str]]:
        """Each channel that names one of the AMIs to its last good version, the same in all those places.

        Else a sentence, and what the channel names, by place and parameter.
        """
        values: dict[tuple[Place, str], str] = {}
        hit: dict[tuple[str, str], list[Place]] = {}
        for place, image, channel, value in self.channels():
            if value in self.ids:
                hit.setdefault((image, channel), []).append(place)
                values[place, channel_parameter(image, channel)] = value
        moves: list[Move] = []
        stuck: list[str] = []
        for (image, channel), places in hit.items():
            found = self._last_good(image, channel, places)
            moves += found
            if not found:
                where = ", ".join(map(str, places))
                stuck.append(
                    f"The channel {channel} of {image} in {where} has had no other version that is good, and names one that is"
                    " revoked: nothing can be launched by it until a version is promoted."
                )
        moving = {(move.place, move.parameter) for move in moves}
        return moves, stuck, {key: value for key, value in values.items() if key not in moving}

    def _last_good(self, image: str, channel: str, places: list[Place]) -> list[Move]:
        parameter = channel_parameter(image, channel)
        lead = places[0]
        history = calls_parameters.get_history(self.clouds[lead].ssm(lead.region), parameter)
        told = [channels.entry_of(one) for one in history]
        wanted = self._versions(image, channels.former(told)[:_BACK])
        names = [parameter, *(version_parameter(image, version) for version in wanted)]
        theres = all_at_once(lambda place: read_there(self.clouds[place], place, names), places)
        for version in wanted:
            artifacts = [there.artifact(image, version) for there in theres]
            if not any(one.problem() or one.image_id in self.ids for one in artifacts):
                return [
                    _move_off(there, channel, parameter, str(artifact.image_id), version)
                    for there, artifact in zip(theres, artifacts, strict=True)
                ]
        return []

    def _versions(self, image: str, former: c.Sequence[Entry]) -> list[str]:
        tagged = {ami.image_id: ami.version for ami in self._amis if ami.image == image}
        names = [entry.version or tagged.get(entry.image_id) for entry in former]
        return list(dict.fromkeys(name for name in names if name))

    def moves_back(self, facts: c.Iterable[Facts]) -> list[Move]:
        """Each channel that was moved off one of the AMIs and is still where it was moved to."""
        now = {(place, channel_parameter(image, channel)): value for place, image, channel, value in self.channels()}
        moves: list[Move] = []
        for one in facts:
            for parameter, to in (one.record.channels if one.record else {}).items():
                if now.get((one.ami.place, parameter)) == to:
                    moves.append(_move_back(one.ami, parameter, to, self._version_of(to)))
        return moves

    def _version_of(self, image_id: str) -> str | None:
        return next((ami.version for ami in self._amis if ami.image_id == image_id), None)


def _move_off(there: There, channel: str, parameter: str, after: str, version: str) -> Move:
    revoked = there.version_at(parameter)
    reason = f"{revoked or there.values[parameter]} is revoked, {version} is the last good version"
    return Move(there.place, channel, parameter, there.values[parameter], after, revoked, version, reason)


def _move_back(ami: Ami, parameter: str, before: str, former: str | None) -> Move:
    channel = parameter.rpartition("/")[2]
    version = ami.version or "unknown"
    return Move(
        ami.place,
        channel,
        parameter,
        before,
        ami.image_id,
        former,
        version,
        f"{version} is restored, and was there before",
    )


def make_plan(options: Options, world: World, by: str) -> Plan:
    facts = world.facts()
    if options.restores:
        return Plan(tuple(restore(one) for one in facts), tuple(world.moves_back(facts)), tuple(world.spared), ())
    moves, stuck, before = world.moves_off()
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    taken = [
        revoke(
            one,
            {
                move.parameter: move.after
                for move in moves
                if move.place == one.ami.place and move.before == one.ami.image_id
            },
            by,
            when,
            options.reason,
        )
        for one in facts
    ]
    return Plan(tuple(taken), tuple(moves), tuple(world.spared), tuple(stuck), before)


class Carrier:
    """Carries out a plan. Everything is written down before anything is taken away, and is kept until all is given back."""

    def __init__(self, options: Options, world: World, plan: Plan, by: str) -> None:
        self._options = options
        self._world = world
        self._plan = plan
        self._by = by

    def carry_out(self) -> None:
        # Whatever moves: nobody is to promote meanwhile what is taken away.
        images = sorted({self._world.image_of(one) for one in self._world.kin})
        with contextlib.ExitStack() as locks:
            for image in images:
                locks.enter_context(ChannelLocks(self._world.clouds, image, self._options.timeout))
            self._check_channels()
            if self._options.restores:
                self._take(self._giving)
                self._move(channels.RESTORED)
                self._take(self._forgetting)
            else:
                self._take(self._noting)
                self._move(channels.REVOKED)
                self._take(self._taking)

    def _check_channels(self) -> None:
        """The channels as the plan has them: those that are to move, and no other one that names what is taken away."""
        now = {(place, channel_parameter(image, name)): value for place, image, name, value in self._world.channels()}
        moves = {(move.place, move.parameter): move.before for move in self._plan.moves}
        stuck = self._plan.before if not self._options.restores else {}
        for (place, parameter), value in now.items():
            ours = value in self._world.ids and not self._options.restores
            if ours and moves.get((place, parameter), stuck.get((place, parameter))) != value:
                raise _moved(place, parameter)
        for (place, parameter), before in moves.items():
            if now.get((place, parameter)) != before:
                raise _moved(place, parameter)

    def _move(self, kind: str) -> None:
        if self._plan.moves:
            Mover(self._world.clouds, kind, self._by, self._options.timeout).apply(self._plan.moves)

    def _take(self, steps: c.Callable[[Change], list[Step]]) -> None:
        sequences = [found for change in self._plan.changes if (found := steps(change))]
        take(sequences, self._perform)

    def _step(self, change: Change, action: str, *resources: str, **arguments: t.Any) -> Step:
        kin = change.facts.kin
        return Step(kin.ami.place, (kin.ami.image_id,), action, resources, kin.reason, arguments)

    def _noting(self, change: Change) -> list[Step]:
        ami = change.facts.ami
        name = record_parameter(self._world.image_of(change.facts.kin), ami.image_id)
        steps = (
            [self._step(change, "record", name, text=change.record.text())]
            if change.record and change.writes_record
            else []
        )
        if change.tags:
            told = f"{change.record.when} {self._options.reason}".strip() if change.record else ""
            tags = {REVOKED_TAG: told[:_TAG_LENGTH]}
            if change.record and change.state != ami.state:
                # From which ami_prune counts the days: not from an earlier time that it was disabled.
                tags[DISABLED_TAG] = change.record.when
            steps.append(self._step(change, "tag", ami.image_id, tags=tags))
        return steps

    def _taking(self, change: Change) -> list[Step]:
        steps = (
            [self._step(change, "disable", change.facts.ami.image_id)] if change.state != change.facts.ami.state else []
        )
        shared = {name: given for name, given in change.facts.volumes.items() if given}
        return steps + [self._step(change, "unshare", name, entries=entries(given)) for name, given in shared.items()]

    def _giving(self, change: Change) -> list[Step]:
        facts = change.facts
        steps = [self._step(change, "enable", facts.ami.image_id)] if change.state != facts.ami.state else []
        if launch := change.launch - facts.launch:
            steps.append(self._step(change, "share", facts.ami.image_id, entries=entries(launch)))
        for name, given in change.volumes.items():
            if more := given - facts.volumes.get(name, frozenset()):
                steps.append(self._step(change, "share-snapshot", name, entries=entries(more)))
        return steps

    def _forgetting(self, change: Change) -> list[Step]:
        ami = change.facts.ami
        name = record_parameter(self._world.image_of(change.facts.kin), ami.image_id)
        gone = [REVOKED_TAG, *([DISABLED_TAG] if change.state != ami.state else [])]
        steps = [self._step(change, "untag", ami.image_id, keys=gone)] if change.tags else []
        return steps + ([self._step(change, "forget", name)] if change.drops_record else [])

    def _perform(self, step: Step) -> None:
        cloud = self._world.clouds[step.place]
        _PERFORM[step.action](cloud.ec2(step.place.region), cloud.ssm(step.place.region), step)


def _moved(place: Place, parameter: str) -> ChannelError:
    return ChannelError(f"{parameter} in {place} was moved by somebody else meanwhile. Nothing was changed: run again.")


def _record(_ec2: calls.Client, ssm: calls.Client, step: Step) -> None:
    about = f"golden.ami: what was taken away from {step.image_ids[0]} when it was revoked"
    calls_parameters.put_text(ssm, step.resources[0], step.arguments["text"], about)


def _tag(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
    calls.create_tags(ec2, list(step.resources), ansible_dict_to_boto3_tag_list(step.arguments["tags"]))


def _untag(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
    calls_images.delete_tags(ec2, list(step.resources), [{"Key": key} for key in step.arguments["keys"]])


def _disable(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
    calls_prune.disable_image(ec2, step.resources[0])


def _enable(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
    calls_revocation.enable_image(ec2, step.resources[0])


def _share(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
    calls_permissions.modify_launch_permissions(ec2, step.resources[0], {"Add": step.arguments["entries"]})


def _snapshot(operation: str) -> c.Callable[[calls.Client, calls.Client, Step], None]:
    def perform(ec2: calls.Client, _ssm: calls.Client, step: Step) -> None:
        calls_permissions.modify_volume_permissions(ec2, step.resources[0], operation, step.arguments["entries"])

    return perform


def _forget(_ec2: calls.Client, ssm: calls.Client, step: Step) -> None:
    calls.delete_parameter(ssm, step.resources[0])


_PERFORM: dict[str, c.Callable[[calls.Client, calls.Client, Step], None]] = {
    "record": _record,
    "tag": _tag,
    "untag": _untag,
    "disable": _disable,
    "enable": _enable,
    "share": _share,
    "unshare": _snapshot("remove"),
    "share-snapshot": _snapshot("add"),
    "forget": _forget,
}


def run(module: t.Any) -> Result:
    """Revoke or restore, unless it is so already."""
    options = read_options(module.params)
    accounts = Accounts(module.client, module.region, module.params["role_name"])
    clouds = clouds_of(accounts, accounts.places(module.params["accounts"], module.params["regions"]))
    for place, cloud in clouds.items():
        cloud.ssm(place.region)
    by = calls_parameters.get_caller(accounts.home.sts())
    world = World(options, clouds)
    plan = make_plan(options, world, by)
    references = world.references()
    result = result_of(options, plan, references)
    for sentence in _warnings(plan):
        warn(sentence)
    if plan.changed and not module.check_mode:
        Carrier(options, world, plan, by).carry_out()
    return result


def _warnings(plan: Plan) -> list[str]:
    spared = ", ".join(f"{one.ami.image_id} in {one.ami.place}" for one in plan.spared)
    told = [f"Made from it, and not touched without descendants=true: {spared}."] if plan.spared else []
    return [*plan.stuck, *told]


def result_of(options: Options, plan: Plan, references: c.Mapping[Place, References]) -> Result:
    verb = "restore" if options.restores else "revoke"
    images = [_line(one.facts, verb if one.changes else "keep", references) for one in plan.changes]
    images += [_line(Facts(one, frozenset(), {}, None), "keep", references) for one in plan.spared]
    moves = [move.line() for move in plan.moves]
    moved = channels.diff_of(plan.moves)
    diff = {
        "before": {**_sides(plan, lambda one: one.facts.shown()), **moved["before"]},
        "after": {**_sides(plan, Change.after), **moved["after"]},
    }
    return {
        "changed": plan.changed,
        "image": options.image,
        "version": options.version,
        "images": images,
        "table": table.lines([*map(_row, images), *map(_row, moves)]),
        "channels": moves,
        "unread": [dataclasses.asdict(one) for found in references.values() for one in found.unread],
        "diff": diff,
    }


def _row(line: Result) -> tuple[object, ...]:
    what = f"{line['image']}/{line['version']}" if "image" in line else f"channel {line['channel']}"
    count = len(line.get("references", []))
    used = f"{count} reference{'' if count == 1 else 's'}" if "references" in line else ""
    return f"{line['account']}/{line['region']}", what, line["image_id"], line["action"], used, line["reason"]


def _sides(plan: Plan, side: c.Callable[[Change], dict[str, t.Any]]) -> dict[str, t.Any]:
    """By place and AMI. Whether there is a record of the revocation shows by the tag."""
    return {f"{one.facts.ami.place}/{one.facts.ami.image_id}": side(one) for one in plan.changes}


def _line(facts: Facts, action: str, references: c.Mapping[Place, References]) -> Result:
    ami = facts.ami
    found = references[ami.place].by_image.get(ami.image_id, ())
    return {
        "account": ami.place.account,
        "region": ami.place.region,
        "image_id": ami.image_id,
        "image": ami.image,
        "version": ami.version,
        "kind": facts.kin.kind,
        "action": action,
        "reason": facts.kin.reason,
        "shared_with": facts.shared_with,
        "references": [dataclasses.asdict(one) for one in found],
    }
