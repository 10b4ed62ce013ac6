# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether a customer's KMS key lets those use it with whom an AMI is shared; and the statement that lacks."""

from __future__ import annotations

import collections.abc as c
import fnmatch
import json
import re
import typing as t

from .permissions import ACCOUNT, ORGANIZATION, UNIT, Permission, Permissions

# What EBS needs of a key to make volumes of encrypted snapshots, and to copy these.
NEEDED = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom")
_ACTIONS = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
_ARN = re.compile(r"arn:[^:]+:[^:]+::(?P<account>[0-9]{12}):.+")
_ORGANIZATION = re.compile(r"organization/(?P<organization>o-[a-z0-9]+)$")
_UNIT = re.compile(r"ou/(?P<organization>o-[a-z0-9]+)/(?P<unit>ou-[a-z0-9-]+)$")

Statement = dict[str, t.Any]


def _listed(value: t.Any) -> list[t.Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _organization(who: Permission) -> str | None:
    found = _ORGANIZATION.search(who[1]) if who[0] == ORGANIZATION else _UNIT.search(who[1])
    return found["organization"] if found else None


def _unit(who: Permission) -> str | None:
    found = _UNIT.search(who[1]) if who[0] == UNIT else None
    return found["unit"] if found else None


def _is_about(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(f"kms:{action}", pattern) for pattern in _listed(statement["NotAction"]))
    return any(_matches(f"kms:{action}", pattern) for pattern in _listed(statement.get("Action")))


def _matches(text: str, pattern: t.Any) -> bool:
    return fnmatch.fnmatchcase(text.lower(), str(pattern).lower())


def _names(statement: Statement, who: Permission) -> bool:
    """Whether a principal is in it. An account's roles count for the account: its owner has chosen them."""
    principal = statement.get("Principal")
    principals = _listed(principal.get("AWS")) if isinstance(principal, dict) else _listed(principal)
    return any(one == "*" or (who[0] == ACCOUNT and _account_of(str(one)) == who[1]) for one in principals)


def _account_of(principal: str) -> str:
    found = _ARN.fullmatch(principal)
    return found["account"] if found else principal


def _context(who: Permission, region: str, organization: str | None) -> dict[str, list[str]]:
    """What is known of a call that somebody of them would make, by condition key."""
    of = _organization(who) or organization
    known = {"kms:viaservice": [f"ec2.{region}.amazonaws.com"], "kms:grantisforawsresource": ["true"]}
    if who[0] == ACCOUNT:
        known |= {"kms:calleraccount": [who[1]], "aws:principalaccount": [who[1]]}
    if of:
        known["aws:principalorgid"] = [of]
    if unit := _unit(who):
        known["aws:principalorgpaths"] = [f"{of}/r-root/{unit}/"]
    return known


def _holds(operator: str, values: list[str], wanted: list[str]) -> bool | None:
    """Whether a condition holds; None for an operator that is not judged here."""
    name = operator.rpartition(":")[2].removesuffix("IfExists")
    if name in {"StringEquals", "ArnEquals"}:
        return any(value in wanted for value in values)
    if name in {"StringLike", "ArnLike"}:
        return any(_path_matches(value, one) for value in values for one in wanted)
    if name == "Bool":
        return any(value in {one.lower() for one in wanted} for value in values)
    return None


def _path_matches(value: str, pattern: str) -> bool:
    """Of an organizational unit's path only its end is known, not what is above it."""
    if value.endswith("/") and "/r-root/" in value:
        unit = value.rstrip("/").rpartition("/")[2]
        return any(fnmatch.fnmatchcase(unit, part) for part in pattern.split("/") if part.startswith("ou-")) or (
            fnmatch.fnmatchcase(value, pattern)
        )
    return fnmatch.fnmatchcase(value, pattern)


def _conditions(statement: Statement, context: c.Mapping[str, list[str]]) -> bool | None:
    """Whether all conditions hold; None when one of them cannot be judged."""
    judged = [
        _holds(operator, context[key.lower()], [str(one) for one in _listed(wanted)])
        if key.lower() in context
        else None
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    ]
    if False in judged:
        return False
    return None if None in judged else True


def _granted(grants: c.Iterable[c.Mapping[str, t.Any]], who: Permission) -> set[str]:
    return {
        operation
        for grant in grants
        if who[0] == ACCOUNT and _account_of(str(grant.get("GranteePrincipal", ""))) == who[1]
        for operation in grant.get("Operations", [])
    }


def _allowed(action: str, who: Permission, statements: list[Statement], context: c.Mapping[str, list[str]]) -> bool:
    about = [one for one in statements if _is_about(one, action) and _names(one, who)]
    if any(one.get("Effect") == "Deny" and _conditions(one, context) is True for one in about):
        return False
    return any(one.get("Effect") == "Allow" and _conditions(one, context) is True for one in about)


def statements_of(policy: str) -> list[Statement]:
    return t.cast(list[Statement], _listed(json.loads(policy).get("Statement")))


def lacking(
    wanted: Permissions,
    statements: list[Statement],
    grants: c.Sequence[c.Mapping[str, t.Any]],
    region: str,
    organization: str | None = None,
) -> Permissions:
    """Those whom neither the policy nor a grant lets use the key. A condition that cannot be judged lets nobody.

    C(organization) is the id of the one that the accounts are known to be in.
    """
    found = set()
    for who in wanted:
        granted = _granted(grants, who)
        context = _context(who, region, organization)
        if not all(action in granted or _allowed(action, who, statements, context) for action in NEEDED):
            found.add(who)
    return frozenset(found)


def missing_statements(who: Permissions, partition: str = "aws") -> list[Statement]:
    """What to add to the key's policy, so that they can use it."""
    accounts = sorted(name for kind, name in who if kind == ACCOUNT)
    organizations = sorted(filter(None, (_organization(one) for one in who if one[0] == ORGANIZATION)))
    units = sorted(f"{_organization(one)}/*/{_unit(one)}/*" for one in who if one[0] == UNIT)
    found = []
    if accounts:
        roots = [f"arn:{partition}:iam::{account}:root" for account in accounts]
        found.append(_statement("AllowAccountsToUseSharedAmis", {"AWS": roots}, {}))
    if organizations:
        condition = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": organizations}}}
        found.append(_statement("AllowOrganizationsToUseSharedAmis", {"AWS": "*"}, condition))
    if units:
        condition = {"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": units}}}
        found.append(_statement("AllowUnitsToUseSharedAmis", {"AWS": "*"}, condition))
    return found


def _statement(sid: str, principal: dict[str, t.Any], more: Statement) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": _ACTIONS, "Resource": "*", **more}
