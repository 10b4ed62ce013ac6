# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Who may use an AMI and its snapshots: what is to change, decided on what is."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .calls import Resource

State = t.Literal["add", "remove", "exact"]

# A kind of EC2's and whom it names.
Permission = tuple[str, str]
Permissions = frozenset[Permission]

ACCOUNT = "UserId"
ORGANIZATION = "OrganizationArn"
UNIT = "OrganizationalUnitArn"
GROUP = "Group"
PUBLIC: Permission = (GROUP, "all")
_KINDS = {"accounts": ACCOUNT, "organizations": ORGANIZATION, "organizational_units": UNIT}
# EC2 lets a snapshot be shared with these only.
_OF_SNAPSHOTS = frozenset({ACCOUNT, GROUP})


@dataclasses.dataclass(frozen=True)
class Change:
    """What somebody may before and after."""

    before: Permissions
    after: Permissions

    @property
    def add(self) -> Permissions:
        return self.after - self.before

    @property
    def remove(self) -> Permissions:
        return self.before - self.after

    def __bool__(self) -> bool:
        return self.before != self.after


def change(before: Permissions, wanted: Permissions, state: State) -> Change:
    """Those as well, without those, or those and nobody else."""
    if state == "add":
        return Change(before, before | wanted)
    if state == "remove":
        return Change(before, before - wanted)
    return Change(before, wanted)


def of_snapshots(permissions: Permissions) -> Permissions:
    """Those of an AMI's permissions that its snapshots can have as well."""
    return frozenset(one for one in permissions if one[0] in _OF_SNAPSHOTS)


def not_of_snapshots(permissions: Permissions) -> list[str]:
    """The organizations and units: an AMI can be shared with them, its snapshots cannot."""
    return sorted(name for kind, name in permissions if kind not in _OF_SNAPSHOTS)


def permissions_of(told: c.Iterable[Resource]) -> Permissions:
    """As EC2 tells them, of an AMI or a snapshot."""
    return frozenset((kind, str(name)) for one in told for kind, name in one.items() if name)


def entries(permissions: Permissions) -> list[dict[str, str]]:
    """As EC2 wants them."""
    return [{kind: name} for kind, name in sorted(permissions)]


def described(permissions: Permissions) -> dict[str, t.Any]:
    """For results."""
    named = {key: sorted(name for kind, name in permissions if kind == of) for key, of in _KINDS.items()}
    return {**named, "public": PUBLIC in permissions}


def wanted_permissions(
    accounts: c.Iterable[str], organizations: c.Iterable[str], units: c.Iterable[str], *, public: bool
) -> Permissions:
    named = [(ACCOUNT, accounts), (ORGANIZATION, organizations), (UNIT, units), (GROUP, ["all"] if public else [])]
    return frozenset((kind, name) for kind, names in named for name in names)


def without(permissions: Permissions, account: str) -> Permissions:
    """Without the owner, who needs no permission."""
    return permissions - {(ACCOUNT, account)}


def words(permissions: Permissions) -> str:
    """For reasons: whom it is about, without more of them than one reads."""
    names = [name if kind != GROUP else "everybody" for kind, name in sorted(permissions)]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
