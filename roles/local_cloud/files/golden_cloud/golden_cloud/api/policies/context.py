# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The condition keys that every request has, and those of who asks and of the resource's tags."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.ssm.models import ssm_backends

from golden_cloud.api.access import PARTITION
from golden_cloud.api.organizations import organization_of
from golden_cloud.api.policies import gather
from golden_cloud.api.policies.patterns import Values
from golden_cloud.api.policies.principal import Principal


def of_principal(who: Principal) -> dict[str, Values]:
    """Who asks."""
    kinds = {"user": "User", "role": "AssumedRole", "root": "Account", "service": "AWSService"}
    # A session is known by its role here, as IAM has it.
    told: dict[str, Values] = {
        "aws:principaltype": kinds[who.kind],
        "aws:principalarn": who.owner,
        "aws:principalisawsservice": "true" if who.kind == "service" else "false",
        "aws:userid": who.user_id or who.account,
        **{f"aws:principaltag/{key.lower()}": value for key, value in who.tags.items()},
    }
    if who.kind == "service":
        told["aws:principalservicename"] = who.arn
        return told
    told["aws:principalaccount"] = who.account
    if who.kind == "user":
        told["aws:username"] = who.name
    organization = organization_of(who.account)
    if organization is not None:
        told["aws:principalorgid"] = str(organization.id)
    return told


def of_request(region: str, user_agent: str, address: str) -> dict[str, Values]:
    """How it is asked. Here the way to the cloud is loopback or its own bridge: it counts as encrypted."""
    return {
        "aws:requestedregion": region,
        "aws:useragent": user_agent,
        "aws:sourceip": address,
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:currenttime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(time.time())),
    }


def of_resource(action: str, resource: str) -> dict[str, Values]:
    """The account and the tags of what there is; under the lock."""
    parts = resource.split(":", 5)
    if len(parts) != 6:
        return {}
    _arn, _partition, service, region, account, name = parts
    told: dict[str, Values] = {"aws:resourceaccount": account} if account else {}
    prefix = action.partition(":")[0].lower()
    for key, value in _tags(service, region, account, name, resource).items():
        told[f"aws:resourcetag/{key.lower()}"] = value
        told[f"{prefix}:resourcetag/{key.lower()}"] = value
    return told


def _tags(service: str, region: str, account: str, name: str, arn: str) -> dict[str, str]:
    if service == "ec2":
        kind, _slash, resource_id = name.partition("/")
        return (
            _tags_of_nobody(region, resource_id)
            if kind in ("image", "snapshot")
            else _ec2(account, region, resource_id)
        )
    if service == "iam":
        return _iam(account, name, arn)
    if service == "kms" and account in kms_backends:
        # KMS has words of its own for a tag's halves.
        tagger = kms_backends[account][region].tagger
        return dict(tagger.get_tag_dict_for_resource(name.rpartition("/")[2]))
    if service == "ssm" and account in ssm_backends:
        tagged = ssm_backends[account][region]._resource_tags.get("Parameter", {})
        own = name.removeprefix("parameter/")
        # A parameter with a path has a slash in front, which its ARN has not.
        return dict(tagged.get(f"/{own}") or tagged.get(own) or {})
    return {}


def _ec2(account: str, region: str, resource_id: str) -> dict[str, str]:
    return dict(ec2_backends[account][region].tags.get(resource_id, {})) if account in ec2_backends else {}


def _tags_of_nobody(region: str, resource_id: str) -> dict[str, str]:
    """Of an image or a snapshot: no account is in its ARN."""
    found = (_ec2(account, region, resource_id) for account in list(ec2_backends))
    return next((tags for tags in found if tags), {})


def _iam(account: str, name: str, arn: str) -> dict[str, str]:
    kind, _slash, last = name.partition("/")
    if kind == "role":
        role = gather.find_role(account, last.rpartition("/")[2])
        return gather.tags(role.tags) if role is not None else {}
    if account not in iam_backends:
        return {}
    policy = iam_backends[account][PARTITION].managed_policies.get(arn)
    return gather.tags(policy.tags) if policy is not None else {}
