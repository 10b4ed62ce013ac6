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
from urllib.parse import parse_qs, parse_qsl, quote, unquote

from golden_cloud.api import chunked

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = 300
"""Seconds by which a client's clock may differ, as AWS allows."""
GIT_SECONDS = 900
"""For how long a password for git can be used, as AWS allows."""
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
CHUNKED = frozenset({UNSIGNED_CHUNKS, SIGNED_CHUNKS, SIGNED_CHUNKS_WITH_TRAILER})
"""What the header x-amz-content-sha256 says of a body that is aws-chunked; S3's only."""
LONGEST_PRESIGNED = 7 * 24 * 3600
"""Seconds."""
_NOTHING = hashlib.sha256(b"").hexdigest()

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
    expires: int | None = None
    """Seconds that a presigned address can be used for; None for a request that is signed by header."""
    stamp: str | None = None
    """The time at which an address was presigned."""
    session_token: str | None = None
    """That of a presigned address."""

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


def parse_presigned(query: str) -> Authorization | None:
    """What a presigned address says; None for an address that isn't, ``BadSignature`` for one that is none of S3's."""
    given = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if "AWSAccessKeyId" in given and "Signature" in given:
        raise BadSignature(f"the address is presigned with Signature Version 2; use {ALGORITHM} (s3v4 in boto3)")
    if "X-Amz-Signature" not in given and "X-Amz-Algorithm" not in given:
        return None
    try:
        parts = given["X-Amz-Credential"].rsplit("/", 4)
        expires = int(given["X-Amz-Expires"])
        if given["X-Amz-Algorithm"] != ALGORITHM or len(parts) != 5 or parts[4] != "aws4_request":
            raise ValueError(given["X-Amz-Credential"])
        made = Authorization(
            access_key=parts[0],
            date=parts[1],
            region=parts[2],
            service=parts[3],
            signed_headers=tuple(given["X-Amz-SignedHeaders"].split(";")),
            signature=given["X-Amz-Signature"],
            expires=expires,
            stamp=given["X-Amz-Date"],
            session_token=given.get("X-Amz-Security-Token"),
        )
    except (KeyError, ValueError):
        raise BadSignature(f"the address is not completely presigned with {ALGORITHM}") from None
    if made.service != "s3":
        raise BadSignature("addresses of S3 only can be presigned here")
    if not 0 < expires <= LONGEST_PRESIGNED:
        raise BadSignature(f"X-Amz-Expires must be from 1 to {LONGEST_PRESIGNED}")
    return made


def verify(request: SignedRequest, authorization: Authorization, secret: str, now: datetime | None = None) -> None:
    """Raise ``BadSignature`` unless the holder of ``secret`` signed this very request, just now."""
    stamp = authorization.stamp or request.headers.get("x-amz-date", "")
    _check_time(stamp, authorization, now or datetime.now(UTC))
    _check_payload(request, authorization)
    if "host" not in authorization.signed_headers:
        raise BadSignature("the header host is not signed")
    canonical = _canonical_request(request, authorization)
    text = "\n".join((ALGORITHM, stamp, authorization.scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = _signing_key(secret, authorization)
    if not hmac.compare_digest(_sign(key, text).encode(), authorization.signature.encode()):
        raise BadSignature("the signature does not match")
    told = request.headers.get("x-amz-content-sha256")
    if authorization.service == "s3" and told in (SIGNED_CHUNKS, SIGNED_CHUNKS_WITH_TRAILER):
        _check_chunks(request.body, told == SIGNED_CHUNKS_WITH_TRAILER, stamp, authorization, key)


def verify_git(path: str, host: str, password: str, authorization: Authorization, secret: str) -> None:
    """Raise ``BadSignature`` unless the password is the one that AWS's helpers make for git with ``secret``.

    They sign the path of the repository and the host without its port. The date of ``authorization`` is left open, as
    only the password tells it.
    """
    stamp, z, signature = password.partition("Z")
    if not z:
        raise BadSignature("the password is neither the secret key nor a signature")
    _check_time(f"{stamp}Z", authorization, datetime.now(UTC), GIT_SECONDS)
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    text = "\n".join((ALGORITHM, stamp, authorization.scope, hashlib.sha256(canonical.encode()).hexdigest()))
    if not hmac.compare_digest(_sign(_signing_key(secret, authorization), text).encode(), signature.encode()):
        raise BadSignature("the signature does not match")


def _check_time(stamp: str, authorization: Authorization, now: datetime, skew: float = CLOCK_SKEW) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise BadSignature("the header X-Amz-Date is missing or malformed") from None
    if not stamp.startswith(authorization.date):
        raise BadSignature("the date of the Credential is not that of X-Amz-Date")
    age = (now - signed_at).total_seconds()
    if age < -skew or age > (skew if authorization.expires is None else authorization.expires):
        raise Expired(f"signed at {stamp}, and it is {now:%Y%m%dT%H%M%SZ}")


def _check_payload(request: SignedRequest, authorization: Authorization) -> None:
    told = request.headers.get("x-amz-content-sha256")
    if authorization.service == "s3":
        if not told and authorization.expires is None:
            raise BadSignature("the header x-amz-content-sha256 is missing")
        if told in CHUNKED:
            return
    if told and told != UNSIGNED_PAYLOAD and told != hashlib.sha256(request.body).hexdigest():
        raise BadSignature("x-amz-content-sha256 is not the hash of the body")


def _check_chunks(body: bytes, with_trailer: bool, stamp: str, authorization: Authorization, key: bytes) -> None:
    """Each signature covers the one before it, the first one that of the request."""
    try:
        told = chunked.read(body)
    except chunked.MalformedBody as error:
        raise BadSignature(f"the body is not aws-chunked: {error}") from None
    previous = authorization.signature
    for chunk in told.chunks:
        digest = hashlib.sha256(chunk.data).hexdigest()
        text = "\n".join((f"{ALGORITHM}-PAYLOAD", stamp, authorization.scope, previous, _NOTHING, digest))
        expected = _sign(key, text)
        if not hmac.compare_digest(expected, chunk.signature or ""):
            raise BadSignature("the signature of a chunk does not match")
        previous = expected
    if with_trailer:
        lines = "".join(f"{name}:{value}\n" for name, value in told.trailer)
        digest = hashlib.sha256(lines.encode()).hexdigest()
        text = "\n".join((f"{ALGORITHM}-TRAILER", stamp, authorization.scope, previous, digest))
        if not hmac.compare_digest(_sign(key, text), told.trailer_signature or ""):
            raise BadSignature("the signature of the trailer does not match")


def _canonical_request(request: SignedRequest, authorization: Authorization) -> str:
    names = authorization.signed_headers
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    payload = request.headers.get("x-amz-content-sha256")
    if not payload:
        payload = UNSIGNED_PAYLOAD if authorization.expires else hashlib.sha256(request.body).hexdigest()
    path = _path_of_s3(request.path) if authorization.service == "s3" else _canonical_path(request.path)
    return "\n".join((request.method, path, _canonical_query(request.query), headers, ";".join(names), payload))


def _canonical_path(path: str) -> str:
    """The path as sent, encoded once more, which every service but S3 wants."""
    return quote(path or "/", safe="/~")


def _path_of_s3(path: str) -> str:
    """The path encoded once, whatever of it the client encodes."""
    return quote(unquote(path or "/"), safe="/~")


def _canonical_query(query: str) -> str:
    given = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k != "X-Amz-Signature"]
    pairs = [(quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in given]
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _sign(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _signing_key(secret: str, authorization: Authorization) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (authorization.date, authorization.region, authorization.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
