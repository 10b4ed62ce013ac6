# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors, names and ARNs of Elastic Load Balancing."""

from __future__ import annotations

import re
import secrets

from golden_cloud.api.access import PARTITION
from golden_cloud.api.errors import CloudError

LONGEST_NAME = 32
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


def invalid(text: str) -> CloudError:
    return CloudError("ValidationError", text)


def checked_name(what: str, name: str) -> str:
    """The name of a load balancer or of a target group, if it can be one."""
    if len(name) > LONGEST_NAME:
        raise invalid(f"{what} name '{name}' cannot be longer than '{LONGEST_NAME}' characters")
    if not _NAME.fullmatch(name):
        text = "can only contain characters that are alphanumeric characters and hyphens(-), at its ends no hyphen"
        raise invalid(f"{what} name '{name}' {text}")
    return name


def arn_of(region: str, account_id: str, kind: str, name: str) -> str:
    """A new one: ``targetgroup/web/0123456789abcdef``."""
    return f"arn:{PARTITION}:elasticloadbalancing:{region}:{account_id}:{kind}/{name}/{secrets.token_hex(8)}"
