# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Promotes and rolls back: which version a channel is to name, in every place, and why it may."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from . import calls, calls_parameters, channels, gates, table
from .accounts import ARGUMENT_SPEC as PLACES_SPEC
from .accounts import Accounts, Place
from .at_once import all_at_once
from .base import channel_parameter
from .calls import AmiError
from .channels import PROMOTED, ROLLED_BACK, Entry, Move
from .cloud import Cloud
from .images import Ami, read_amis
from .moving import ChannelError, ChannelLocks, Mover
from .own_amis import check_ids, clouds_of
from .versions import Artifact, check_artifacts, check_version, version_parameter, versions_path

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "channel": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["promoted", "rolled_back"], "default": "promoted"},
    "version": {"type": "str"},
    "from_channel": {"type": "str"},
    "image_id": {"type": "str"},
    "gates": gates.ARGUMENT_SPEC,
    "timeout": {"type": "int", "default": 120},
    **PLACES_SPEC,
}
MUTUALLY_EXCLUSIVE = [("version", "from_channel", "image_id")]

# How far back a rollback looks, and how much of a channel's history is told.
_BACK = 8
_TOLD = 10

Result = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Options:
    image: str
    channel: str
    rolls_back: bool
    version: str | None
    from_channel: str | None
    image_id: str | None
    gates: tuple[dict[str, t.Any], ...]
    timeout: float
    accounts: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def parameter(self) -> str:
        return channel_parameter(self.image, self.channel)


def read_options(params: dict[str, t.Any]) -> Options:
    """The options, once all of them can be meant."""
    rolls_back = params["state"] == "rolled_back"
    channels.check_image(params["image"])
    channels.check_channel(params["channel"])
    if params["from_channel"]:
        channels.check_channel(params["from_channel"], "from_channel")
    if params["version"]:
        check_version(params["version"])
    check_ids([params["image_id"]] if params["image_id"] else [])
    gates.check_gates(params["gates"])
    for channel in gates.soak_channels(params["gates"]):
        channels.check_channel(channel, "gates: soaked.channel")
    _check_state(params, rolls_back)
    return Options(
        image=params["image"],
        channel=params["channel"],
        rolls_back=rolls_back,
        version=params["version"],
        from_channel=params["from_channel"],
        image_id=params["image_id"],
        gates=tuple(params["gates"]),
        timeout=float(params["timeout"]),
        accounts=tuple(params["accounts"]),
        regions=tuple(params["regions"]),
    )


def _check_state(params: dict[str, t.Any], rolls_back: bool) -> None:
    if params["timeout"] < 1:
        raise AmiError(f"timeout: {params['timeout']} is no time to wait; say 1 or more seconds.")
    if params["from_channel"] == params["channel"]:
        raise AmiError("from_channel and channel are the same: name the channel that has the version already.")
    if rolls_back and (params["from_channel"] or params["image_id"]):
        raise AmiError(
            "A rollback goes to the former version, or to that which 'version' names: take the other option out."
        )
    if rolls_back and params["gates"]:
        raise AmiError(
            "A rollback has no gates but that the version is not revoked and did not fail its tests: take gates out."
        )
    if not rolls_back and not (params["version"] or params["from_channel"] or params["image_id"]):
        raise AmiError("Promote what? Say version, from_channel or image_id.")


@dataclasses.dataclass(frozen=True)
class There:
    """A place as it is: what its parameters name, and those AMIs."""

    place: Place
    values: dict[str, str]
    amis: dict[str, Ami]

    def artifact(self, image: str, version: str) -> Artifact:
        image_id = self.values.get(version_parameter(image, version))
        return Artifact(self.place, image, version, image_id, self.amis.get(image_id or ""))

    def version_at(self, parameter: str) -> str | None:
        ami = self.amis.get(self.values.get(parameter, ""))
        return ami.version if ami else None


