# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal in AWS's words, wherever it stands in what a build said."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.denied import permission_to_add

WHO = "User: arn:aws:sts::123456789012:assumed-role/web-build/AWSCodeBuild-1 is not authorized to perform:"


@pytest.mark.parametrize(
    ("texts", "statement"),
    [
        (
            [f"{WHO} ssm:GetParameters on resource: arn:aws:ssm:us-east-1:1:parameter/a because no identity-based policy allows"],
            '{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:us-east-1:1:parameter/a"}',
        ),
        ([f"{WHO} ec2:DescribeImages because no"], '{"Effect": "Allow", "Action": "ec2:DescribeImages", "Resource": "*"}'),
        (
            ["x", f"denied: {WHO}", "    kms:Decrypt on resource:", "    arn:aws:kms:us-east-1:1:key/2."],
            '{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-east-1:1:key/2"}',
        ),
    ],
)
def test_the_statement_to_add_is_told(texts: list[str], statement: str) -> None:
    assert permission_to_add(texts) == f"The role web-build lacks a permission: add {statement} to its policy."


def test_other_errors_are_no_refusals() -> None:
    assert permission_to_add(["exit status 201", "you are not authorized"]) is None
