# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a request to S3: taken out of its chunks, and compared with the checksums that come with it."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping

from golden_cloud.api import chunked
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.s3 import checksums
from golden_cloud.api.service import CloudRequest
from golden_cloud.api.signature import CHUNKED

LIMIT = 128 * 1024 * 1024
"""Bytes of one request; larger objects come in parts."""
_PREFIX = "x-amz-checksum-"
_NO_CHECKSUMS = frozenset({"algorithm", "mode", "type"})


def unpacked(request: CloudRequest, body: bytes) -> CloudRequest:
    """The request with its payload as body and the trailer among the headers, as it is without chunks."""
    environ = dict(request.environ)
    payload = body
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256") in CHUNKED:
        try:
            told = chunked.read(body)
        except chunked.MalformedBody as error:
            raise CloudError("IncompleteBody", f"The body is not aws-chunked: {error}.", 400) from None
        payload = told.payload
        if environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH", str(len(payload))) != str(len(payload)):
            raise CloudError("IncompleteBody", "x-amz-decoded-content-length is not the length of the payload.", 400)
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in told.trailer}
        environ["HTTP_X_AMZ_CONTENT_SHA256"] = hashlib.sha256(payload).hexdigest()
        _drop_encoding(environ)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    headers = {name[5:].lower().replace("_", "-"): v for name, v in environ.items() if name.startswith("HTTP_")}
    algorithm = check(headers, payload)
    if algorithm is not None:
        environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = algorithm
    for cached in ("werkzeug.request", "wsgi.input_terminated"):
        environ.pop(cached, None)
    environ |= {"wsgi.input": io.BytesIO(payload), "CONTENT_LENGTH": str(len(payload))}
    made = CloudRequest(environ)
    made.get_data(cache=True)
    return made


def _drop_encoding(environ: dict[str, str]) -> None:
    encodings = [one.strip() for one in environ.pop("HTTP_CONTENT_ENCODING", "").split(",")]
    left = ",".join(one for one in encodings if one and one != "aws-chunked")
    if left:
        environ["HTTP_CONTENT_ENCODING"] = left


def check(headers: Mapping[str, str], payload: bytes) -> str | None:
    """Whether the payload is what its checksums say, or ``CloudError``; the algorithm of the first one."""
    told = headers.get("content-md5")
    md5 = base64.b64encode(hashlib.md5(payload, usedforsecurity=False).digest()).decode()
    if told and told.strip() != md5:
        raise CloudError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400)
    given = {name.removeprefix(_PREFIX): value for name, value in headers.items() if name.startswith(_PREFIX)}
    given = {name.upper(): value for name, value in given.items() if name not in _NO_CHECKSUMS}
    for name, value in given.items():
        if name not in checksums.ALGORITHMS:
            known = ", ".join(checksums.ALGORITHMS)
            raise UnsupportedOption("an upload", f"Checksum{name}", f"there are {known} here")
        if checksums.compute(payload, name).decode() != value.strip():
            raise CloudError("BadDigest", f"The {name} you specified did not match the calculated checksum.", 400)
    return next(iter(given), None)
