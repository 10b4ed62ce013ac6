# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS and IAM: moto's, where a caller is who signed and a role must exist to be assumed.

Whether IAM's policies are enforced too is a setting of the cloud; ``policies`` sees to it before a call gets here.
"""

from __future__ import annotations

import re

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.sts.models import AssumedRole, sts_backends
from moto.sts.responses import TokenResponse

from golden_cloud.api import runtime
from golden_cloud.api.access import PARTITION, Identity
from golden_cloud.api.errors import CloudError
from golden_cloud.api.policies import words
from golden_cloud.api.policies.document import PolicyError, statements
from golden_cloud.api.service import CloudResponse

ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?:.+/)?(?P<name>[\w+=,.@-]+)")
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
"""The role by which AWS Organizations lets the first account into every other one; it is the way into them here."""


SESSION_SECONDS = range(900, 129_600 + 1)
"""How long the credentials of GetSessionToken can last."""


class UserSession(AssumedRole):
    """A user's temporary credentials, kept among those of moto's roles."""

    def __init__(self, who: Identity, region: str, seconds: int) -> None:
        key = iam_backends[who.account_id][PARTITION].create_temp_access_key()
        super().__init__(who.account_id, region, key, "", who.arn, "", seconds, "")
        self._who = who

    @property
    def user_id(self) -> str:
        return self._who.user_id

    @property
    def arn(self) -> str:
        return self._who.arn


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
        policy = self._get_param("Policy")
        if policy:
            try:
                statements(policy, "session policy")
            except PolicyError as error:
                raise CloudError("MalformedPolicyDocument", str(error), 400) from None
        return super().assume_role()

    def decode_authorization_message(self) -> ActionResult:
        return ActionResult({"DecodedMessage": words.decoded(self._get_param("EncodedMessage") or "")})

    def get_session_token(self) -> ActionResult:
        if self.identity.access_key.startswith("ASIA"):
            raise CloudError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        seconds = self._get_int_param("DurationSeconds", 43_200)
        if seconds not in SESSION_SECONDS:
            text = f"from {SESSION_SECONDS[0]} to {SESSION_SECONDS[-1]}"
            raise CloudError("ValidationError", f"DurationSeconds must be {text}, not {seconds}")
        session = UserSession(self.identity, self.region, seconds)
        sts_backends[self.identity.account_id][PARTITION].assumed_roles.append(session)
        # By its name it would be a read.
        runtime.current().touched()
        return ActionResult({"Credentials": session})


class CloudIAMResponse(CloudResponse, IamResponse):
    """Every operation of IAM that the catalogue lists."""
