# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody is told whose call is denied, in the words and with the status of the service."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from golden_cloud.api.errors import CloudError
from golden_cloud.api.policies.asked.ask import ANY
from golden_cloud.api.policies.evaluate import Question, Verdict

# Services that answer with something else than AccessDeniedException and 400.
_CODES: dict[str, tuple[str, int]] = {
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "autoscaling": ("AccessDenied", 403),
    "cloudformation": ("AccessDenied", 403),
    "elbv2": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "rbin": ("AccessDeniedException", 403),
    "scheduler": ("AccessDeniedException", 403),
}


def sentence(question: Question, verdict: Verdict) -> str:
    """``User: … is not authorized to perform: … on resource: … because …``."""
    of_ec2 = question.action.startswith("ec2:")
    where = "" if question.resource == ANY and of_ec2 else f" on resource: {question.resource}"
    which = f" ({verdict.statement.name})" if verdict.statement is not None else ""
    return f"User: {question.who.arn} is not authorized to perform: {question.action}{where} {verdict.reason}{which}"


def denied(service: str, question: Question, verdict: Verdict) -> CloudError:
    """The error of a service."""
    code, status = _CODES.get(service, ("AccessDeniedException", 400))
    text = sentence(question, verdict)
    if service == "ec2":
        text = (
            f"You are not authorized to perform this operation. {text}. "
            f"Encoded authorization failure message: {encoded(question, verdict)}"
        )
    return CloudError(code, text, status)


def encoded(question: Question, verdict: Verdict) -> str:
    """What sts:DecodeAuthorizationMessage reads."""
    document: dict[str, Any] = {
        "allowed": False,
        "explicitDeny": verdict.explicit,
        "matchedStatements": {"items": [_told(verdict)] if verdict.explicit else []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": question.who.user_id, "arn": question.who.arn},
            "action": question.action,
            "resource": question.resource,
            "conditions": {
                "items": [
                    {
                        "key": key,
                        "values": {"items": [{"value": v} for v in ([value] if isinstance(value, str) else value)]},
                    }
                    for key, value in sorted(question.context.items())
                ]
            },
        },
    }
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(document).encode())).decode()


def decoded(message: str) -> str:
    """The document; an error for what is no such message."""
    try:
        return zlib.decompress(base64.urlsafe_b64decode(message.encode())).decode()
    except (ValueError, zlib.error):
        raise CloudError("InvalidAuthorizationMessageException", "Invalid authorization message", 400) from None


def _told(verdict: Verdict) -> dict[str, Any]:
    statement = verdict.statement
    if statement is None:
        return {}
    return {"statementId": statement.sid, "effect": "DENY", "policyName": statement.policy}
