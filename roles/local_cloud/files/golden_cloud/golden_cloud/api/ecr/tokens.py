# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens for the registry: who asked for one, and until when it is good. Nothing is kept of them.

They are signed with the cloud's own secret: no other cloud issues them, and after a reset none is good any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

USER = "AWS"
LIFETIME = 12 * 3600
"""Seconds, as on AWS."""


class BadToken(Exception):
    """Why a token is not taken."""


@dataclass(frozen=True)
class Bearer:
    """Whom a token was issued to."""

    account_id: str
    region: str
    arn: str
    access_key: str
    expires: int
    """Seconds since 1970."""


def _signature(secret: str, payload: bytes) -> bytes:
    key = hmac.new(secret.encode(), b"golden.ami registry token", hashlib.sha256).digest()
    return hmac.new(key, payload, hashlib.sha256).digest()


def issue(secret: str, bearer: Bearer) -> str:
    """The token: its content and its signature."""
    payload = json.dumps(asdict(bearer), separators=(",", ":")).encode()
    return ".".join(base64.urlsafe_b64encode(part).decode() for part in (payload, _signature(secret, payload)))


def read(secret: str, token: str, now: float) -> Bearer:
    """Whom the token was issued to; ``BadToken`` when this cloud did not issue it, or its time is over."""
    try:
        payload, signature = (base64.urlsafe_b64decode(part.encode()) for part in token.split("."))
    except (ValueError, binascii.Error):
        raise BadToken("this is no token of GetAuthorizationToken") from None
    if not hmac.compare_digest(signature, _signature(secret, payload)):
        raise BadToken("this cloud did not issue the token")
    bearer = Bearer(**json.loads(payload))
    if bearer.expires <= now:
        raise BadToken("the token has expired: log in again")
    return bearer


def of_header(secret: str, headers: Mapping[str, str], now: float) -> Bearer:
    """Whom the header Authorization proves."""
    kind, _space, told = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        raise BadToken("a token of GetAuthorizationToken is needed")
    try:
        user, _colon, token = base64.b64decode(told, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise BadToken("the header Authorization can't be read") from None
    if user != USER:
        raise BadToken(f"the user name is always {USER}")
    return read(secret, token, now)