def read_there(cloud: Cloud, place: Place, parameters: c.Sequence[str]) -> There:
    """Two calls; one when none of the parameters is there."""
    values = calls.get_parameters(cloud.ssm(place.region), list(parameters))
    ids = list(dict.fromkeys(values.values()))
    amis = read_amis(cloud, place, owners=(), image_ids=ids) if ids else []
    return There(place, values, {ami.image_id: ami for ami in amis})


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be moved where, what the gates say, and the history of the channel where it is judged."""

    moves: tuple[Move, ...]
    verdicts: tuple[gates.Verdict, ...]
    history: tuple[Entry, ...]
    version: str
    former: str | None
    skipped: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return any(move.changes for move in self.moves)


class Promotion:
    """Reads the world and decides. C(lead) is the place whose history counts: the task's own, if it is one of them."""

    def __init__(self, options: Options, accounts: Accounts, region: str) -> None:
        self._options = options
        places = accounts.places(options.accounts, options.regions)
        self.clouds = clouds_of(accounts, places)
        for place, cloud in self.clouds.items():
            cloud.ssm(place.region)
        home = Place(accounts.home_account, region)
        self._lead = home if home in self.clouds else places[0]

    def plan(self) -> Plan:
        options = self._options
        history = self._history(options.channel)
        wanted = self._wanted(history)
        parameters = [options.parameter, *(version_parameter(options.image, version) for version in wanted)]

        def read(place: Place) -> There:
            return read_there(self.clouds[place], place, parameters)

        theres = all_at_once(read, list(self.clouds))
        version, skipped = self._choose(wanted, theres)
        artifacts = tuple(there.artifact(options.image, version) for there in theres)
        verdicts = self._verdicts(artifacts)
        check_artifacts(artifacts, self._known_versions)
        moves = tuple(self._move(there, artifact, history) for there, artifact in zip(theres, artifacts, strict=True))
        lead = next(move for move in moves if move.place == self._lead)
        return Plan(moves, verdicts, history, version, lead.former, skipped)

    # Which version

    def _wanted(self, history: tuple[Entry, ...]) -> list[str]:
        """The versions to try, the best first."""
        options = self._options
        if options.rolls_back:
            return self._back(history)
        if options.from_channel:
            return [self._version_of_channel(options.from_channel)]
        if options.image_id:
            return [self._version_of_image(options.image_id)]
        return [str(options.version)]

    def _back(self, history: tuple[Entry, ...]) -> list[str]:
        options = self._options
        if not history:
            raise AmiError(
                f"{options.image} has no channel {options.channel} in {self._lead}, so there is nothing to roll back."
                f" {self._channels_there()}"
            )
        if options.version:
            return [options.version]
        if channels.is_rolled_back(history):
            # Where it went back to; whoever wants to go back further names the version.
            return [self._named(history[-1:])[0]]
        found = self._named(channels.former(history)[:_BACK])
        if not found:
            raise AmiError(
                f"The channel {options.channel} of {options.image} has had no other version that still exists in {self._lead},"
                " so there is nothing to go back to: promote a version."
            )
        return found

    def _named(self, entries: c.Sequence[Entry]) -> list[str]:
        """Their versions. Of what somebody else wrote the AMI's tags tell it."""
        unknown = [entry.image_id for entry in entries if entry.version is None]
        cloud = self.clouds[self._lead]
        found = read_amis(cloud, self._lead, owners=(), image_ids=unknown) if unknown else []
        tagged = {ami.image_id: ami.version for ami in found if ami.image == self._options.image}
        names = [entry.version or tagged.get(entry.image_id) for entry in entries]
        if not any(names):
            ids = ", ".join(entry.image_id for entry in entries)
            raise AmiError(
                f"Which version of {self._options.image} was {ids or 'before'} is not known: nobody wrote it down, and no AMI tells"
                " it by its tags. Say version."
            )
        return list(dict.fromkeys(name for name in names if name))

    def _version_of_channel(self, channel: str) -> str:
        parameter = channel_parameter(self._options.image, channel)
        there = read_there(self.clouds[self._lead], self._lead, [parameter])
        if parameter not in there.values:
            raise AmiError(
                f"from_channel: {self._options.image} has no channel {channel} in {self._lead}. {self._channels_there()}"
            )
        return self._version_in(there.values[parameter], there.amis)

    def _version_of_image(self, image_id: str) -> str:
        found = read_amis(self.clouds[self._lead], self._lead, owners=(), image_ids=[image_id])
        return self._version_in(image_id, {ami.image_id: ami for ami in found})

    def _version_in(self, image_id: str, amis: c.Mapping[str, Ami]) -> str:
        ami = amis.get(image_id)
        image = self._options.image
        if ami is None:
            raise AmiError(
                f"There is no AMI {image_id} in {self._lead}: name one that is there, or a version of {image}."
            )
        if ami.image != image or not ami.version:
            told = (
                f"version {ami.version} of {ami.image}"
                if ami.image
                else "of no image that the collection knows by its tags"
            )
            raise AmiError(
                f"{image_id} in {self._lead} is {told}, and the channel is of {image}: name an AMI of {image}."
            )
        return ami.version

    def _choose(self, wanted: list[str], theres: c.Sequence[There]) -> tuple[str, tuple[str, ...]]:
        """The first that is to be had in every place; when none is, the first, for what is said about it."""
        skipped: list[str] = []
        for version in wanted:
            problems = [problem for one in theres if (problem := one.artifact(self._options.image, version).problem())]
            if not problems:
                return version, tuple(skipped)
            skipped.append(f"{version}: {'; '.join(problems)}")
        if len(wanted) > 1:
            raise AmiError(
                f"None of the former versions of {self._options.image} in {self._options.channel} can be used:"
                f" {'. '.join(skipped)}. Promote another version."
            )
        return wanted[0], ()

    # What is said about it

    def _verdicts(self, artifacts: tuple[Artifact, ...]) -> tuple[gates.Verdict, ...]:
        asked = list(self._options.gates)
        lead = next(one for one in artifacts if one.place == self._lead)
        histories = {channel: self._history(channel) for channel in gates.soak_channels(asked)}
        evidence = gates.Evidence(artifacts, lead, histories, datetime.datetime.now(datetime.UTC))
        return gates.judge(asked, evidence)

    def _move(self, there: There, artifact: Artifact, history: tuple[Entry, ...]) -> Move:
        options = self._options
        before = there.values.get(options.parameter)
        told = next((entry.version for entry in reversed(history) if entry.image_id == before), None)
        former = there.version_at(options.parameter) or told
        verb = "rolled back to" if options.rolls_back else "promoted to"
        reason = (
            f"{verb} {artifact.version} from {former or before}" if before else f"{verb} {artifact.version}, its first"
        )
        if before == artifact.image_id:
            reason = f"it names {artifact.version} already"
        after = t.cast(str, artifact.image_id)
        return Move(there.place, options.channel, options.parameter, before, after, former, artifact.version, reason)

    def _history(self, channel: str) -> tuple[Entry, ...]:
        ssm = self.clouds[self._lead].ssm(self._lead.region)
        found = calls_parameters.get_history(ssm, channel_parameter(self._options.image, channel))
        return tuple(channels.entry_of(one) for one in found)

    def _known_versions(self) -> list[str]:
        path = versions_path(self._options.image)
        names = calls_parameters.read_below(self.clouds[self._lead].ssm(self._lead.region), path, True)
        return [name.removeprefix(f"{path}/") for name in names]

    def _channels_there(self) -> str:
        ssm = self.clouds[self._lead].ssm(self._lead.region)
        below = calls_parameters.read_below(ssm, channel_parameter(self._options.image, "").rstrip("/"), False)
        names = channels.channels_of(self._options.image, below)
        return f"There {'are' if len(names) > 1 else 'is'} {', '.join(names) or 'none yet: promote a version'}."


