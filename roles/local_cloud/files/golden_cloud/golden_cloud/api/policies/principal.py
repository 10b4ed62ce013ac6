# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, and whether a policy's Principal means them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["user", "role", "root", "service"]
Closeness = Literal["none", "account", "role", "self"]
"""How a policy names somebody: not; by the account, which leaves it to the account's own policies; as a role; as the
very user or session (everybody is that, too)."""

_CLOSER: tuple[Closeness, ...] = ("none", "account", "role", "self")

_IAM = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):(?P<kind>user|role)/(?:.+/)?(?P<name>[^/]+)")
_SESSION = re.compile(r"arn:aws:sts::(?P<account>[0-9]{12}):assumed-role/(?P<name>[^/]+)/(?P<session>.+)")
_ROOT = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):root")


@dataclass(frozen=True)
class Principal:
    """A user, a role with or without its session, the root of an account, or a service of AWS."""

    kind: Kind
    arn: str
    """As errors name it; of a service its name, ``codebuild.amazonaws.com``."""
    account: str
    """Empty for a service."""
    name: str
    """Of the user or the role."""
    role_arn: str = ""
    """With the path, which a session's ARN has not."""
    user_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """ARN of whoever has the policies: the role for its sessions."""
        return self.role_arn or self.arn


def read(arn: str) -> Principal:
    """Whom the ARN (or the name of a service) means, as far as it tells."""
    match = _SESSION.fullmatch(arn)
    if match:
        role = f"arn:aws:iam::{match['account']}:role/{match['name']}"
        return Principal("role", arn, match["account"], match["name"], role)
    match = _IAM.fullmatch(arn)
    if match:
        kind: Kind = "user" if match["kind"] == "user" else "role"
        return Principal(kind, arn, match["account"], match["name"], arn if kind == "role" else "")
    match = _ROOT.fullmatch(arn)
    if match:
        return Principal("root", arn, match["account"], "root")
    return Principal("service", arn, "", arn)


def closeness(named: tuple[tuple[str, str], ...], who: Principal) -> Closeness:
    """The closest way in which one of the names means them."""
    return max((_closeness(kind, name, who) for kind, name in named), key=_CLOSER.index, default="none")


def _closeness(kind: str, name: str, who: Principal) -> Closeness:
    if kind == "Service":
        return "self" if who.kind == "service" and name == who.arn else "none"
    if kind not in ("AWS", "*"):
        return "none"
    if name == "*":
        return "self"
    if who.kind == "service":
        return "none"
    if name == who.arn:
        return "role" if who.arn == who.role_arn else "self"
    if who.role_arn and name == who.role_arn:
        return "role"
    if name in (who.account, f"arn:aws:iam::{who.account}:root"):
        return "account"
    return "none"


def closer(one: Closeness, other: Closeness) -> Closeness:
    return max(one, other, key=_CLOSER.index)
