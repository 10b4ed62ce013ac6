# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of KMS ask for. A key is its ARN, however the request names it."""

from __future__ import annotations

from moto.kms.models import kms_backends

from golden_cloud.api import keys
from golden_cloud.api.errors import CloudError
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import first
from golden_cloud.api.policies.asked.table import table
from golden_cloud.api.policies.patterns import Values


def key_arn(key_id: str, account_id: str, region: str) -> str:
    """Of the key with this id, ARN or alias; of one that is not there what the id says."""
    try:
        return keys.resolve(key_id, account_id, region)
    except CloudError:
        name = key_id if key_id.startswith(("alias/", "arn:")) else f"key/{key_id or '*'}"
        return name if name.startswith("arn:") else f"arn:aws:kms:{region}:{account_id}:{name}"


def _key(call: Call, key_id: str) -> str:
    return key_arn(key_id, call.account, call.region)


def _behind(call: Call, alias: str) -> str:
    """The key that an alias stands for."""
    backend = kms_backends[call.account][call.region]
    found = next((key.arn for key in list(backend.keys.values()) if alias in key.aliases), None)
    return str(found or "key/*")


TABLE = table(
    "kms",
    """
    * ListKeys ListAliases
    CreateKey +TagResource?Tags
    DescribeKey {KeyId|key}
    EnableKey {KeyId|key}
    DisableKey {KeyId|key}
    ScheduleKeyDeletion {KeyId|key}
    CancelKeyDeletion {KeyId|key}
    CreateAlias {AliasName} {TargetKeyId|key}
    UpdateAlias {AliasName} {TargetKeyId|key}
    DeleteAlias {AliasName} {AliasName|behind}
    GetKeyPolicy {KeyId|key}
    PutKeyPolicy {KeyId|key}
    ListKeyPolicies {KeyId|key}
    GetKeyRotationStatus {KeyId|key}
    EnableKeyRotation {KeyId|key}
    DisableKeyRotation {KeyId|key}
    UpdateKeyDescription {KeyId|key}
    TagResource {KeyId|key}
    UntagResource {KeyId|key}
    ListResourceTags {KeyId|key}
    CreateGrant {KeyId|key}
    ListGrants {KeyId|key}
    RevokeGrant {KeyId|key}
    RetireGrant {KeyId|key}
    Encrypt {KeyId|key}
    Decrypt {KeyId|key}
    GenerateDataKey {KeyId|key}
    GenerateDataKeyWithoutPlaintext {KeyId|key}
    ReEncrypt=ReEncryptFrom {SourceKeyId|key}
    """,
    ways={"key": _key, "behind": _behind},
)


def context(call: Call) -> dict[str, Values]:
    """Condition keys of KMS's own."""
    if call.service != "kms":
        return {}
    told: dict[str, Values] = {"kms:calleraccount": call.account}
    if call.operation == "CreateGrant":
        told["kms:grantisforawsresource"] = "false"
        told["kms:granteeprincipal"] = first(call, "GranteePrincipal") or ""
    return told