def run(module: t.Any) -> Result:
    """Move the channel, unless it is where it should be."""
    options = read_options(module.params)
    accounts = Accounts(module.client, module.region, module.params["role_name"])
    promotion = Promotion(options, accounts, module.region)
    plan = promotion.plan()
    check_verdicts(options, plan)
    if plan.changes and not module.check_mode:
        apply(options, promotion, plan, calls_parameters.get_caller(accounts.home.sts()))
    return result_of(options, plan)


def apply(options: Options, promotion: Promotion, plan: Plan, by: str) -> None:
    """Move the channel as planned, in every place or in none."""
    with ChannelLocks(promotion.clouds, options.image, options.timeout):
        # Another one may have moved it between the look and the lock.
        again = promotion.plan()
        if again.moves != plan.moves:
            raise ChannelError(
                f"The channel {options.channel} of {options.image} was moved by somebody else meanwhile, to"
                f" {', '.join(dict.fromkeys(str(move.former or move.before) for move in again.moves))}. Nothing was changed. Look"
                " at what it names now, and run again if it is still to be moved.",
                **unchanged(options, again),
            )
        # It may have been revoked meanwhile: that takes the same lock.
        check_verdicts(options, again)
        kind = ROLLED_BACK if options.rolls_back else PROMOTED
        Mover(promotion.clouds, kind, by, options.timeout).apply(plan.moves)


def check_verdicts(options: Options, plan: Plan) -> None:
    """All must have passed for a move; a version that is revoked or failed its tests is no good where it is, either."""
    failed = [one for one in plan.verdicts if not one.passed]
    if not failed or not (plan.changes or any(one.gate in gates.ALWAYS for one in failed)):
        return
    lines = "\n".join(f"  {one.said()}" for one in plan.verdicts)
    raise ChannelError(
        f"Version {plan.version} of {options.image} must not be in {options.channel}: {len(failed)} of {len(plan.verdicts)} gates"
        f" failed. Nothing was changed.\n{lines}",
        **unchanged(options, plan),
    )


def unchanged(options: Options, plan: Plan) -> Result:
    """The result of a plan that was not carried out."""
    return {**result_of(options, plan), "changed": False}


def result_of(options: Options, plan: Plan) -> Result:
    told = [_told(entry) for entry in reversed(plan.history[-_TOLD:])]
    return {
        "changed": plan.changes,
        "image": options.image,
        "channel": options.channel,
        "version": plan.version,
        "former_version": plan.former,
        "moves": [move.line() for move in plan.moves],
        "table": table.lines(
            [
                (move.place, f"{options.image}/{move.channel}", move.after, move.action, move.reason)
                for move in plan.moves
            ]
        ),
        "gates": [one.line() for one in plan.verdicts],
        "passed_over": list(plan.skipped),
        "history": told,
        "diff": channels.diff_of(plan.moves),
    }


def _told(entry: Entry) -> Result:
    return {
        "image_id": entry.image_id,
        "when": entry.when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "what": entry.kind,
        "version": entry.version,
        "former_version": entry.former,
        "by": entry.by,
    }
