# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS and IAM: moto's, where a caller is who signed and a role must exist to be assumed.

IAM's policies are kept and told, not enforced: every caller may do everything in its account.
"""

from __future__ import annotations

import re

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.kms.responses import KmsResponse
from moto.sts.responses import TokenResponse

from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?:.+/)?(?P<name>[\w+=,.@-]+)")
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
"""The role by which AWS Organizations lets the first account into every other one; it is the way into them here."""


class CloudSTSResponse(CloudResponse, TokenResponse):
    """Every operation of STS that the catalogue lists."""

    def get_caller_identity(self) -> ActionResult:
        who = self.identity
        return ActionResult({"UserId": who.user_id, "Account": who.account_id, "Arn": who.arn})

    def assume_role(self) -> ActionResult:
        arn = self._get_param("RoleArn") or ""
        match = ROLE_ARN.fullmatch(arn)
        if match is None:
            raise CloudError("ValidationError", f"{arn} is invalid")
        roles = {role.name: role for role in iam_backends[match["account"]]["aws"].roles.values()}
        role = roles.get(match["name"])
        if role is None and not (match["name"] == ORGANIZATION_ROLE and match["account"] != self.identity.account_id):
            raise CloudError(
                "AccessDenied",
                f"User: {self.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                403,
            )
        duration = self._get_int_param("DurationSeconds", 3600)
        longest = int(role.max_session_duration or 3600) if role is not None else 3600
        if ":assumed-role/" in self.identity.arn:
            longest = 3600
        if not 900 <= duration <= longest:
            raise CloudError("ValidationError", f"DurationSeconds must be from 900 to {longest} here, not {duration}")
        return super().assume_role()


class CloudIAMResponse(CloudResponse, IamResponse):
    """Every operation of IAM that the catalogue lists."""


class CloudKMSResponse(CloudResponse, KmsResponse):
    """Every operation of KMS that the catalogue lists."""
