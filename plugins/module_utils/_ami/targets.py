# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""With whom an AMI is to be shared: named in the task, or looked up in AWS Organizations when it runs."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from . import calls_organizations
from .accounts import Accounts, check_accounts
from .at_once import all_at_once
from .calls import AmiError, Client
from .permissions import Permissions, wanted_permissions

_ORGANIZATION = re.compile(r"arn:aws[a-z-]*:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}")
_UNIT = re.compile(r"arn:aws[a-z-]*:organizations::[0-9]{12}:ou/o-[a-z0-9]{10,32}/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}")
_PARENT = re.compile(r"r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}")

ARGUMENT_SPEC: dict[str, t.Any] = {
    "type": "dict",
    "default": {},
    "options": {
        "accounts": {"type": "list", "elements": "str", "default": []},
        "organizations": {"type": "list", "elements": "str", "default": []},
        "organizational_units": {"type": "list", "elements": "str", "default": []},
        "organization_accounts": {
            "type": "dict",
            "options": {
                "parent_id": {"type": "str"},
                "recursive": {"type": "bool", "default": True},
                "exclude": {"type": "list", "elements": "str", "default": []},
            },
        },
    },
}


@dataclasses.dataclass(frozen=True)
class Lookup:
    """The accounts of an organization: below which root or unit (all without one), and which of them not."""

    parent_id: str | None
    recursive: bool
    exclude: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Targets:
    accounts: tuple[str, ...]
    organizations: tuple[str, ...]
    units: tuple[str, ...]
    lookup: Lookup | None
    public: bool

    @property
    def named(self) -> bool:
        """Whether anybody is named, or where to look for them."""
        return bool(self.accounts or self.organizations or self.units or self.lookup or self.public)


@dataclasses.dataclass(frozen=True)
class Found:
    """Whom the targets are. C(organization) is the id of the one that was looked into."""

    permissions: Permissions
    organization: str | None


def _check(option: str, names: c.Iterable[str], pattern: re.Pattern[str], like: str) -> None:
    wrong = [name for name in names if not pattern.fullmatch(name)]
    if wrong:
        raise AmiError(f"targets.{option}: {', '.join(wrong)} is not the ARN of one; it looks like {like}.")


def read_targets(given: c.Mapping[str, t.Any], *, public: bool) -> Targets:
    """The option as a value. Refuses what names nobody that there can be, before anything is called."""
    lookup = given.get("organization_accounts")
    targets = Targets(
        tuple(given.get("accounts") or ()),
        tuple(given.get("organizations") or ()),
        tuple(given.get("organizational_units") or ()),
        Lookup(lookup["parent_id"], lookup["recursive"], tuple(lookup["exclude"])) if lookup is not None else None,
        public,
    )
    check_accounts(targets.accounts)
    arn = "arn:aws:organizations::111111111111:"
    _check("organizations", targets.organizations, _ORGANIZATION, f"{arn}organization/o-a1b2c3d4e5")
    _check("organizational_units", targets.units, _UNIT, f"{arn}ou/o-a1b2c3d4e5/ou-a1b2-c3d4e5f6")
    if targets.lookup:
        _check_lookup(targets.lookup)
    return targets


def _check_lookup(lookup: Lookup) -> None:
    check_accounts(lookup.exclude)
    if lookup.parent_id and not _PARENT.fullmatch(lookup.parent_id):
        raise AmiError(
            f"targets.organization_accounts.parent_id: {lookup.parent_id} is no id of a root or of an organizational unit;"
            " one looks like r-a1b2 or ou-a1b2-c3d4e5f6."
        )
    if not lookup.parent_id and not lookup.recursive:
        raise AmiError("targets.organization_accounts.parent_id: say of what, when recursive is false.")


def _below(organizations: Client, parent_id: str, *, recursive: bool) -> list[dict[str, t.Any]]:
    """The accounts directly in a root or a unit, or in all below it; the units of a level beside each other."""
    level, found = [parent_id], []
    while level:
        found += all_at_once(lambda one: calls_organizations.list_accounts_of(organizations, one), level)
        if not recursive:
            break
        units = all_at_once(lambda one: calls_organizations.list_units_of(organizations, one), level)
        level = [unit["Id"] for some in units for unit in some]
    return [account for some in found for account in some]


def find_targets(targets: Targets, accounts: Accounts) -> Found:
    """The permissions that the targets are; Organizations is asked with the task's own credentials, if at all."""
    looked_up: list[str] = []
    organization = None
    if targets.lookup:
        client = accounts.home.organizations()
        organization = str(calls_organizations.describe_organization(client)["Id"])
        looked_up = _looked_up(client, targets.lookup)
    permissions = wanted_permissions(
        [*targets.accounts, *looked_up], targets.organizations, targets.units, public=targets.public
    )
    return Found(permissions, organization)


def _looked_up(client: Client, lookup: Lookup) -> list[str]:
    parent = lookup.parent_id
    everybody = calls_organizations.list_accounts
    accounts = _below(client, parent, recursive=lookup.recursive) if parent else everybody(client)
    # Suspended ones and those that are being closed can use nothing.
    found = [one["Id"] for one in accounts if one.get("State", one.get("Status")) == "ACTIVE"]
    kept = [account for account in found if account not in lookup.exclude]
    if not kept:
        raise AmiError(
            f"targets.organization_accounts: there is no active account in {lookup.parent_id or 'the organization'}"
            f"{' that is not excluded' if found else ''}. Correct parent_id or exclude."
        )
    return kept
