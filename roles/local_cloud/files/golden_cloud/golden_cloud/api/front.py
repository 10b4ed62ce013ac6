# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door: every request is checked here, and only what is signed and known goes on to a service."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as HTTPResponse

from golden_cloud.api import access, catalogue, runtime
from golden_cloud.api.access import Identity
from golden_cloud.api.codecommit.http import GitServer
from golden_cloud.api.control import PREFIX, Control
from golden_cloud.api.ecr.http import RegistryServer
from golden_cloud.api.errors import (
    NOT_RETRIED,
    CloudError,
    NotImplementedHere,
    Response,
    render,
    service_model,
)
from golden_cloud.api.faults import words
from golden_cloud.api.faults.book import FaultBook
from golden_cloud.api.faults.choose import Decision
from golden_cloud.api.faults.fault import IMAGE_ACTIONS, Call
from golden_cloud.api.policies.guard import Guard
from golden_cloud.api.record import masking
from golden_cloud.api.record.calls import CallLog, CallRecord
from golden_cloud.api.record.parameters import operation_by_path, parameters_of
from golden_cloud.api.record.results import CUT, result_of
from golden_cloud.api.s3 import payload
from golden_cloud.api.service import IDENTITY, IMAGE_FAULT, REGION, CloudRequest
from golden_cloud.api.signature import (
    Authorization,
    BadSignature,
    SignedRequest,
    parse_authorization,
    parse_presigned,
)

HEALTH = "/_golden/health"
BODY_LIMIT = 16 * 1024 * 1024
"""Bytes; the largest request of the services here is far below, but of S3."""

_REQUEST_ID = re.compile(r"(?<=<RequestId>)[^<]*(?=<)|(?<=<RequestID>)[^<]*(?=<)|(?<=<requestId>)[^<]*(?=<)")

_ATTEMPT = re.compile(r"attempt=(\d{1,4})\b")
"""In the header amz-sdk-request, which the SDKs for Python and Go send."""

_MOTOS_HEADERS = {"status", "server", "x-amzn-requestid"}

# Signing names that are not the names of botocore's models.
_MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}

_CLASSIC = b"Version=2012-06-01"
"""Classic Load Balancers share a signing name with their successors; their API has another version."""

Dispatch = Callable[[CloudRequest, str, Any], tuple[int, Any, str | bytes]]


@dataclass
class _Call:
    """What is known of a call so far; also its line in the record of calls."""

    service: str = ""
    operation: str = ""
    region: str = ""
    access_key: str = ""
    account: str = ""
    principal: str | None = None
    parameters: dict[str, Any] | None = None
    decision: Decision = field(default_factory=Decision)


