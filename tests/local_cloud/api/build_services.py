# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that builds use, as moto has them, where the local cloud has none of its own yet."""

from __future__ import annotations

from typing import Any

from golden_cloud.api import app, catalogue
from golden_cloud.api.service import CloudResponse
from moto.logs.models import logs_backends
from moto.logs.responses import LogsResponse
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse


class _Logs(CloudResponse, LogsResponse):
    pass


class _Secrets(CloudResponse, SecretsManagerResponse):
    pass


class _S3(CloudResponse, S3Response):
    @classmethod
    def dispatch(cls, request: Any, url: str, headers: Any) -> Any:
        """By the path: a bucket, or a key in it."""
        of_key = "/" in request.path.strip("/")
        return (cls.key_dispatch if of_key else cls.ambiguous_dispatch)(request, url, headers)


def register() -> None:
    """Once in a process; buckets that other tests have left would be somebody else's."""
    s3_backends.bucket_accounts.clear()
    for name, kind, backends, operations in (
        ("logs", _Logs, logs_backends, "GetLogEvents DescribeLogStreams DescribeLogGroups DeleteLogGroup"),
        ("secretsmanager", _Secrets, secretsmanager_backends, "CreateSecret GetSecretValue PutSecretValue"),
        ("s3", _S3, s3_backends, "CreateBucket PutObject GetObject HeadObject ListObjectsV2"),
    ):
        app.SERVICES.setdefault(name, kind.dispatch)
        app.BACKENDS.setdefault(name, backends)
        catalogue.SERVICES.setdefault(name, dict.fromkeys(operations.split()))
