# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The KMS keys of AMIs that are to be shared: whose they are, and whom they let in."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import re
import typing as t

from . import calls_images, calls_permissions
from .accounts import Place
from .at_once import all_at_once
from .calls import AmiError, Client
from .cloud import Cloud
from .images import Ami, chunks
from .key_access import Statement, lacking, missing_statements, statements_of
from .permissions import GROUP, Permissions, words
from .steps import why

_ARN = re.compile(r"arn:(?P<partition>[^:]+):kms:[^:]+:(?P<account>[0-9]{12}):.+")


@dataclasses.dataclass(frozen=True)
class KeyUse:
    """A key, the snapshots that it encrypts, and who is to use it."""

    place: Place
    key_id: str
    snapshot_ids: tuple[str, ...]
    users: Permissions


@dataclasses.dataclass(frozen=True)
class KeyAccess:
    """What lacks. C(unread) is the reason why the policy or the grants are not known; then everybody may lack."""

    use: KeyUse
    lacks: Permissions
    unread: str | None

    @property
    def statements(self) -> list[Statement]:
        found = _ARN.fullmatch(self.use.key_id)
        return missing_statements(self.lacks, found["partition"] if found else "aws")

    def text(self) -> str:
        whom = words(self.lacks)
        about = f"the KMS key {self.use.key_id}, with which {', '.join(self.use.snapshot_ids)} in {self.use.place} is encrypted"
        statements = ",\n".join(json.dumps(one, indent=2) for one in self.statements)
        if self.unread:
            return f"Whether {whom} may use {about}, could not be read ({self.unread}). They need this in its policy:\n{statements}"
        return (
            f"{whom} may not use {about}: they would see the AMI and could not launch it."
            f" Add this to the policy of the key:\n{statements}"
        )

    def line(self) -> dict[str, t.Any]:
        return {
            "account": self.use.place.account,
            "region": self.use.place.region,
            "key_id": self.use.key_id,
            "statements": self.statements,
            "unread": self.unread,
        }


def _keys_of(cloud: Cloud, place: Place, snapshot_ids: c.Sequence[str]) -> dict[str, str]:
    """The key of each encrypted snapshot; one call."""
    ec2 = cloud.ec2(place.region)
    found = [one for some in chunks(snapshot_ids) for one in calls_images.describe_all_snapshots(ec2, some)]
    return {one["SnapshotId"]: one["KmsKeyId"] for one in found if one.get("KmsKeyId")}


def find_uses(clouds: c.Mapping[Place, Cloud], additions: c.Sequence[tuple[Ami, Permissions]]) -> list[KeyUse]:
    """The keys of the encrypted AMIs among these, each with all who are to use it."""
    encrypted = [(ami, users) for ami, users in additions if users and any(disk.encrypted for disk in ami.snapshots)]
    places = list(dict.fromkeys(ami.place for ami, _users in encrypted))

    def read(place: Place) -> dict[str, str]:
        ids = {disk.snapshot_id for ami, _users in encrypted if ami.place == place for disk in ami.snapshots}
        return _keys_of(clouds[place], place, sorted(ids))

    keys = dict(zip(places, all_at_once(read, places), strict=True))
    users_of: dict[tuple[Place, str], tuple[set[str], set[tuple[str, str]]]] = {}
    for ami, users in encrypted:
        for disk in ami.snapshots:
            if disk.snapshot_id in keys[ami.place]:
                ids, who = users_of.setdefault((ami.place, keys[ami.place][disk.snapshot_id]), (set(), set()))
                ids.add(disk.snapshot_id)
                who.update(one for one in users if one[0] != GROUP)
    return [
        KeyUse(place, key_id, tuple(sorted(ids)), frozenset(who)) for (place, key_id), (ids, who) in users_of.items()
    ]


def check_keys(clouds: c.Mapping[Place, Cloud], uses: c.Sequence[KeyUse], organization: str | None) -> list[KeyAccess]:
    """What lacks of each key. Refuses the AWS-managed key, which nobody else can ever use."""

    def read(use: KeyUse) -> KeyAccess:
        kms = clouds[use.place].kms(use.place.region)
        _refuse_managed(kms, use)
        try:
            statements = statements_of(calls_permissions.read_key_policy(kms, use.key_id))
            grants = calls_permissions.list_grants(kms, use.key_id)
        except AmiError as error:
            return KeyAccess(use, use.users, why(error))
        return KeyAccess(use, lacking(use.users, statements, grants, use.place.region, organization), None)

    return [access for access in all_at_once(read, uses) if access.lacks]


def _refuse_managed(kms: Client, use: KeyUse) -> None:
    found = _ARN.fullmatch(use.key_id)
    if found and found["account"] != use.place.account:
        # An AWS-managed key encrypts in its own account only, so this is a customer's.
        return
    key = calls_permissions.describe_key(kms, use.key_id)
    if key.get("KeyManager") == "AWS":
        raise AmiError(
            f"{', '.join(use.snapshot_ids)} in {use.place} is encrypted with the AWS-managed key {use.key_id}, which no other"
            " account can ever use. Copy the AMI with a customer managed key, and share the copy."
        )
