# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager: moto's, where AWSCURRENT is what is current, and what is deleted goes when its time is over.

Values are kept in the state as they are; with which key they would be encrypted is kept and told.
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.secretsmanager.exceptions import SecretNotFoundException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from golden_cloud.api import keys
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

CURRENT = "AWSCURRENT"


class CloudSecretsManagerBackend(SecretsManagerBackend):
    """moto's backend of one account and Region."""

    def get_secret_value(self, secret_id: str, version_id: str, version_stage: str) -> dict[str, Any]:
        if secret_id not in self.secrets:
            raise SecretNotFoundException()
        secret = self.secrets[secret_id]
        wanted = version_stage or (None if version_id else CURRENT)
        stages = [version["version_stages"] for version in secret.versions.values()]
        if wanted and not secret.is_deleted() and not any(wanted in one for one in stages):
            text = f"Secrets Manager can't find the specified secret value for staging label: {wanted}"
            raise CloudError("ResourceNotFoundException", text, 400)
        value: dict[str, Any] = super().get_secret_value(secret_id, version_id, wanted or version_stage)
        return value

    def update_secret_version_stage(
        self, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> tuple[str, str]:
        answer: tuple[str, str] = super().update_secret_version_stage(
            secret_id, version_stage, remove_from_version_id, move_to_version_id
        )
        if version_stage == CURRENT and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer

    def _add_secret(self, secret_id: str, *args: Any, **kwargs: Any) -> tuple[FakeSecret, bool]:
        key_id = kwargs.get("kms_key_id")
        if key_id:
            try:
                keys.resolve(key_id, self.account_id, self.region_name)
            except CloudError as error:
                raise CloudError("EncryptionFailure", error.message, 400) from None
        made: tuple[FakeSecret, bool] = super()._add_secret(secret_id, *args, **kwargs)
        return made

    def list_secret_version_ids(self, secret_id: str, include_deprecated: bool = False) -> str:
        if secret_id not in self.secrets:
            raise SecretNotFoundException()
        secret = self.secrets[secret_id]
        versions = [
            {"CreatedDate": one["createdate"], "VersionId": version_id, "VersionStages": one["version_stages"]}
            for version_id, one in secret.versions.items()
            if one["version_stages"] or include_deprecated
        ]
        return json.dumps({"ARN": secret.arn, "Name": secret.name, "Versions": versions})

    def purge(self) -> None:
        """Remove what was deleted so long ago that it can't be restored."""
        for name, secret in list(dict.items(self.secrets)):
            if isinstance(secret, FakeSecret) and secret.deleted_date and secret.deleted_date < time.time():
                dict.pop(self.secrets, name)


class CloudSecretsManagerResponse(CloudResponse, SecretsManagerResponse):
    """Every operation of Secrets Manager that the catalogue lists."""

    def call_action(self) -> Any:
        self.backend.purge()
        return super().call_action()

    def list_secret_version_ids(self) -> str:
        deprecated = bool(self._get_param("IncludeDeprecated"))
        return str(self.backend.list_secret_version_ids(self._get_param("SecretId"), deprecated))
