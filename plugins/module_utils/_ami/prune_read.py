# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Reads what a retention decides on: AMIs, what channels named, who refers to them. Several places at a time."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from . import calls_parameters, calls_permissions, calls_prune
from .accounts import Accounts, Place
from .at_once import all_at_once, together
from .base import channel_parameter
from .calls import AmiError, Resource
from .channels import channels_of, entry_of
from .channels import standing as moves_that_stand
from .images import Ami, chunks, moment, read_amis
from .own_amis import clouds_of
from .prune_options import CHANNELS, LAUNCHES, OTHERS, Options
from .references import SOURCES, USAGE, Reference, References, Unread, read_references, reason_of
from .retention import Plan, candidates, make_plan
from .retention_holds import REPORTED, SHARED, unit_of
from .retention_world import DAY, Channel, Named, Told, World

# What only an AMI's own account is told. EC2 is asked about ten AMIs at a time for the first, so only about those that would go
# otherwise.
_DEAR = ("image-builder", USAGE)
_CHEAP = tuple(source for source in SOURCES if source not in _DEAR)


Channels = tuple[list[Channel], list[Unread]]


class Reading:
    """Reads the places that a task names. C(now) is one moment for all of it."""

    def __init__(self, accounts: Accounts, options: Options, now: datetime.datetime) -> None:
        self._options = options
        self.now = now
        self.places = accounts.places(options.accounts, options.regions)
        self.clouds = clouds_of(accounts, self.places)
        self.unknown_channels: list[str] = []

    def decide(self) -> tuple[World, Plan]:
        """The world and the plan. What is dear to read is read of those only that would go otherwise."""
        policy = self._options.policy
        world = self._cheaply()
        asked: set[str] = set()
        while True:
            plan = make_plan(world, policy)
            units = {unit_of(line.ami, policy) for line in plan.taken}
            wanted = [ami for ami in world.amis if unit_of(ami, policy) in units and ami.image_id not in asked]
            if not wanted:
                return world, plan
            asked |= {ami.image_id for ami in wanted}
            world = self._dearly(world, wanted)

    def _dearly(self, world: World, amis: c.Sequence[Ami]) -> World:
        """With what takes a call for each of these AMIs, or for ten."""
        told, shared, (times, unread) = together(
            lambda: self._referred(amis, _DEAR, own=True),
            lambda: self._shared(amis),
            lambda: self._launched(amis),
        )
        return world.with_references(told, shared).with_launches(times, unread)

    def second_look(self, amis: c.Sequence[Ami]) -> World:
        """All AMIs as they are now, and of just these who refers to them; those that are gone are left out.

        Of the others it takes to know which are the last good ones, and the newest.
        """
        by_place = _by_place(amis)
        found = all_at_once(lambda place: self._again(place, by_place.get(place, [])), self.places)
        world = World(tuple(ami for some in found for ami in some), self.now)
        ids = {ami.image_id for ami in amis}
        asked = [ami for ami in world.amis if ami.image_id in ids]
        of = sorted({(ami.place, ami.image) for ami in amis if ami.image})
        channels, *told = together(
            lambda: self._channels(of),
            lambda: self._referred(asked, _CHEAP),
            lambda: self._referred(asked, _DEAR, own=True),
            lambda: self._shared(asked),
        )
        return world.with_channels(*channels).with_references(*told)

    def _again(self, place: Place, amis: c.Sequence[Ami]) -> list[Ami]:
        """The AMIs of a place, with these also where the filters do not find them any more: a tag may have changed."""
        found = self._read(place)
        ids = {ami.image_id for ami in found}
        missing = [ami.image_id for ami in amis if ami.image_id not in ids]
        return [*found, *self._read(place, missing)] if missing else found

    def _read(self, place: Place, ids: c.Sequence[str] = ()) -> list[Ami]:
        if ids:
            return read_amis(self.clouds[place], place, image_ids=ids)
        filters = dict(self._options.filters)
        if self._options.images:
            filters["tag:golden:image"] = list(self._options.images)
        return read_amis(self.clouds[place], place, filters=filters)

    def _cheaply(self) -> World:
        """The AMIs, and what it takes few calls to read: channels of images with candidates, and who refers to these."""
        policy = self._options.policy
        amis = tuple(ami for some in all_at_once(self._read, self.places) for ami in some)
        world = World(amis, self.now)
        some = candidates(world, policy)
        # Without a channel's AMIs none is a candidate for less.
        of = sorted({(ami.place, ami.image) for ami in (amis if policy.per_channel else some) if ami.image})
        channels, told = together(lambda: self._channels(of), lambda: self._referred(some, _CHEAP))
        self.unknown_channels = self._unknown_channels(*channels)
        world = world.with_channels(*channels)
        # What a channel keeps is kept, whoever refers to it.
        left = {ami.image_id for ami in candidates(world, policy)}
        return world.with_references(({one: told[0][one] for one in left}, told[1])) if left else world

    def _unknown_channels(self, channels: c.Sequence[Channel], unread: c.Sequence[Unread]) -> list[str]:
        """Misspelt, or nothing was promoted to them yet. Of what could not be read that itself is told."""
        known = {channel.name for channel in channels}
        return [] if unread else [name for name in self._options.policy.per_channel if name not in known]

    def _channels(self, of: c.Sequence[tuple[Place, str]]) -> Channels:
        """Of these images in these places."""
        images: dict[Place, list[str]] = {}
        for place, image in of:
            images.setdefault(place, []).append(image)
        answers = all_at_once(lambda one: self._channels_in(*one), list(images.items()))
        return [one for found, _unread in answers for one in found], [one for _found, some in answers for one in some]

    def _channels_in(self, place: Place, images: c.Sequence[str]) -> Channels:
        ssm = self.clouds[place].ssm(place.region)
        try:
            names = calls_parameters.names_below(ssm, [f"/golden/{image}" for image in images])
            of = [(image, name) for image in images for name in channels_of(image, names)]
            return all_at_once(lambda one: self._channel(place, *one), of), []
        except AmiError as error:
            return [], [Unread(CHANNELS, place.account, place.region, reason_of(error))]

    def _channel(self, place: Place, image: str, name: str) -> Channel:
        history = calls_parameters.get_history(self.clouds[place].ssm(place.region), channel_parameter(image, name))
        return Channel(place, image, name, _named(history))

    def _referred(self, amis: c.Sequence[Ami], sources: c.Sequence[str], *, own: bool = False) -> Told:
        """Who refers to these in all accounts of their Region; with C(own) in their own account only."""

        def ask(place: Place) -> References:
            ids = [
                ami.image_id
                for ami in amis
                if ami.place.region == place.region and (not own or ami.place.account == place.account)
            ]
            return read_references(self.clouds[place], place, ids, sources)

        found: dict[str, tuple[Reference, ...]] = {ami.image_id: () for ami in amis}
        unread: list[Unread] = []
        for answer in all_at_once(ask, self.places):
            for image_id, references in answer.by_image.items():
                found[image_id] += tuple(one for one in references if not self._is_looked_at(one))
            unread += answer.unread
        return found, unread

    def _is_looked_at(self, one: Reference) -> bool:
        """Whether a report is about an account where it is known at first hand what is used now."""
        return one.kind == REPORTED and Place(one.id, one.region) in self.places

    def _launched(self, amis: c.Sequence[Ami]) -> tuple[dict[str, datetime.datetime | None], list[Unread]]:
        """When each was launched last, by a call for each, where botocore does not read that from DescribeImages."""
        asked = [ami for ami in amis if not calls_prune.tells_launches(self._ec2(ami.place))]
        answers = all_at_once(self._last_launch, asked)
        times = {ami.image_id: time for ami, (time, _unread) in zip(asked, answers, strict=True)}
        return times, [one for _time, unread in answers for one in unread]

    def _shared(self, amis: c.Sequence[Ami]) -> Told:
        """The other accounts that may use them, and what they launch nobody here can read; one call for each AMI."""
        if OTHERS in self._options.policy.accept_unread:
            return {}, []
        # A disabled AMI is nobody else's any more.
        asked = [ami for ami in amis if ami.state != "disabled"]
        answers = all_at_once(self._users, asked)
        found = {ami.image_id: users for ami, (users, _unread) in zip(asked, answers, strict=True)}
        return found, [one for _users, unread in answers for one in unread]

    def _users(self, ami: Ami) -> tuple[tuple[Reference, ...], list[Unread]]:
        known = {place.account for place in self.places if place.region == ami.place.region}
        try:
            entries = calls_permissions.read_launch_permissions(self._ec2(ami.place), ami.image_id)
        except AmiError as error:
            return (), [Unread(OTHERS, ami.place.account, ami.place.region, reason_of(error))]
        users = [str(value) for entry in entries for value in entry.values() if value not in known]
        return tuple(Reference(SHARED, user, "", ami.place.account, ami.place.region) for user in users), []

    def _last_launch(self, ami: Ami) -> tuple[datetime.datetime | None, list[Unread]]:
        try:
            return moment(calls_prune.last_launched(self._ec2(ami.place), ami.image_id)), []
        except AmiError as error:
            return None, [Unread(LAUNCHES, ami.place.account, ami.place.region, reason_of(error))]

    def _ec2(self, place: Place) -> t.Any:
        return self.clouds[place].ec2(place.region)

    def orphaned_snapshots(self) -> list[dict[str, t.Any]]:
        """Snapshots of the scope that no AMI uses: a DescribeSnapshots for each place, and one for 180 that are found."""
        return [one for some in all_at_once(self._orphans_in, self.places) for one in some]

    def _orphans_in(self, place: Place) -> list[dict[str, t.Any]]:
        ec2 = self._ec2(place)
        # Some minutes lie between a snapshot and the AMI that it is made for.
        found = [one for one in calls_prune.own_snapshots(ec2, self._snapshot_filters()) if self._is_old(one)]
        ids = [one["SnapshotId"] for one in found]
        images = [image for some in chunks(ids) for image in calls_prune.images_with_snapshots(ec2, some)]
        used = {
            mapping.get("Ebs", {}).get("SnapshotId")
            for image in images
            for mapping in image.get("BlockDeviceMappings", [])
        }
        return [_orphan(place, one) for one in found if one["SnapshotId"] not in used]

    def _snapshot_filters(self) -> list[Resource]:
        filters = {name: values for name, values in self._options.filters.items() if name.startswith("tag:")}
        if self._options.images:
            filters["tag:golden:image"] = list(self._options.images)
        return [{"Name": name, "Values": values} for name, values in filters.items()]

    def _is_old(self, snapshot: Resource) -> bool:
        return bool(self.now - snapshot["StartTime"] >= DAY)


def _by_place(amis: c.Iterable[Ami]) -> dict[Place, list[Ami]]:
    found: dict[Place, list[Ami]] = {}
    for ami in amis:
        found.setdefault(ami.place, []).append(ami)
    return found


def _named(history: c.Sequence[Resource]) -> tuple[Named, ...]:
    """What a channel names, and what it named before as far as that was not rolled back; each AMI where it came last."""
    found: dict[str, Named] = {}
    for entry in reversed(moves_that_stand([entry_of(one) for one in history])):
        found.setdefault(entry.image_id, Named(entry.image_id, entry.when))
    return tuple(found.values())


def _orphan(place: Place, snapshot: Resource) -> dict[str, t.Any]:
    return {
        "account": place.account,
        "region": place.region,
        "snapshot_id": snapshot["SnapshotId"],
        "size": snapshot.get("VolumeSize", 0),
        "created": snapshot["StartTime"].isoformat(timespec="seconds"),
        "description": snapshot.get("Description", ""),
    }
