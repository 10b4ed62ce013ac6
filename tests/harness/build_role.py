# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role for builds of a local cloud's CodeBuild."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import secrets

from harness.cloud import Cloud

_POLICY = "builds"


def _document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@contextlib.contextmanager
def build_role(cloud: Cloud) -> c.Iterator[str]:
    """The name of a role that CodeBuild may take, and that may write logs; it is gone afterwards."""
    iam = cloud.client("iam")
    name = f"build-{secrets.token_hex(3)}"
    trust = _document(Principal={"Service": "codebuild.amazonaws.com"}, Action="sts:AssumeRole")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "ssm:GetParameters"]
    iam.put_role_policy(RoleName=name, PolicyName=_POLICY, PolicyDocument=_document(Action=actions, Resource="*"))
    try:
        yield name
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName=_POLICY)
        iam.delete_role(RoleName=name)
