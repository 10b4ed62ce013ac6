# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS: moto's, with Amazon's own keys as such, and whether a key lets somebody of another account use it."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

from moto.kms.models import Alias, Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from golden_cloud.api import permitted
from golden_cloud.api.access import PARTITION, Identity
from golden_cloud.api.errors import CloudError
from golden_cloud.api.organizations import organization_of
from golden_cloud.api.service import CloudResponse

KEY_ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):key/(?P<id>.+)")
AMAZONS = "alias/aws/"
ACROSS = ("DescribeKey", "CreateGrant", "ListGrants", "RevokeGrant")
"""What AWS lets other accounts do with a key, of what there is here."""
NEEDED = ("DescribeKey", "CreateGrant", "Decrypt")
"""What somebody must be allowed with the key of an image to copy or to launch it."""
OF_DISKS = (*NEEDED, "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
"""What EBS asks for in the name of somebody of the key's own account, as its documentation lists it."""


class CloudKmsBackend(KmsBackend):
    """moto's backend; a key behind an alias of Amazon's is Amazon's."""

    def create_alias(self, target_key_id: str, alias_name: str) -> Alias:
        alias = super().create_alias(target_key_id, alias_name)
        if alias_name.startswith(AMAZONS):
            key = self.keys[self.get_key_id(target_key_id)]
            key.key_manager = "AWS"
            key.policy = _amazons_policy(key, alias_name.removeprefix(AMAZONS))
        return alias


class CloudKMSResponse(CloudResponse, KmsResponse):
    """Every operation of KMS that the catalogue lists."""

    @property
    def kms_backend(self) -> KmsBackend:
        """The account's own; for a key of another one, named by its ARN, that one's, if the key lets the caller in."""
        backend: KmsBackend = super().kms_backend
        operation, arn = str(self._get_action()), str(self._get_param("KeyId") or "")
        match = KEY_ARN.fullmatch(arn)
        if match is None or match["account"] == self.identity.account_id:
            return backend
        key = find_key(arn)
        if (
            operation not in ACROSS
            or match["region"] != self.region
            or key is None
            or not _allowed_itself(key, self.identity, operation)
        ):
            raise CloudError(
                "AccessDeniedException",
                f"User: {self.identity.arn} is not authorized to perform: kms:{operation} on resource: {arn} because "
                "the resource does not exist in this Region, no resource-based policies allow access, or a "
                "resource-based policy explicitly denies access",
            )
        owner: KmsBackend = kms_backends[match["account"]][match["region"]]
        return owner

    def put_key_policy(self) -> str:
        key_id, policy = self._named_key(), self._get_param("Policy")
        if self.kms_backend.describe_key(key_id).key_manager == "AWS":
            raise CloudError("AccessDeniedException", f"The policy of the AWS managed key {key_id} can't be changed")
        try:
            statements = _statements(policy)
        except (ValueError, AttributeError) as error:
            raise CloudError("MalformedPolicyDocumentException", f"The policy can't be read: {error}") from error
        if not all("Principal" in s and "Action" in s and "Resource" in s for s in statements):
            text = "Policy contains a statement with one or more invalid principals, actions or resources."
            raise CloudError("MalformedPolicyDocumentException", text)
        self.kms_backend.put_key_policy(key_id, policy)
        return "{}"

    def get_key_policy(self) -> str:
        policy = self.kms_backend.get_key_policy(self._named_key())
        return json.dumps({"Policy": policy, "PolicyName": "default"})

    def _named_key(self) -> str:
        key_id, name = str(self._get_param("KeyId")), self._get_param("PolicyName") or "default"
        self._validate_cmk_id(key_id)
        if name != "default":
            raise CloudError("NotFoundException", f"No such policy exists: {name}")
        return key_id


def find_key(arn: str | None) -> Key | None:
    """The key, whoever owns it."""
    match = KEY_ARN.fullmatch(arn or "")
    if match is None or match["account"] not in kms_backends:
        return None
    found: Key | None = kms_backends[match["account"]][match["region"]].keys.get(match["id"])
    return found


def resolve(key_id: str, account_id: str, region: str) -> str:
    """The ARN of the key that a request names: in one of four ways this account's, by its ARN another one's."""
    match = KEY_ARN.fullmatch(key_id)
    if match and match["region"] == region and match["account"] != account_id and find_key(key_id) is not None:
        return key_id
    try:
        return str(kms_backends[account_id][region].describe_key(key_id).arn)
    except Exception as error:  # moto has several for a key that is not there
        raise CloudError(
            "InvalidParameterValue", f"The KMS key '{key_id}' can't be used in {region}: {error}"
        ) from error


def is_amazons(arn: str | None) -> bool:
    """Whether nobody else than its account can ever use the key."""
    key = find_key(arn)
    return key is not None and (key.key_manager == "AWS" or any(a.startswith(AMAZONS) for a in key.aliases))


def may_use(arn: str | None, who: Identity, service: str) -> bool:
    """Whether the caller may read with the key what an AWS service has encrypted with it."""
    key = find_key(arn)
    if key is None or not key.enabled:
        return False
    through = f"{service}.{key.region}.amazonaws.com"
    context = {"kms:ViaService": through, "kms:CallerAccount": who.account_id, "kms:GrantIsForAWSResource": "true"}
    if key.account_id == who.account_id:
        # Without an effect unless policies are enforced. Amazon's own keys let everybody of the account in.
        return is_amazons(key.arn) or not any(permitted.decide(who.arn, f"kms:{o}", key.arn, context) for o in OF_DISKS)
    return all(_allowed(key, who, operation, service) for operation in NEEDED)


def _allowed_itself(key: Key, who: Identity, operation: str) -> bool:
    """Whether somebody of another account may call the operation, and not a service for them."""
    return _allowed(key, who, operation, "")


def _allowed(key: Key, who: Identity, operation: str, service: str) -> bool:
    policy = [s for s in _statements(key.policy) if _concerns(s, who, operation, service, key)]
    if any(s.get("Effect") == "Deny" for s in policy):
        return False
    granted = {o for g in key.grants.values() if _is(who, g.grantee_principal) for o in g.operations or []}
    return bool(policy) or operation in granted


def _statements(policy: str) -> list[dict[str, Any]]:
    statements = json.loads(policy).get("Statement", [])
    return list(statements) if isinstance(statements, list) else [statements]


def _concerns(statement: dict[str, Any], who: Identity, operation: str, service: str, key: Key) -> bool:
    actions = _listed(statement.get("Action"))
    if not any(fnmatch.fnmatchcase(f"kms:{operation}".lower(), str(a).lower()) for a in actions):
        return False
    principal = statement.get("Principal")
    principals = _listed(principal.get("AWS")) if isinstance(principal, dict) else _listed(principal)
    if not any(p == "*" or _is(who, p) for p in principals):
        return False
    return _holds(statement.get("Condition") or {}, _context(who, operation, service, key))


def _is(who: Identity, principal: str) -> bool:
    """Whether the principal of a policy or grant means the caller, by account, user, role or session."""
    role = re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", who.arn)
    root = f"arn:{PARTITION}:iam::{who.account_id}:root"
    return principal in {who.account_id, root, who.arn, role}


def _context(who: Identity, operation: str, service: str, key: Key) -> dict[str, str]:
    organization = organization_of(who.account_id)
    context = {
        "kms:calleraccount": who.account_id,
        "aws:principalaccount": who.account_id,
        "aws:principalarn": who.arn,
    }
    if service:
        context["kms:viaservice"] = f"{service}.{key.region}.amazonaws.com"
    if operation == "CreateGrant":
        context["kms:grantisforawsresource"] = str(bool(service)).lower()
    if organization is not None:
        context["aws:principalorgid"] = organization.id
    return context


def _holds(conditions: dict[str, dict[str, Any]], context: dict[str, str]) -> bool:
    """Whether all conditions are met; one that is not known here is not."""
    return all(
        _compare(operator, context.get(name.lower()), [str(v) for v in _listed(wanted)])
        for operator, keys in conditions.items()
        for name, wanted in keys.items()
    )


def _compare(operator: str, value: str | None, wanted: list[str]) -> bool:
    if value is None:
        return False
    if operator in {"StringEquals", "ArnEquals"}:
        return value in wanted
    if operator == "Bool":
        return value in {w.lower() for w in wanted}
    if operator in {"StringLike", "ArnLike"}:
        return any(fnmatch.fnmatchcase(value, w) for w in wanted)
    return False


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _amazons_policy(key: Key, service: str) -> str:
    """As the keys have that Amazon makes: for who is in the account, by way of the service."""
    through = "ec2" if service == "ebs" else service
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"]
    via = {"kms:CallerAccount": key.account_id, "kms:ViaService": f"{through}.{key.region}.amazonaws.com"}
    root = f"arn:{PARTITION}:iam::{key.account_id}:root"
    looks = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": f"auto-{service}-2",
            "Statement": [
                {
                    "Sid": f"Allow access through {service.upper()} for all principals in the account",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [*actions, "kms:DescribeKey"],
                    "Resource": "*",
                    "Condition": {"StringEquals": via},
                },
                {
                    "Sid": "Allow direct access to key metadata to the account",
                    "Effect": "Allow",
                    "Principal": {"AWS": root},
                    "Action": looks,
                    "Resource": "*",
                },
            ],
        }
    )
