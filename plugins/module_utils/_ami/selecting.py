# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which AMIs ami_info is asked for."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import re
import typing as t

from . import calls
from .accounts import Place
from .at_once import all_at_once
from .base import channel_parameter
from .calls import AmiError
from .channels import RESERVED
from .cloud import Cloud
from .images import Ami, read_amis
from .own_amis import check_ids

_NAME = re.compile(r"[A-Za-z0-9_.-]+")

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image_ids": {"type": "list", "elements": "str", "default": []},
    "names": {"type": "list", "elements": "str", "default": []},
    "filters": {"type": "dict", "default": {}},
    "image": {"type": "str"},
    "version": {"type": "str"},
    "channel": {"type": "str"},
    "owners": {"type": "list", "elements": "str", "default": ["self"]},
    "include_deprecated": {"type": "bool", "default": False},
    "include_disabled": {"type": "bool", "default": False},
}


@dataclasses.dataclass(frozen=True)
class Selection:
    image_ids: tuple[str, ...]
    names: tuple[str, ...]
    filters: dict[str, list[str]]
    image: str | None
    version: str | None
    channel: str | None
    owners: tuple[str, ...]
    deprecated: bool
    disabled: bool

    @property
    def explicit(self) -> bool:
        """Whether certain AMIs are named: these are shown in whichever state they are."""
        return bool(self.image_ids or self.version or self.channel)


def _values(name: str, given: t.Any) -> list[str]:
    values = given if isinstance(given, list) else [given]
    if not values or any(isinstance(one, (dict, list)) or one is None for one in values):
        raise AmiError(f"filters: {name} is to have a text or a list of texts, got {given!r}.")
    # EC2 wants them as JSON has them.
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def read_selection(params: c.Mapping[str, t.Any]) -> Selection:
    """The options as a value. Refuses what cannot be meant, before anything is called."""
    check_ids(params["image_ids"])
    selection = Selection(
        tuple(params["image_ids"]),
        tuple(params["names"]),
        {str(name): _values(str(name), given) for name, given in params["filters"].items()},
        params["image"],
        params["version"],
        params["channel"],
        tuple(params["owners"]),
        params["include_deprecated"],
        params["include_disabled"],
    )
    if (selection.version or selection.channel) and not selection.image:
        raise AmiError("image: a version or a channel is one of an image. Say which image.")
    if selection.version and selection.channel:
        raise AmiError("version, channel: a channel names a version itself. Say one of them.")
    if selection.channel:
        _check_channel(selection.channel)
    everything = not (selection.image_ids or selection.names or selection.filters or selection.image)
    if everything and not selection.owners:
        raise AmiError("owners: without an owner and without anything else these would be all public AMIs there are.")
    return selection


def _check_channel(channel: str) -> None:
    if channel in RESERVED or not _NAME.fullmatch(channel):
        raise AmiError(
            f"channel: {channel} is no name of a channel. Channels are called dev, test or prod, for example."
        )


def _channels(clouds: c.Mapping[Place, Cloud], selection: Selection) -> dict[Place, str | None]:
    """What the channel names in each place; one call in each. Refuses one that is nowhere."""
    name = channel_parameter(str(selection.image), str(selection.channel))
    places = list(clouds)
    values = all_at_once(lambda place: calls.get_parameter(clouds[place].ssm(place.region), name), places)
    if not any(values):
        raise AmiError(
            f"There is no channel {selection.channel} of {selection.image} in {', '.join(map(str, places))}: SSM has no"
            f" parameter {name}. Correct channel or image, or promote a version of {selection.image} to it."
        )
    return dict(zip(places, values, strict=True))


def _select(cloud: Cloud, place: Place, selection: Selection, channel: str | None) -> list[Ami]:
    ids = list(selection.image_ids)
    filters = dict(selection.filters)
    owners = selection.owners
    if selection.channel:
        # A channel may name what another account shares.
        ids, owners = [one for one in [channel] if one and (not ids or one in ids)], ()
        if not ids:
            return []
    elif selection.image:
        filters["tag:golden:image"] = [selection.image]
        if selection.version:
            filters["tag:golden:version"] = [selection.version]
    hidden = selection.explicit
    return read_amis(
        cloud,
        place,
        owners=owners,
        image_ids=ids,
        names=selection.names,
        filters=filters,
        deprecated=hidden or selection.deprecated,
        disabled=hidden or selection.disabled,
    )


def select(clouds: c.Mapping[Place, Cloud], selection: Selection) -> tuple[list[Ami], list[Place]]:
    """The AMIs of all places, one call in each and one more for a channel; and the places where the channel is not."""
    channels = _channels(clouds, selection) if selection.channel else {}
    found = all_at_once(lambda place: _select(clouds[place], place, selection, channels.get(place)), list(clouds))
    amis = [ami for some in found for ami in some]
    without = [place for place, value in channels.items() if not value]
    return visible(amis, selection, datetime.datetime.now(datetime.UTC)), without


def visible(amis: c.Iterable[Ami], selection: Selection, now: datetime.datetime) -> list[Ami]:
    """Without those that are deprecated by now, unless they are asked for: to their owner EC2 tells of them all the same."""
    if selection.explicit or selection.deprecated:
        return list(amis)
    return [ami for ami in amis if ami.deprecated_at is None or ami.deprecated_at > now]
