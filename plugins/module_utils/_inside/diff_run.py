# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_diff does."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .._ami import accounts, calls, calls_parameters, channels
from .._ami.accounts import Accounts, Place
from .._ami.at_once import all_at_once
from .._ami.base import channel_parameter
from .._ami.calls import AmiError
from .._ami.channels import check_image
from .._ami.cloud import Cloud
from .._ami.contents_parameters import contents_path, versions_with_contents
from .._ami.images import read_amis
from .._ami.own_amis import clouds_of
from .._ami.versions import check_version, version_parameter
from . import store, telling
from .comparison import compare
from .store import Kept

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "from": {"type": "str", "required": True},
    "to": {"type": "str"},
    **accounts.ARGUMENT_SPEC,
}

# How many versions are named when another one was asked for.
_TOLD = 10

Result = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class _Side:
    """One of the two: what was asked for, which version that is, whether a channel names it, and whether it is recorded."""

    option: str
    asked: str
    version: str
    channel: bool
    recorded: bool


@dataclasses.dataclass(frozen=True)
class _Found:
    side: _Side
    place: Place
    kept: Kept

    def told(self) -> Result:
        return {
            "asked": self.side.asked,
            "version": self.side.version,
            "image_id": self.kept.image_id,
            "when": self.kept.when,
            "account": self.place.account,
            "region": self.place.region,
        }


class _Reader:
    """Finds versions, and what is kept of them, in the first place that has it: copies of an AMI have the same inside."""

    def __init__(self, clouds: c.Mapping[Place, Cloud], image: str) -> None:
        self._clouds = clouds
        self._image = image

    @property
    def _places(self) -> list[Place]:
        return list(self._clouds)

    @property
    def _looked(self) -> str:
        return ", ".join(map(str, self._clouds))

    def _ssm(self, place: Place) -> t.Any:
        return self._clouds[place].ssm(place.region)

    def side(self, option: str, asked: str) -> _Side:
        """The version that is meant; a call in each place, and of a channel one more where it is, or two."""
        names = (version_parameter(self._image, asked), channel_parameter(self._image, asked))
        values = all_at_once(lambda place: calls.get_parameters(self._ssm(place), list(names)), self._places)
        recorded, is_channel = (any(name in found for found in values) for name in names)
        if "/" in asked or asked in channels.RESERVED or not is_channel:
            return _Side(option, asked, asked, False, recorded)
        if recorded:
            raise AmiError(f"{option}: {asked} is both a version and a channel of {self._image}. Say another one.")
        there = [
            (place, found[names[1]]) for place, found in zip(self._places, values, strict=True) if names[1] in found
        ]
        versions = {place: self._named(place, asked, image_id) for place, image_id in there}
        if len(set(versions.values())) > 1:
            told = ", ".join(f"{version} in {place}" for place, version in versions.items())
            raise AmiError(f"{option}: the channel {asked} of {self._image} names {told}. Say one of these.")
        return _Side(option, asked, next(iter(versions.values())), True, True)

    def _named(self, place: Place, channel: str, image_id: str) -> str:
        """The version that a channel names: what was written down when it was moved, otherwise what the AMI's tags tell."""
        history = calls_parameters.get_history(self._ssm(place), channel_parameter(self._image, channel))
        entries = [channels.entry_of(one) for one in history[-1:]]
        if entries and entries[0].version and entries[0].image_id == image_id:
            return entries[0].version
        amis = read_amis(self._clouds[place], place, owners=(), image_ids=[image_id])
        found = [ami.version for ami in amis if ami.image == self._image and ami.version]
        if not found:
            raise AmiError(
                f"The channel {channel} of {self._image} names {image_id} in {place}, and no tag tells which version that is."
                " Say the version."
            )
        return str(found[0])

    def newest(self) -> _Side:
        """The newest version of which something is kept."""
        known = self._known()
        if not known:
            raise AmiError(
                f"to: nothing is kept of what is inside any version of {self._image} in {self._looked}. Test one first"
                " (golden.ami.ami_test), which keeps that."
            )
        newest = [one for one in known if one.split("/")[0] == known[0].split("/")[0]]
        if len(newest) > 1:
            raise AmiError(f"to: the newest version has several AMIs in a Region. Say which: {', '.join(newest)}.")
        return _Side("to", newest[0], newest[0], False, True)

    def found(self, side: _Side) -> _Found:
        """What is kept of it; a call or more in each place."""
        kept = all_at_once(lambda place: store.read(self._ssm(place), self._image, side.version), self._places)
        for place, one in zip(self._places, kept, strict=True):
            if one:
                return _Found(side, place, one)
        raise AmiError(f"{side.option}: {self._missing(side)} {_there_is(self._known())}")

    def _missing(self, side: _Side) -> str:
        if not side.recorded:
            return f"{self._image} has neither a version nor a channel {side.asked} in {self._looked}."
        named = f", which the channel {side.asked} names," if side.channel else ""
        return (
            f"nothing is kept in {self._looked} of what is inside {self._image} {side.version}{named}"
            " until it was tested there (golden.ami.ami_test)."
        )

    def _known(self) -> list[str]:
        path = contents_path(self._image, "").rstrip("/")
        names = all_at_once(lambda place: calls_parameters.list_below(self._ssm(place), path), self._places)
        return versions_with_contents(self._image, {name for some in names for name in some})


def _there_is(known: c.Sequence[str]) -> str:
    if not known:
        return "Of other versions nothing is kept there either."
    more = f" and {len(known) - _TOLD} older ones" if len(known) > _TOLD else ""
    return f"It is kept of {', '.join(known[:_TOLD])}{more}."


def run(module: t.Any) -> Result:
    params = module.params
    image = params["image"]
    check_image(image)
    for option in ("from", "to"):
        if params[option] is not None:
            _check(option, params[option])
    known = Accounts(module.client, module.region, params["role_name"])
    clouds = clouds_of(known, known.places(params["accounts"], params["regions"]))
    for place, cloud in clouds.items():
        cloud.ssm(place.region)
    reader = _Reader(clouds, image)
    sides = [
        reader.side("from", params["from"]),
        reader.side("to", params["to"]) if params["to"] is not None else reader.newest(),
    ]
    before, after = (reader.found(side) for side in sides)
    return _result(image, before, after)


def _check(option: str, asked: str) -> None:
    try:
        check_version(asked)
    except AmiError as error:
        raise AmiError(
            f"{option}: {asked!r} is no version and no channel: letters, digits, '.', '_' and '-'; of a version with several"
            " AMIs in a Region VERSION/BUILDER."
        ) from error


def _result(image: str, before: _Found, after: _Found) -> Result:
    versions = (before.side.version, after.side.version)
    difference = compare(before.kept.contents, after.kept.contents, versions)
    return {
        "changed": False,
        "from": before.told(),
        "to": after.told(),
        "differs": bool(difference.changes),
        "changes": [change.line() for change in difference.changes],
        "measures": {one.name: {"before": one.before, "after": one.after} for one in difference.measures},
        "unknown": [one.line() for one in difference.unknown],
        "summary": telling.summary(f"{image} {versions[0]} → {versions[1]}", difference),
        "markdown": telling.markdown(image, versions, difference),
        "table": telling.lines(difference),
    }
