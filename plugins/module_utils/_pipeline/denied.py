# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a role lacks, as AWS says it when it refuses a call, and the statement that would allow it."""

from __future__ import annotations

import collections.abc as c
import json
import re

# "User: ARN is not authorized to perform: ACTION on resource: ARN because no identity-based policy allows ..."
_REFUSED = re.compile(
    r"arn:[\w-]+:sts::\d+:assumed-role/(?P<role>[\w+=,.@-]+)/\S+ is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: (?P<resource>\S+))?"
)


def permission_to_add(texts: c.Iterable[str]) -> str | None:
    """A sentence with the role and the statement for the first refusal that these texts tell of; None without one."""
    # Lines of a log are broken where they are too long.
    refused = _REFUSED.search(" ".join(" ".join(texts).split()))
    if not refused:
        return None
    resource = (refused["resource"] or "*").rstrip(".,;")
    statement = {"Effect": "Allow", "Action": refused["action"], "Resource": resource}
    return f"The role {refused['role']} lacks a permission: add {json.dumps(statement)} to its policy."
