# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a request asks for."""

from __future__ import annotations

import dataclasses

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked import (
    accounts,
    balancing,
    builds,
    ec2,
    encrypted,
    kms,
    messages,
    parameters,
    s3,
    scaling,
    sources,
)
from golden_cloud.api.policies.asked.ask import Ask, More
from golden_cloud.api.policies.asked.table import Table
from golden_cloud.api.policies.asked.tags import of_request
from golden_cloud.api.policies.patterns import Values

TABLES: dict[str, Table] = {
    "ec2": ec2.TABLE,
    "ssm": parameters.TABLE,
    "sts": accounts.STS,
    "iam": accounts.IAM,
    "kms": kms.TABLE,
    "organizations": accounts.ORGANIZATIONS,
    "autoscaling": scaling.AUTOSCALING,
    "cloudformation": scaling.CLOUDFORMATION,
    "rbin": scaling.RBIN,
    "elbv2": balancing.TABLE,
    "s3": s3.TABLE,
    "codecommit": sources.CODECOMMIT,
    "ecr": sources.ECR,
    "logs": sources.LOGS,
    "secretsmanager": sources.SECRETSMANAGER,
    "codebuild": builds.CODEBUILD,
    "codepipeline": builds.CODEPIPELINE,
    "events": messages.EVENTS,
    "scheduler": messages.SCHEDULER,
    "sns": messages.SNS,
    "sqs": messages.SQS,
}

WHOLLY: dict[tuple[str, str], More] = {
    ("ec2", "RunInstances"): ec2.RUN,
    ("events", "PutEvents"): messages.WHOLLY["PutEvents"],
    **{("s3", operation): more for operation, more in s3.WHOLLY.items()},
}
"""Operations whose asks can't be said in a line."""

_UNASKED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
"""What everybody may, whatever policies say; only an explicit denial could matter, and these have none on AWS."""


def asks(call: Call) -> list[Ask]:
    """What must be allowed for the call, each with the condition keys of the request."""
    if (call.service, call.operation) in _UNASKED:
        return []
    wholly = WHOLLY.get((call.service, call.operation))
    table = TABLES.get(call.service)
    if wholly is not None:
        own = wholly(call)
    else:
        own = table.asks(call) if table is not None else [Ask(f"{call.service}:{call.operation}")]
    common = _context(call)
    found = [_with(ask, {**common, **ec2.tags_of(call, ask)}) for ask in own]
    return _distinct(found + encrypted.asks(call))


def is_known(service: str, operation: str) -> bool:
    """Whether the tables say something of the operation, be it that it has no resource."""
    table = TABLES.get(service)
    return (service, operation) in WHOLLY or (table is not None and operation in table.lines)


def _context(call: Call) -> dict[str, Values]:
    return {
        **of_request(dict(call.parameters)),
        **accounts.context(call),
        **kms.context(call),
        **s3.context(call),
    }


def _with(ask: Ask, more: dict[str, Values]) -> Ask:
    return dataclasses.replace(ask, context={**more, **ask.context}) if more else ask


def _distinct(found: list[Ask]) -> list[Ask]:
    """Each action on a resource once, when it has the same condition keys."""
    kept: list[Ask] = []
    for ask in found:
        if ask not in kept:
            kept.append(ask)
    return kept
