# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the registry: who has a token of this cloud gets to the repositories of its account and Region.

The registry itself listens on a socket in a directory of the cloud's own, so that nobody comes past this door.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import Repository, ecr_backends
from werkzeug.wrappers import Response as HTTPResponse

from golden_cloud.api import access, permitted, runtime
from golden_cloud.api.ecr import asked, tokens
from golden_cloud.api.ecr.asked import Asked
from golden_cloud.api.ecr.backend import store_of
from golden_cloud.api.ecr.tokens import Bearer
from golden_cloud.api.errors import CloudError
from golden_cloud.api.record import masking
from golden_cloud.api.record.calls import CallLog, CallRecord
from golden_cloud.ports import MachineError

BLOCK = 256 * 1024
PATIENCE = 120
"""Seconds that the registry may take for a part of an answer."""
_TEXT_LIMIT = 4 * 1024 * 1024
_PASSED_ON = ("accept", "content-type", "content-range", "range", "user-agent", "if-none-match")
_GIVEN_BACK = {
    "content-type", "content-length", "content-range", "accept-ranges", "range", "etag", "cache-control",
    "docker-content-digest", "docker-upload-uuid", "docker-distribution-api-version", "location", "link",
}  # fmt: skip
_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


class Denied(Exception):
    """An answer that the registry is not asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Connection(http.client.HTTPConnection):
    """HTTP over the registry's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class RegistryServer:
    """The WSGI application below ``/v2/``."""

    def __init__(self, cloud: runtime.Cloud, calls: CallLog) -> None:
        self._cloud = cloud
        self._calls = calls

    @staticmethod
    def takes(path: str, headers: dict[str, str]) -> bool:
        return asked.takes(path, headers)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, headers: dict[str, str]
    ) -> Iterable[bytes]:
        request = asked.read(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        bearer = None
        try:
            bearer = self._bearer(headers)
            return self._answer(environ, start_response, headers, bearer, request)
        except Denied as error:
            answer, code = _denied(error, environ), error.code
        except MachineError as error:
            answer, code = _denied(Denied(503, "UNAVAILABLE", str(error)), environ), "ServiceUnavailable"
        except (OSError, http.client.HTTPException) as error:
            runtime.LOG.exception("%s of the registry", environ["PATH_INFO"])
            answer = _denied(Denied(503, "UNAVAILABLE", f"the registry does not answer: {error!r}"), environ)
            code = "ServiceUnavailable"
        self._record(bearer, request, headers, answer.status_code, code)
        _drain(environ, headers)
        return answer(environ, start_response)

    def _bearer(self, headers: dict[str, str]) -> Bearer:
        """Whom the token belongs to, whose key must still be one: a user's can be deleted before."""
        try:
            bearer = tokens.of_header(self._cloud.config.secret_key, headers, time.time())
        except tokens.BadToken as error:
            raise Denied(401, "UNAUTHORIZED", str(error)) from None
        with self._cloud.lock:
            if access.find_key(self._cloud.config, bearer.access_key) is None:
                raise Denied(401, "UNAUTHORIZED", "the access key that asked for the token is gone")
        return bearer

    def _answer(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        headers: dict[str, str],
        bearer: Bearer,
        request: Asked | None,
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"].rstrip("/") == asked.PREFIX.rstrip("/"):
            self._cloud.registry.ready()
            return HTTPResponse("{}", 200, _VERSION, mimetype="application/json")(environ, start_response)
        if request is None:
            raise Denied(404, "UNSUPPORTED", f"ECR has no {environ['PATH_INFO']}")
        if not request.action:
            text = f"ECR does not do {environ['REQUEST_METHOD']} {request.rest}: images are deleted by BatchDeleteImage"
            raise Denied(405, "UNSUPPORTED", text)
        repository = self._permitted(bearer, request)
        if request.action == "PutImage":
            _refuse_known_tag(repository, request.reference)
        prefix = f"{bearer.account_id}/{bearer.region}/"
        path = quote(f"{asked.PREFIX}{prefix}{request.name}/{request.rest}", safe="/:")
        query = asked.query(environ.get("QUERY_STRING", ""))
        connection = _Connection(self._cloud.registry.ready())
        try:
            response = _forward(connection, environ, headers, f"{path}?{query}" if query else path)
        except BaseException:
            connection.close()
            raise
        status = response.status
        if request.told or status >= 400:
            code = None if status < 400 else http.client.responses.get(status, str(status))
            self._record(bearer, request, headers, status, code)
        told = _headers_back(response, prefix, environ.get("HTTP_HOST", ""))
        kind = response.getheader("Content-Type", "")
        if environ["REQUEST_METHOD"] != "HEAD" and (status >= 400 or request.action == "ListImages") and "json" in kind:
            # They name the repository as the registry knows it.
            body = response.read(_TEXT_LIMIT).replace(prefix.encode(), b"")
            connection.close()
            told["Content-Length"] = str(len(body))
            start_response(f"{status} {response.reason}", list(told.items()))
            return [body]
        start_response(f"{status} {response.reason}", list(told.items()))
        return _Body(connection, response)

    def _permitted(self, bearer: Bearer, request: Asked) -> Repository:
        """The repository, when who has the token may do that there; on AWS it is not made by a push either."""
        with self._cloud.lock:
            if self._cloud.closing:
                raise Denied(503, "UNAVAILABLE", "The local cloud is ending.")
            try:
                repository: Repository = ecr_backends[bearer.account_id][bearer.region].find(request.name)
            except RepositoryNotFoundException as error:
                raise Denied(404, "NAME_UNKNOWN", error.message) from None
        try:
            permitted.require(bearer.arn, f"ecr:{request.action}", repository.arn)
        except CloudError as error:
            raise Denied(403, "DENIED", error.message) from None
        return repository

    def _record(
        self, bearer: Bearer | None, request: Asked | None, headers: dict[str, str], status: int, code: str | None
    ) -> None:
        action = (request.action if request else "") or "GetAuthorization"
        about = {"repositoryName": request.name, "reference": request.reference} if request else {}
        self._calls.write(
            CallRecord(
                access_key=bearer.access_key if bearer else "",
                account=bearer.account_id if bearer else "",
                region=bearer.region if bearer else "",
                service="ecr",
                operation=action,
                status=status,
                error=code,
                user_agent=headers.get("user-agent", "")[: masking.LONGEST_STRING],
                principal=bearer.arn if bearer else None,
                parameters=masking.parameters(action, about),
                result=masking.result(None),
                request_id=str(uuid.uuid4()),
                fault=None,
                attempt=None,
            )
        )


def _refuse_known_tag(repository: Repository, reference: str) -> None:
    """A tag of an immutable repository is given once."""
    if repository.is_tag_immutable() and reference in store_of(repository).tags():
        text = f"The image tag '{reference}' already exists in the '{repository.name}' repository"
        raise Denied(400, "TAG_INVALID", f"{text} and cannot be overwritten because the tag is immutable.")


def _denied(error: Denied, environ: WSGIEnvironment) -> HTTPResponse:
    more = dict(_VERSION)
    if error.status == 401:
        more["WWW-Authenticate"] = f'Basic realm="http://{environ.get("HTTP_HOST", "")}/",service="ecr.amazonaws.com"'
    document = {"errors": [{"code": error.code, "message": str(error)}]}
    return HTTPResponse(json.dumps(document) + "\n", error.status, more, mimetype="application/json")


def _drain(environ: WSGIEnvironment, headers: dict[str, str]) -> None:
    """Take a small body that nobody wants: closed before it, the connection would take the answer along."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) <= _TEXT_LIMIT:
        environ["wsgi.input"].read(int(length))


def _forward(
    connection: _Connection, environ: WSGIEnvironment, headers: dict[str, str], target: str
) -> http.client.HTTPResponse:
    """Ask the registry what was asked here."""
    passed = {name: headers[name] for name in _PASSED_ON if headers.get(name)}
    body: Iterator[bytes] | None = None
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    length = headers.get("content-length") or ("" if chunked else "0")
    if chunked:
        passed["Transfer-Encoding"] = "chunked"
        body = _blocks(environ["wsgi.input"], None)
    elif length != "0":
        passed["Content-Length"] = length
        body = _blocks(environ["wsgi.input"], int(length))
    elif environ["REQUEST_METHOD"] in ("POST", "PUT", "PATCH"):
        passed["Content-Length"] = "0"
    connection.request(environ["REQUEST_METHOD"], target, body, passed, encode_chunked=chunked)
    return connection.getresponse()


def _blocks(stream: IO[bytes], length: int | None) -> Iterator[bytes]:
    """What the client sends, as it comes, and never more than it said."""
    while length is None or length > 0:
        block = stream.read(BLOCK if length is None else min(BLOCK, length))
        if not block:
            if length:
                raise ConnectionError("the client has sent less than it said")
            return
        length = None if length is None else length - len(block)
        yield block


def _headers_back(response: http.client.HTTPResponse, prefix: str, host: str) -> dict[str, str]:
    """The headers of an answer, which name the repository as the client knows it."""
    told = {name: value for name, value in response.getheaders() if name.lower() in _GIVEN_BACK}
    for name in list(told):
        if name.lower() in ("location", "link"):
            value = told[name].replace(f"{asked.PREFIX}{prefix}", asked.PREFIX, 1)
            told[name] = f"http://{host}{value}" if value.startswith("/") else value
    return told


class _Body:
    """What the registry answers, as it comes; the connection ends with the answer."""

    def __init__(self, connection: _Connection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        while block := self._response.read(BLOCK):
            yield block

    def close(self) -> None:
        self._connection.close()
