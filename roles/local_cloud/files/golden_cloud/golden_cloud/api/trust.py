# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that services work as: whether one is there and lets the service in."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import iam_backends

from golden_cloud.api.access import PARTITION
from golden_cloud.api.inside import ROLE_ARN


def trusts(role_arn: str, service: str) -> bool:
    """Whether the role exists and its trust policy names the service (``codepipeline.amazonaws.com``).

    Only for who holds the lock.
    """
    match = ROLE_ARN.fullmatch(role_arn)
    if match is None:
        return False
    roles = iam_backends[match["account"]][PARTITION].roles.values()
    document = next((role.assume_role_policy_document for role in roles if role.arn == role_arn), None)
    return document is not None and any(_lets_in(s, service) for s in _listed(_parsed(document).get("Statement")))


def _parsed(document: Any) -> dict[str, Any]:
    parsed = json.loads(document) if isinstance(document, str) else document
    return parsed if isinstance(parsed, dict) else {}


def _lets_in(statement: dict[str, Any], service: str) -> bool:
    if statement.get("Effect") != "Allow" or "sts:AssumeRole" not in _listed(statement.get("Action")):
        return False
    principal = statement.get("Principal")
    return isinstance(principal, dict) and service in _listed(principal.get("Service"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
