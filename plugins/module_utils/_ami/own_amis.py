# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which AMIs of ours a task is about: by their ids, or as a version of an image, wherever it is."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from .accounts import Accounts, Place
from .at_once import all_at_once
from .calls import AmiError
from .cloud import Cloud
from .images import Ami, read_amis

_AMI_ID = re.compile(r"ami-[0-9a-f]{8,17}")

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image_ids": {"type": "list", "elements": "str", "default": []},
    "image": {"type": "str"},
    "version": {"type": "str"},
}


def check_ids(image_ids: c.Iterable[str]) -> None:
    """Refuse what is no id of an AMI, before anything is called."""
    wrong = [image_id for image_id in image_ids if not _AMI_ID.fullmatch(image_id)]
    if wrong:
        raise AmiError(f"image_ids: {', '.join(wrong)} is no id of an AMI; one looks like ami-0123456789abcdef0.")


def check_selection(image_ids: c.Sequence[str], image: str | None, version: str | None) -> None:
    """Refuse a selection that selects nothing, or in two ways."""
    check_ids(image_ids)
    if bool(image_ids) == bool(image) or bool(image) != bool(version):
        raise AmiError("Which AMIs? Say either image_ids, or image and version.")


def clouds_of(accounts: Accounts, places: c.Iterable[Place]) -> dict[Place, Cloud]:
    """The clients for each place, EC2's made already: threads are to work with them."""
    clouds = {place: accounts.cloud(place.account) for place in places}
    for place, cloud in clouds.items():
        cloud.ec2(place.region)
    return clouds


def find_own(
    clouds: c.Mapping[Place, Cloud], image_ids: c.Sequence[str], image: str | None, version: str | None
) -> list[Ami]:
    """The AMIs, one call in each place. Refuses an id of a stranger's AMI, and what is nowhere."""
    filters = {"tag:golden:image": image, "tag:golden:version": version} if image and version else {}

    def read(place: Place) -> list[Ami]:
        # Without an owner, so that a stranger's AMI is known as such.
        owners = () if image_ids else ("self",)
        return read_amis(clouds[place], place, owners=owners, image_ids=image_ids, filters=filters)

    found = [ami for amis in all_at_once(read, list(clouds)) for ami in amis]
    return own_of(found, list(clouds), image_ids, f"version {version} of {image}")


def own_of(found: c.Sequence[Ami], places: c.Sequence[Place], image_ids: c.Sequence[str], named: str) -> list[Ami]:
    own = [ami for ami in found if ami.owner == ami.place.account]
    looked = ", ".join(str(place) for place in places)
    if not image_ids and not own:
        raise AmiError(
            f"There is no AMI of {named} in {looked}: correct image or version, or name the Regions it is in."
        )
    known = {ami.image_id for ami in own}
    owners = {ami.image_id: ami.owner for ami in found if ami.image_id not in known}
    strange = [f"{image_id} is of account {owners[image_id]}" for image_id in image_ids if image_id in owners]
    if strange:
        raise AmiError(
            f"{', '.join(strange)}. Only the owner can change an AMI: add the account to accounts if it is yours."
        )
    missing = [image_id for image_id in image_ids if image_id not in known]
    if missing:
        raise AmiError(
            f"There is no AMI {', '.join(missing)} in {looked}: correct image_ids, or name its account in accounts and its"
            " Region in regions."
        )
    return own


def places_without(amis: c.Iterable[Ami], places: c.Iterable[Place]) -> list[Place]:
    """Where a version is not: it was not copied there."""
    there = {ami.place for ami in amis}
    return [place for place in places if place not in there]
