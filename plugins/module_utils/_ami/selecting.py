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
from .cloud import Cloud
from .images import Ami, read_amis
from .own_amis import check_ids

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# Where the versions of an image are recorded, and who works on it; no channel is called so.
_RESERVED = {"versions", "locks"}

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
    if channel in _RESERVED or not _NAME.fullmatch(channel):
        raise AmiError(
            f"channel: {channel} is no name of a channel. Channels are called dev, test or prod, for example."
        )


def _of_channel(cloud: Cloud, place: Place, selection: Selection) -> list[str]:
    name = channel_parameter(str(selection.image), str(selection.channel))
    value = calls.get_parameter(cloud.ssm(place.region), name)
    if not value:
        raise AmiError(
            f"There is no channel {selection.channel} of {selection.image} in {place}: SSM has no parameter {name}."
            f" Correct channel or image, or promote a version of {selection.image} to it."
        )
    return [value]


def _select(cloud: Cloud, place: Place, selection: Selection) -> list[Ami]:
    ids = list(selection.image_ids)
    filters = dict(selection.filters)
    owners = selection.owners
    if selection.channel:
        named = _of_channel(cloud, place, selection)
        # A channel may name what another account shares.
        ids, owners = ([one for one in ids if one in named] if ids else named), ()
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


def select(clouds: c.Mapping[Place, Cloud], selection: Selection) -> list[Ami]:
    """The AMIs of all places, one call in each and one more for a channel."""
    found = all_at_once(lambda place: _select(clouds[place], place, selection), list(clouds))
    return visible([ami for amis in found for ami in amis], selection, datetime.datetime.now(datetime.UTC))


def visible(amis: c.Iterable[Ami], selection: Selection, now: datetime.datetime) -> list[Ami]:
    """Without those that are deprecated by now, unless they are asked for: to their owner EC2 tells of them all the same."""
    if selection.explicit or selection.deprecated:
        return list(amis)
    return [ami for ami in amis if ami.deprecated_at is None or ami.deprecated_at > now]
