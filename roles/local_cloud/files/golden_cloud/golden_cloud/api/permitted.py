# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a role may do what a service does for it without a call that policies would be asked about by themselves.

Some actions have no operation in AWS's API (``codecommit:GitPush``, ``codecommit:UploadArchive``), and some come on
top of the operation's own (``iam:PassRole``). What enforces policies sets ``decide``; until then
everything is permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from golden_cloud.api.errors import CloudError

Decision = Callable[[str, str, str, Mapping[str, Any]], str | None]
"""Principal's ARN, action, resource's ARN, condition context → why it is denied, or None."""


def _everything(_principal: str, _action: str, _resource: str, _context: Mapping[str, Any]) -> str | None:
    return None


decide: Decision = _everything


def require(principal: str, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
    """``CloudError`` AccessDeniedException unless ``principal`` (of a user, a role or its session) may."""
    reason = decide(principal, action, resource, context or {})
    if reason:
        raise CloudError("AccessDeniedException", reason, 403)


def on_behalf_of(source_arn: str) -> dict[str, str]:
    """What a policy sees of what a service works for (a rule, a pipeline), for conditions that keep out others'."""
    return {"aws:SourceArn": source_arn, "aws:SourceAccount": source_arn.split(":")[4]}
