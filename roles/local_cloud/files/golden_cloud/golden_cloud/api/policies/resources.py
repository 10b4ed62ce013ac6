# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that resources have: KMS keys, roles (of who may assume them), buckets, topics, queues, secrets.

The models of services that a cloud may not have are imported when a resource of theirs is asked for.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from golden_cloud.api import keys, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.identity import ORGANIZATION_ROLE
from golden_cloud.api.organizations import organization_of
from golden_cloud.api.policies import gather
from golden_cloud.api.policies.document import statements
from golden_cloud.api.policies.evaluate import Policies
from golden_cloud.api.policies.principal import Principal, read

Found = tuple[str, str | None]
"""Account of the resource and the text of its policy."""


def with_resource(policies: Policies, who: Principal, action: str, resource: str) -> Policies:
    """The policies, and that of the resource when it has one."""
    service = action.partition(":")[0].lower()
    look = _LOOKS.get(service)
    if look is None or not resource.startswith("arn:"):
        return policies
    if service == "sts" and action != "sts:AssumeRole":
        return policies
    account, text = look(resource)
    return dataclasses.replace(
        policies,
        resource=statements(text, f"policy of {resource}") if text else (),
        resource_account=account or None,
        resource_rules=service in ("kms", "sts") and not _is_alias(resource),
        granted=service == "kms" and _granted(who, action, resource),
    )


def _is_alias(resource: str) -> bool:
    return ":alias/" in resource


def _account(arn: str) -> str:
    return arn.split(":", 5)[4]


def _key(arn: str) -> Found:
    key = keys.find_key(arn)
    return _account(arn), key.policy if key is not None else None


def _granted(who: Principal, action: str, resource: str) -> bool:
    key = keys.find_key(resource)
    operation = action.partition(":")[2]
    return key is not None and any(
        operation in (grant.operations or []) and grant.grantee_principal in (who.arn, who.role_arn)
        for grant in list(key.grants.values())
    )


def _role(arn: str) -> Found:
    named = read(arn)
    role = gather.find_role(named.account, named.name)
    if role is not None:
        return named.account, role.assume_role_policy_document
    if named.name == ORGANIZATION_ROLE:
        return named.account, _management_may_enter(named.account)
    return named.account, None


def _management_may_enter(account_id: str) -> str:
    """The role that is in every account lets in the organization's first one; without one, the cloud's own."""
    organization = organization_of(account_id)
    first = runtime.current().config.account_id
    root = f"arn:{PARTITION}:iam::{organization.master_account_id if organization is not None else first}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _bucket(arn: str) -> Found:
    from moto.s3.models import s3_backends

    name = arn.split(":", 5)[5].partition("/")[0]
    _partition, account_id = s3_backends.bucket_accounts.get(name, (PARTITION, ""))
    if not account_id:
        return "", None
    bucket = s3_backends[account_id][PARTITION].buckets.get(name)
    return account_id, _text(bucket.policy) if bucket is not None else None


def _topic(arn: str) -> Found:
    from moto.sns.models import sns_backends

    _arn, _aws, _sns, region, account_id, _name = arn.split(":", 5)
    topic = sns_backends[account_id][region].topics.get(arn) if account_id in sns_backends else None
    return account_id, _text(topic.policy) if topic is not None else None


def _queue(arn: str) -> Found:
    from moto.sqs.models import sqs_backends

    _arn, _aws, _sqs, region, account_id, name = arn.split(":", 5)
    queue = sqs_backends[account_id][region].queues.get(name) if account_id in sqs_backends else None
    return account_id, _text(queue.policy) if queue is not None else None


def _secret(arn: str) -> Found:
    from moto.secretsmanager.models import secretsmanager_backends

    _arn, _aws, _service, region, account_id, _name = arn.split(":", 5)
    if account_id not in secretsmanager_backends:
        return account_id, None
    secrets = list(secretsmanager_backends[account_id][region].secrets.values())
    secret = next((one for one in secrets if one.arn == arn), None)
    return account_id, _text(secret.policy) if secret is not None else None


def _text(policy: Any) -> str | None:
    if not policy:
        return None
    if isinstance(policy, bytes):
        return policy.decode()
    return policy if isinstance(policy, str) else json.dumps(policy)


_LOOKS: dict[str, Callable[[str], Found]] = {
    "kms": _key,
    "sts": _role,
    "s3": _bucket,
    "sns": _topic,
    "sqs": _queue,
    "secretsmanager": _secret,
}
