# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a service of this cloud calls another one: through the API, as the role that it was given.

So its calls are signed, recorded, and subject to faults and policies like a client's, as those of AWS's own services
are. Never call while holding the lock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from moto.sts.models import sts_backends

from golden_cloud.api import permitted, runtime
from golden_cloud.api.access import PARTITION

ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?:.+/)?(?P<name>[\w+=,.@-]+)")

_loader = botocore.loaders.create_loader()
"""One for all clients: reading a service's model takes longer than most calls."""


@dataclass(frozen=True)
class Credentials:
    """Keys of a role's session."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime
    """In UTC, without a time zone."""


def assume(
    role_arn: str, session_name: str, region: str, seconds: int = 3600, service: str = "", source_arn: str = ""
) -> Credentials:
    """Credentials as a service gets them that the role's trust policy names; takes the lock.

    ``source_arn`` is what the service works for, which a trust policy may ask for in ``aws:SourceArn`` and
    ``aws:SourceAccount``.

    ``ValueError`` when it is no role's ARN, ``CloudError`` when ``service`` (``codebuild.amazonaws.com``) is told and
    policies are enforced, and the role does not trust it. Whether the role exists is for the caller to have seen to.
    """
    match = ROLE_ARN.fullmatch(role_arn)
    if match is None:
        raise ValueError(f"{role_arn!r} is not the ARN of a role")
    if service:
        context = permitted.on_behalf_of(source_arn) if source_arn else {}
        permitted.require(service, "sts:AssumeRole", role_arn, context)
    with runtime.current().changing():
        made = sts_backends[match["account"]][PARTITION].assume_role(
            region_name=region,
            role_session_name=session_name,
            role_arn=role_arn,
            policy="",
            duration=seconds,
            external_id="",
        )
    return Credentials(made.access_key_id, made.secret_access_key, made.session_token, made.expiration)


def client(service: str, region: str, credentials: Credentials) -> Any:
    """A botocore client of this cloud's own endpoint."""
    core = botocore.session.Session()
    core.register_component("data_loader", _loader)
    return boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        region_name=region,
    ).client(
        service,
        endpoint_url=runtime.current().config.endpoint,
        config=Config(
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            user_agent_extra="golden-cloud/service",
        ),
    )
