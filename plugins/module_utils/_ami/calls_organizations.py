# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls about who is in an organization. Only its management account and delegated administrators may ask."""

from __future__ import annotations

import typing as t

from .calls import Client, Resource, _call


def _all(organizations: Client, operation: str, key: str, **request: t.Any) -> list[Resource]:
    found: list[Resource] = organizations.get_paginator(operation).paginate(**request).build_full_result()[key]
    return found


@_call("read the organization")
def describe_organization(organizations: Client) -> Resource:
    organization: Resource = organizations.describe_organization()["Organization"]
    return organization


@_call("list the accounts of the organization")
def list_accounts(organizations: Client) -> list[Resource]:
    return _all(organizations, "list_accounts", "Accounts")


@_call("list the accounts of {parent_id} in the organization")
def list_accounts_of(organizations: Client, parent_id: str) -> list[Resource]:
    return _all(organizations, "list_accounts_for_parent", "Accounts", ParentId=parent_id)


@_call("list the organizational units of {parent_id}")
def list_units_of(organizations: Client, parent_id: str) -> list[Resource]:
    units = "OrganizationalUnits"
    return _all(organizations, "list_organizational_units_for_parent", units, ParentId=parent_id)
