# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Reads what a report is made of. A source that cannot be read is noted with the reason, and the rest is read."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from .._ami import calls_parameters, prune_options
from .._ami.accounts import Accounts, Place
from .._ami.at_once import at_once
from .._ami.base import channel_parameter
from .._ami.calls import AmiError
from .._ami.channels import channels_of, entry_of
from .._ami.cloud import Cloud
from .._ami.contents_parameters import contents_path, versions_with_contents
from .._ami.details import NotRead, read_details
from .._ami.images import Ami, read_amis
from .._ami.lineage import Descent, read_lineages
from .._ami.prune_apply import foreseen
from .._ami.prune_read import Reading
from .._ami.prune_result import Told, tell
from .._ami.references import SOURCES, USAGE, Reference, read_references
from .._ami.steps import why
from .._inside import store
from .._inside.store import Kept
from .assemble import REFERENCES
from .facts import ALL_OF_IT, CHANNELS, Facts, Named, Wanted, World
from .graph import sources_of, version_of

# What a definition says of retention by another name than pruning.
_RETENTION = {"channels": "per_channel"}


class Reader:
    """Reads for several images. C(make) makes clients as the module does, C(now) is one moment for all of it."""

    def __init__(self, make: c.Callable[..., t.Any], region: str, now: datetime.datetime, steps: int) -> None:
        self._make, self._region, self._now, self._steps = make, region, now, steps
        self._accounts: dict[str, Accounts] = {}
        self._clouds: dict[Place, Cloud] = {}
        self._lost: dict[Place, str] = {}

    def read(self, images: c.Sequence[Wanted]) -> World:
        found = [self._image(wanted) for wanted in images]
        world = World(tuple(found))
        amis = [ami for facts in found for ami in facts.amis]
        details = read_details(self._clouds, amis, permissions=True, ancestry=False)
        world.launch.update(details.launch)
        world.not_read.extend(details.not_read)
        self._read_references(amis, world)
        self._read_others(amis, world)
        return world

    def _image(self, wanted: Wanted) -> Facts:
        known = self._accounts.setdefault(wanted.role_name, Accounts(self._make, self._region, wanted.role_name))
        places = known.places(wanted.accounts, wanted.regions)
        facts = Facts(wanted, tuple(places))
        there = [place for place in places if self._enter(known, place, facts)]
        self._read_amis(there, facts)
        self._read_channels(there, facts)
        self._read_contents(there, facts)
        self._decide_pruning(known, facts)
        self._read_parent(known, facts)
        return facts

    def _enter(self, known: Accounts, place: Place, facts: Facts) -> bool:
        if place not in self._clouds and place not in self._lost:
            try:
                cloud = known.cloud(place.account)
                # Threads are to work with them.
                cloud.ec2(place.region)
                cloud.ssm(place.region)
                self._clouds[place] = cloud
            except AmiError as error:
                self._lost[place] = why(error)
        if place in self._lost:
            facts.not_read.append(NotRead(place, ALL_OF_IT, self._lost[place]))
        return place in self._clouds

    def _read_amis(self, places: c.Sequence[Place], facts: Facts) -> None:
        filters = {"tag:golden:image": facts.wanted.name}
        answers = at_once(lambda place: read_amis(self._clouds[place], place, filters=filters), places)
        facts.amis = tuple(
            ami for some in self._kept(places, answers, f"AMIs of {facts.wanted.name}", facts) for ami in some
        )

    def _read_channels(self, places: c.Sequence[Place], facts: Facts) -> None:
        answers = at_once(lambda place: self._channels_in(place, facts.wanted.name), places)
        found = self._kept(places, answers, CHANNELS.format(facts.wanted.name), facts)
        facts.channels = tuple(one for some in found for one in some)

    def _channels_in(self, place: Place, image: str) -> list[Named]:
        ssm = self._clouds[place].ssm(place.region)
        names = channels_of(image, calls_parameters.names_below(ssm, [f"/golden/{image}"]))
        return [one for name in names if (one := self._channel(place, image, name))]

    def _channel(self, place: Place, image: str, name: str) -> Named | None:
        history = calls_parameters.get_history(self._clouds[place].ssm(place.region), channel_parameter(image, name))
        if not history:
            # It went in between.
            return None
        entry = entry_of(history[-1])
        return Named(name, place, entry.image_id, entry.when, entry.version, entry.former, entry.kind, entry.by)

    def _read_contents(self, places: c.Sequence[Place], facts: Facts) -> None:
        """Of the newest versions, each from the first place that has it: copies have the same inside."""
        image = facts.wanted.name
        made: dict[str, datetime.datetime] = {}
        for ami in facts.amis:
            made[version_of(ami)] = min(ami.created, made.get(version_of(ami), ami.created))
        newest = sorted(made, key=lambda version: (made[version], version), reverse=True)[: self._steps + 1]
        answers = at_once(lambda place: self._kept_in(place, image, newest), places)
        for some in self._kept(places, answers, f"what is inside versions of {image}", facts):
            for version, kept in some.items():
                facts.contents.setdefault(version, kept)

    def _kept_in(self, place: Place, image: str, newest: c.Sequence[str]) -> dict[str, Kept]:
        ssm = self._clouds[place].ssm(place.region)
        names = calls_parameters.list_below(ssm, contents_path(image, "").rstrip("/"))
        known = [one for one in versions_with_contents(image, names) if one.partition("/")[0] in newest]
        return {version: kept for version in known if (kept := store.read(ssm, image, version))}

    def _decide_pruning(self, known: Accounts, facts: Facts) -> None:
        """As pruning itself would decide; it looks at all places of an image, or at none."""
        try:
            facts.pruning = tuple(self._planned(known, facts))
        except AmiError as error:
            place = facts.places[0]
            facts.not_read.append(NotRead(place, f"what pruning would take of {facts.wanted.name}", why(error)))

    def _planned(self, known: Accounts, facts: Facts) -> list[Told]:
        wanted = facts.wanted
        given = {
            _RETENTION.get(key, key): value for key, value in (wanted.retention or {}).items() if value is not None
        }
        defaults = {name: option.get("default") for name, option in prune_options.ARGUMENT_SPEC.items()}
        unknown = sorted(given.keys() - defaults.keys())
        if unknown:
            raise AmiError(f"images: {wanted.name}: retention has {', '.join(unknown)}, which is unknown.")
        options = prune_options.read_options(
            {
                **defaults,
                "copies": True,
                **given,
                "images": [wanted.name],
                "regions": list(wanted.regions),
                "accounts": list(wanted.accounts),
                "role_name": wanted.role_name,
            }
        )
        reading = Reading(known, options, self._now)
        world, plan = reading.decide()
        facts.not_read.extend(
            NotRead(Place(one.account, one.region), f"pruning of {wanted.name}: {one.source}", one.reason)
            for one in world.unread
            if one.source not in options.policy.accept_unread
        )
        return tell(plan, foreseen(plan), self._now)

    def _read_parent(self, known: Accounts, facts: Facts) -> None:
        wanted = facts.wanted
        if not wanted.parent:
            return
        try:
            descent = Descent(wanted.name, wanted.parent, wanted.follows, wanted.search)
            (found,) = read_lineages(known.home, [descent], {})
        except AmiError as error:
            place = Place(known.home_account, self._region)
            facts.not_read.append(NotRead(place, f"whether {wanted.name} is behind {wanted.parent}", why(error)))
        else:
            facts.behind = found.message

    def _read_references(self, amis: c.Sequence[Ami], world: World) -> None:
        """From every account that is looked at: another one may use an AMI that is shared with it."""
        found: dict[tuple[str, str], set[Reference]] = {(ami.place.region, ami.image_id): set() for ami in amis}
        for place, cloud in self._clouds.items():
            ids = sorted({ami.image_id for ami in amis if ami.place.region == place.region})
            read = read_references(cloud, place, ids, (*SOURCES, USAGE))
            for image_id, references in read.by_image.items():
                found[place.region, image_id].update(references)
            world.not_read.extend(NotRead(place, f"{REFERENCES}{one.source}", one.reason) for one in read.unread)
        world.references.update({key: tuple(sorted(references)) for key, references in found.items()})
        # Who uses them in an account that could not be entered nobody knows.
        world.not_read.extend(
            NotRead(place, f"{REFERENCES}account {place.account}", reason) for place, reason in self._lost.items()
        )

    def _read_others(self, amis: c.Sequence[Ami], world: World) -> None:
        """What the AMIs are called that ours are made from. Of one that is gone its id has to do, so that is no error."""
        own = {ami.image_id for ami in amis}
        wanted = {(ami.place, source) for ami in amis for source in sources_of(ami) if source not in own}
        places = sorted({place for place, _source in wanted})

        def read(place: Place) -> list[Ami]:
            ids = sorted(source for there, source in wanted if there == place)
            return read_amis(self._clouds[place], place, owners=(), image_ids=ids)

        for answer in at_once(read, places):
            if not isinstance(answer, AmiError):
                world.others.update({ami.image_id: ami for ami in answer})

    @staticmethod
    def _kept(places: c.Sequence[Place], answers: c.Sequence[t.Any], what: str, facts: Facts) -> list[t.Any]:
        """The answers; the errors are noted."""
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, AmiError):
                facts.not_read.append(NotRead(place, what, why(answer)))
        return [answer for answer in answers if not isinstance(answer, AmiError)]
