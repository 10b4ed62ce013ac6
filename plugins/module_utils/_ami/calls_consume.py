# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that only the consumer of another account's AMIs makes."""

from __future__ import annotations

from .calls import Client, _call

# What EBS needs of a key to encrypt and decrypt the volumes of instances that a service launches.
OPERATIONS = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)


@_call("grant {grantee} the use of the KMS key {key}")
def create_grant(kms: Client, key: str, grantee: str, name: str) -> None:
    """KMS makes one grant for one name and the same request, however often an answer got lost."""
    kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=list(OPERATIONS), Name=name)