class Front:
    """The WSGI application."""

    def __init__(
        self,
        cloud: runtime.Cloud,
        services: dict[str, Dispatch],
        regions: set[str],
        calls: CallLog,
        guard: Guard,
    ) -> None:
        self._cloud = cloud
        self._services = services
        self._regions = regions
        self._calls = calls
        self._faults: FaultBook = cloud.faults
        self._guard = guard
        self._control = Control(cloud.config, cloud.faults, calls, guard)
        self._git = GitServer(cloud, regions, calls)
        self._registry = RegistryServer(cloud, calls)
        self._told: set[type[Exception]] = set()
        """Kinds of trouble with the record of calls that the log has."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = _headers(environ)
        refusal = access.refuse_web_pages(self._cloud.config, headers)
        if refusal:
            return HTTPResponse(f"Forbidden: {refusal}\n", 403, mimetype="text/plain")(environ, start_response)
        path = environ.get("PATH_INFO", "")
        if path == HEALTH:
            health = json.dumps({"name": self._cloud.config.name})
            return HTTPResponse(health, 200, mimetype="application/json")(environ, start_response)
        if path.startswith(PREFIX):
            return self._steer(environ, headers)(environ, start_response)
        if self._git.takes(path, environ.get("QUERY_STRING", ""), headers):
            return self._git(environ, start_response)
        if self._registry.takes(path, headers):
            return self._registry(environ, start_response, headers)
        request_id = str(uuid.uuid4())
        call = _Call()
        status, answer_headers, body = self._answer(environ, headers, call)
        if isinstance(body, str):
            body = _REQUEST_ID.sub(request_id, body)
        self._try_to_record(call, headers, request_id, (status, answer_headers, body))
        if call.decision.fault is not None and call.decision.fault.action == "drop_answer":
            drop_connection(environ)
        names = ("x-amz-request-id",) if call.service == "s3" else ("x-amzn-RequestId",)
        answer_headers = {**answer_headers, **dict.fromkeys(names, request_id)}
        answer = HTTPResponse(body, status, answer_headers)
        told = {name.lower(): value for name, value in answer_headers.items()}
        if environ.get("REQUEST_METHOD") == "HEAD" and "content-length" in told:
            # Of what GET would answer; the response has put that of its own, empty body.
            answer.headers["Content-Length"] = told["content-length"]
        return answer(environ, start_response)

    def _steer(self, environ: WSGIEnvironment, headers: dict[str, str]) -> HTTPResponse:
        """The control API's answer."""
        request = CloudRequest(environ)
        request.max_content_length = BODY_LIMIT
        try:
            body = request.get_data()
        except HTTPException as error:
            return HTTPResponse(f"{error.description}\n", 413, mimetype="text/plain")
        query = request.query_string.decode(errors="replace")
        try:
            status, document = self._control.answer(request.method, request.path, query, headers, body)
        except Exception as error:
            runtime.LOG.exception("%s %s", request.method, request.path)
            status, document = 500, {"error": f"{request.method} {request.path} failed: {error!r}; see the cloud's log"}
        more = {"WWW-Authenticate": 'Basic realm="golden.ami local cloud"'} if status == 401 else {}
        return HTTPResponse(json.dumps(document) + "\n", status, more, mimetype="application/json")

    def _answer(self, environ: WSGIEnvironment, headers: dict[str, str], call: _Call) -> Response:
        try:
            return self._serve(environ, headers, call)
        except CloudError as error:
            return render(call.service, headers, access.in_words_of(call.service, error))
        except Exception as error:
            runtime.LOG.error("%s:%s: %s", call.service, call.operation, traceback.format_exc())
            text = f"A mistake in the local cloud, in {call.service}:{call.operation}: {error!r}; see its log."
            return render(call.service, headers, CloudError("InternalError", text, NOT_RETRIED))

    def _try_to_record(self, call: _Call, headers: dict[str, str], request_id: str, answer: Response) -> None:
        """The work is done: trouble with the record is told in the log, once of each kind, and not to clients."""
        try:
            self._record(call, headers, request_id, answer)
        except Exception as error:
            if type(error) not in self._told:
                self._told.add(type(error))
                runtime.LOG.exception("%s:%s is not in the record of calls", call.service, call.operation)

    def _record(self, call: _Call, headers: dict[str, str], request_id: str, answer: Response) -> None:
        status, _headers, body = answer
        attempt = _ATTEMPT.search(headers.get("amz-sdk-request", ""))
        self._calls.write(
            CallRecord(
                access_key=call.access_key,
                account=call.account,
                region=call.region,
                service=call.service,
                operation=call.operation,
                status=status,
                error=_error_code(answer),
                user_agent=headers.get("user-agent", "")[: masking.LONGEST_STRING],
                principal=call.principal,
                parameters=masking.parameters(call.operation, call.parameters),
                result=masking.result(_read(call, status, body)),
                request_id=request_id,
                fault=call.decision.fault.id if call.decision.fault is not None else None,
                attempt=int(attempt[1]) if attempt else None,
            )
        )

    def _serve(self, environ: WSGIEnvironment, headers: dict[str, str], call: _Call) -> Response:
        request = CloudRequest(environ)
        authorization = self._read_authorization(request, headers, call)
        request.max_content_length = payload.LIMIT if call.service == "s3" else BODY_LIMIT
        try:
            body = request.get_data(cache=True)
        except HTTPException as error:
            raise access.too_large(call.service, str(error.description)) from None
        if call.service == "elbv2" and (_CLASSIC in body or _CLASSIC in request.query_string):
            call.service = "elb"
        call.operation = (
            operation_by_path("s3", request)
            if call.service == "s3"
            else _operation(headers, request.query_string, body)
        )
        identity = self._authenticate(request, headers, body, authorization)
        call.account, call.principal = identity.account_id, identity.arn
        if call.service == "s3":
            request = payload.unpacked(request, body)
        if not call.operation:
            call.operation = operation_by_path(call.service, request)
        self._refuse_unknown(call)
        request.environ[IDENTITY] = identity
        request.environ[REGION] = authorization.region
        call.parameters = parameters_of(call.service, call.operation, request)
        asked = Call(
            service=call.service,
            operation=call.operation,
            access_key=call.access_key,
            account=call.account,
            region=call.region,
            user_agent=headers.get("user-agent", ""),
            parameters=call.parameters,
        )
        self._guard.check(identity, asked, environ.get("REMOTE_ADDR", ""))
        call.decision = self._faults.decide(asked)
        self._go_wrong(call, request.environ)
        return self._work(request, call)

    def _go_wrong(self, call: _Call, environ: WSGIEnvironment) -> None:
        """What a fault does before the work: nothing of it holds the lock."""
        fault = call.decision.fault
        if fault is None:
            return
        if call.decision.expired or (fault.action == "expire_credentials" and not fault.after):
            raise words.expired(call.service)
        if fault.action == "error":
            raise words.injected(fault)
        if fault.action == "throttle":
            raise words.throttled(call.service)
        if fault.action == "delay":
            self._faults.wait(fault.id, fault.seconds or 0)
        if fault.action in IMAGE_ACTIONS:
            environ[IMAGE_FAULT] = fault

    def _work(self, request: CloudRequest, call: _Call) -> Response:
        try:
            with self._cloud.lock:
                if self._cloud.closing:
                    # Whom a fault has delayed until now: nobody would see to what it begins.
                    raise CloudError("ServiceUnavailable", "The local cloud is ending.", 503)
                dispatch = self._services[call.service]
                status, answer_headers, content = dispatch(request, request.raw_url, request.headers)
                if catalogue.changes_state(call.operation):
                    self._cloud.touched()
        finally:
            fault = call.decision.fault
            if fault is not None and fault.action == "expire_credentials":
                self._faults.expire(fault.id, call.access_key)
        answer_headers = {k: str(v) for k, v in answer_headers.items() if k.lower() not in _MOTOS_HEADERS}
        return int(status), answer_headers, content

    @staticmethod
    def _read_authorization(request: CloudRequest, headers: dict[str, str], call: _Call) -> Authorization:
        try:
            told = headers.get("authorization")
            presigned = None if told else parse_presigned(request.query_string.decode(errors="replace"))
            authorization = presigned or parse_authorization(told)
        except BadSignature as error:
            raise access.signature_error(error) from None
        call.service = _MODELS.get(authorization.service, authorization.service)
        call.region, call.access_key = authorization.region, authorization.access_key
        return authorization

    def _authenticate(
        self, request: CloudRequest, headers: dict[str, str], body: bytes, authorization: Authorization
    ) -> Identity:
        query = request.query_string.decode(errors="replace")
        signed = SignedRequest(request.method, request.raw_path, query, headers, body)
        with self._cloud.lock:
            key = access.find_key(self._cloud.config, authorization.access_key)
        return access.authenticate(key, signed, authorization)

    def _refuse_unknown(self, call: _Call) -> None:
        if call.service not in self._services:
            raise NotImplementedHere(f"{call.service}:{call.operation or '(unknown operation)'}")
        model = service_model(call.service)
        if model is not None and call.operation not in model.operation_names:
            raise CloudError("InvalidAction", f"The action {call.operation} is not valid for {call.service}.")
        if not catalogue.has(call.service, call.operation):
            raise NotImplementedHere(f"{call.service}:{call.operation}")
        if call.region not in self._regions:
            raise CloudError("InvalidParameterValue", f"'{call.region}' is not a Region of the partition aws.")


