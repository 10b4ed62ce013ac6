# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services ask KMS for in the caller's name, with kms:ViaService: who reads what is encrypted needs the key too.

Amazon's own keys let everybody of the account in by way of their service, so nothing is asked of those.
"""

from __future__ import annotations

from typing import Any

from golden_cloud.api import keys
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import Ask, first, parameter
from golden_cloud.api.policies.asked.kms import key_arn

_WRITES = {
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
}
_READS = {"GetObject", "HeadObject"}


def asks(call: Call) -> list[Ask]:
    """What KMS is asked for beside the operation's own."""
    of_service = {"s3": _s3, "ssm": _ssm, "secretsmanager": _secret, "sns": _sns, "sqs": _sqs}.get(call.service)
    return of_service(call) if of_service is not None else []


def _via(call: Call, actions: str, key_id: Any, region: str = "") -> list[Ask]:
    """The actions on a customer's key by way of the service; nothing for Amazon's."""
    if not key_id or str(key_id).startswith((keys.AMAZONS, f"arn:aws:kms:{call.region}:{call.account}:{keys.AMAZONS}")):
        return []
    arn = key_arn(str(key_id), call.account, region or call.region)
    if keys.is_amazons(arn):
        return []
    context = {
        "kms:viaservice": f"{call.service}.{region or call.region}.amazonaws.com",
        "kms:calleraccount": call.account,
    }
    return [Ask(f"kms:{action}", arn, dict(context)) for action in actions.split()]


def _s3(call: Call) -> list[Ask]:
    if call.operation not in _WRITES | _READS:
        return []
    from moto.s3.models import s3_backends

    name, key = first(call, "Bucket") or "", first(call, "Key") or ""
    _partition, account_id = s3_backends.bucket_accounts.get(name, ("aws", call.account))
    bucket = s3_backends[account_id]["aws"].buckets.get(name)
    if bucket is None:
        return []
    if call.operation in _WRITES:
        return _via(call, "GenerateDataKey", first(call, "SSEKMSKeyId") or _default_key(bucket), bucket.region_name)
    found = bucket.keys.get(key)
    return _via(call, "Decrypt", getattr(found, "kms_key_id", None), bucket.region_name)


def _default_key(bucket: Any) -> str | None:
    """The key with which the bucket encrypts what says nothing of it."""
    rule = (bucket.encryption or {}).get("Rule") or {}
    rule = rule[0] if isinstance(rule, list) else rule
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return default.get("KMSMasterKeyID")


def _ssm(call: Call) -> list[Ask]:
    from moto.ssm.models import ssm_backends

    if call.operation == "PutParameter":
        is_secret = first(call, "Type") == "SecureString"
        return _via(call, "Encrypt", first(call, "KeyId")) if is_secret else []
    if call.operation not in ("GetParameter", "GetParameters") or not call.parameters.get("WithDecryption"):
        return []
    backend = ssm_backends[call.account][call.region]
    names = parameter(call, "Name") + parameter(call, "Names")
    found = [backend.get_parameter(name) for name in names if not name.startswith("arn:")]
    keys_used = {one.keyid for one in found if one is not None and one.parameter_type == "SecureString"}
    return [ask for key in sorted(filter(None, keys_used)) for ask in _via(call, "Decrypt", key)]


def _secret(call: Call) -> list[Ask]:
    from moto.secretsmanager.models import secretsmanager_backends

    if call.operation == "CreateSecret":
        return _via(call, "GenerateDataKey Decrypt", first(call, "KmsKeyId"))
    actions = {"GetSecretValue": "Decrypt", "PutSecretValue": "GenerateDataKey Decrypt"}.get(call.operation)
    name = first(call, "SecretId") or ""
    secrets = list(secretsmanager_backends[call.account][call.region].secrets.values())
    found = next((one for one in secrets if name in (one.name, one.arn)), None)
    return _via(call, actions, found.kms_key_id) if actions and found is not None else []


def _sns(call: Call) -> list[Ask]:
    from moto.sns.models import sns_backends

    if call.operation not in ("Publish", "PublishBatch"):
        return []
    topic = sns_backends[call.account][call.region].topics.get(first(call, "TopicArn") or "")
    return _via(call, "GenerateDataKey Decrypt", topic.kms_master_key_id) if topic is not None else []


def _sqs(call: Call) -> list[Ask]:
    from moto.sqs.models import sqs_backends

    actions = {
        "SendMessage": "GenerateDataKey Decrypt",
        "SendMessageBatch": "GenerateDataKey Decrypt",
        "ReceiveMessage": "Decrypt",
    }.get(call.operation)
    name = (first(call, "QueueUrl") or "").rpartition("/")[2]
    queue = sqs_backends[call.account][call.region].queues.get(name)
    return _via(call, actions, getattr(queue, "kms_master_key_id", None)) if actions and queue is not None else []
