# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Signature Version 4, checked for real.

What is signed is described in AWS's "Create a signed AWS API request"; the functions here are pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = 300
"""Seconds by which a client's clock may differ, as AWS allows."""
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+)\s*,\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})$"
)


class BadSignature(Exception):
    """The request can't be taken as signed by the owner of the key; the text says which rule it breaks."""


class Expired(BadSignature):
    """Signed, but too long ago or in the future."""


class Unsigned(BadSignature):
    """There is no signature."""


@dataclass(frozen=True)
class Authorization:
    """What the Authorization header says, before anything of it is believed."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True)
class SignedRequest:
    """The parts of a request that a signature covers. ``headers`` has lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def parse_authorization(header: str | None) -> Authorization:
    """Read an Authorization header; ``BadSignature`` when it is not one of Signature Version 4."""
    if not header:
        raise Unsigned("the request has no Authorization header")
    match = _AUTHORIZATION.match(header.strip())
    if match is None:
        raise BadSignature(f"the Authorization header is not a complete {ALGORITHM} one")
    parts = match["credential"].rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise BadSignature("the Credential is not KEY/DATE/REGION/SERVICE/aws4_request")
    return Authorization(
        access_key=parts[0],
        date=parts[1],
        region=parts[2],
        service=parts[3],
        signed_headers=tuple(match["headers"].split(";")),
        signature=match["signature"],
    )


def verify(request: SignedRequest, authorization: Authorization, secret: str, now: datetime | None = None) -> None:
    """Raise ``BadSignature`` unless the holder of ``secret`` signed this very request, just now."""
    stamp = request.headers.get("x-amz-date", "")
    _check_time(stamp, authorization.date, now or datetime.now(UTC))
    _check_payload(request)
    for needed in ("host",):
        if needed not in authorization.signed_headers:
            raise BadSignature(f"the header {needed} is not signed")
    canonical = _canonical_request(request, authorization.signed_headers)
    text = "\n".join((ALGORITHM, stamp, authorization.scope, hashlib.sha256(canonical.encode()).hexdigest()))
    expected = hmac.new(_signing_key(secret, authorization), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, authorization.signature):
        raise BadSignature("the signature does not match")


def _check_time(stamp: str, date: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadSignature("the header X-Amz-Date is missing or malformed") from None
    if not stamp.startswith(date):
        raise BadSignature("the date of the Credential is not that of X-Amz-Date")
    if abs((now - signed_at).total_seconds()) > CLOCK_SKEW:
        raise Expired(f"signed at {stamp}, and it is {now:%Y%m%dT%H%M%SZ}")


def _check_payload(request: SignedRequest) -> None:
    told = request.headers.get("x-amz-content-sha256")
    if told and told != UNSIGNED_PAYLOAD and told != hashlib.sha256(request.body).hexdigest():
        raise BadSignature("x-amz-content-sha256 is not the hash of the body")


def _canonical_request(request: SignedRequest, signed_headers: tuple[str, ...]) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed_headers)
    payload = request.headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    return "\n".join(
        (request.method, _canonical_path(request.path), _canonical_query(request.query), headers,
         ";".join(signed_headers), payload)
    )  # fmt: skip


def _canonical_path(path: str) -> str:
    """The path as sent, encoded once more, which every service but S3 wants."""
    return quote(path or "/", safe="/~")


def _canonical_query(query: str) -> str:
    pairs = [(quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True)]
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _signing_key(secret: str, authorization: Authorization) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (authorization.date, authorization.region, authorization.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