def drop_connection(environ: WSGIEnvironment) -> NoReturn:
    """Close the connection without a byte of an answer. The server takes the exception for a client that has left."""
    with contextlib.suppress(OSError):  # The client has left before.
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault drops the answer")


def _read(call: _Call, status: int, body: str | bytes) -> Any:
    """The answer for the record, whose trouble is never the caller's."""
    try:
        return result_of(call.service, call.operation, status, body)
    except Exception:
        runtime.LOG.exception("the answer of %s:%s can't be read for the record", call.service, call.operation)
        return {CUT: "an answer that could not be read; the log of the cloud says why"}


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    found = {k[5:].replace("_", "-").lower(): str(v) for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            found[name.replace("_", "-").lower()] = environ[name]
    return found


def _operation(headers: dict[str, str], query: bytes, body: bytes) -> str:
    target = headers.get("x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1]
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    asked = parse_qs((body if form else query).decode(errors="replace"))
    return asked.get("Action", [""])[0]


def _error_code(answer: Response) -> str | None:
    status, headers, body = answer
    if status < 400:
        return None
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    if "<Code>" in text:
        return text.split("<Code>", 1)[1].split("<", 1)[0]
    try:
        document = json.loads(text)
        return str(document.get("__type") or document.get("code") or "").rsplit("#", 1)[-1]
    except (ValueError, AttributeError):
        return str({k.lower(): v for k, v in headers.items()}.get("x-amzn-errortype", ""))
