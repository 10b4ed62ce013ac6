# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of a user or a role, from moto's IAM.

Looked up one by one and never by walking through what others may be changing, so that it does not matter whether the
lock is held; what can only be found by walking is copied first.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from moto.iam.models import Role, User, iam_backends
from moto.sts.models import sts_backends

from golden_cloud.api.access import PARTITION
from golden_cloud.api.identity import ORGANIZATION_ROLE
from golden_cloud.api.policies import principal
from golden_cloud.api.policies.document import PolicyError, statements
from golden_cloud.api.policies.evaluate import Policies, Statements
from golden_cloud.api.policies.principal import Principal

SERVICE_ROLES = "role/aws-service-role/"
"""The path of the roles that are a service's own; AWS itself sees to what they may."""
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
)

Document = tuple[str, str]
"""Name and text."""


def known(who: Principal) -> Principal:
    """With the path of the role, id and tags."""
    if who.kind == "user":
        user = find_user(who.account, who.name)
        if user is not None:
            return dataclasses.replace(who, user_id=user.id, tags=tags(user.tags))
    if who.kind == "role":
        role = find_role(who.account, who.name)
        if role is not None:
            session = who.arn.rpartition("/")[2] if who.arn != who.role_arn else ""
            user_id = f"{role.id}:{session}" if session else role.id
            arn = role.arn if who.arn == who.role_arn else who.arn
            return dataclasses.replace(who, arn=arn, role_arn=role.arn, user_id=user_id, tags=tags(role.tags))
    return who


def identity_policies(who: Principal, access_key: str = "") -> Policies:
    """The policies of somebody who is ``known``; the session's by its access key."""
    own = tuple(s for name, text in documents(who) for s in statements(text, name))
    return Policies(identity=own, boundary=_boundary(who), session=_session(who, access_key))


def documents(who: Principal) -> list[Document]:
    """Inline, attached and, for users, the groups' policies."""
    if who.kind == "user":
        user = find_user(who.account, who.name)
        if user is None:
            return []
        groups = [g for g in list(iam_backends[who.account][PARTITION].groups.values()) if user in g.users]
        return [document for owner in (user, *groups) for document in _documents(owner)]
    if who.kind != "role":
        return []
    role = find_role(who.account, who.name)
    if role is not None:
        return _documents(role)
    if who.name == ORGANIZATION_ROLE or SERVICE_ROLES in who.role_arn:
        return [("AdministratorAccess", EVERYTHING)]
    return []


def find_role(account_id: str, name: str) -> Role | None:
    if account_id not in iam_backends:
        return None
    roles: list[Role] = list(iam_backends[account_id][PARTITION].roles.values())
    return next((role for role in roles if role.name == name), None)


def find_user(account_id: str, name: str) -> User | None:
    return iam_backends[account_id][PARTITION].users.get(name) if account_id in iam_backends else None


def all_roles() -> list[Role]:
    """Of all accounts."""
    return [
        role for _account, _region, backend in list(iam_backends.iter_backends()) for role in backend.roles.values()
    ]


def _documents(owner: Any) -> list[Document]:
    inline = [(name, _text(document)) for name, document in list(owner.policies.items())]
    attached = [(policy.name, _default_version(policy)) for policy in list(owner.managed_policies.values())]
    return [*inline, *attached]


def _default_version(policy: Any) -> str:
    found = next((v.document for v in policy.versions if v.version_id == policy.default_version_id), "")
    return _text(found)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _boundary(who: Principal) -> Statements | None:
    role = find_role(who.account, who.name) if who.kind == "role" else None
    arn = role.permissions_boundary_arn if role is not None else None
    if not arn:
        return None
    policy = iam_backends[who.account][PARTITION].managed_policies.get(arn)
    if policy is None:
        raise PolicyError(f"the permissions boundary {arn} does not exist")
    return statements(_default_version(policy), policy.name)


def _session(who: Principal, access_key: str) -> Statements | None:
    if not access_key or who.kind != "role":
        return None
    session = sts_backends[who.account][PARTITION].get_assumed_role_from_access_key(access_key)
    if session is None or not session.policy:
        return None
    return statements(session.policy, "session policy")


def tags(found: Any) -> dict[str, str]:
    if isinstance(found, dict):
        return {str(t["Key"]): str(t["Value"]) for t in found.values()}
    return {str(t["Key"]): str(t["Value"]) for t in found or []}


def read(arn: str) -> Principal:
    """Whom an ARN means, with what is known of them."""
    return known(principal.read(arn))
