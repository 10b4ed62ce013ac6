# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door: every request is checked here, and only what is signed and known goes on to a service."""

from __future__ import annotations

import json
import re
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as HTTPResponse

from golden_cloud.api import access, catalogue, runtime
from golden_cloud.api.access import Identity
from golden_cloud.api.calls import CallLog
from golden_cloud.api.errors import (
    NOT_RETRIED,
    CloudError,
    NotImplementedHere,
    Response,
    render,
    service_model,
)
from golden_cloud.api.service import IDENTITY, REGION, CloudRequest
from golden_cloud.api.signature import Authorization, BadSignature, SignedRequest, parse_authorization

HEALTH = "/_golden/health"
BODY_LIMIT = 16 * 1024 * 1024
"""Bytes; the largest request of the services here is far below."""

_REQUEST_ID = re.compile(r"(?<=<RequestId>)[^<]*(?=<)|(?<=<RequestID>)[^<]*(?=<)|(?<=<requestId>)[^<]*(?=<)")

_MOTOS_HEADERS = {"status", "server", "x-amzn-requestid"}

# Signing names that are not the names of botocore's models.
_MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}

Dispatch = Callable[[CloudRequest, str, Any], tuple[int, Any, str | bytes]]


@dataclass
class _Call:
    """What is known of a call so far; also its line in the record of calls."""

    service: str = ""
    operation: str = ""
    region: str = ""
    access_key: str = ""
    account: str = ""


class Front:
    """The WSGI application."""

    def __init__(self, cloud: runtime.Cloud, services: dict[str, Dispatch], regions: set[str], calls: CallLog) -> None:
        self._cloud = cloud
        self._services = services
        self._regions = regions
        self._calls = calls

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = _headers(environ)
        refusal = access.refuse_web_pages(self._cloud.config, headers)
        if refusal:
            return HTTPResponse(f"Forbidden: {refusal}\n", 403, mimetype="text/plain")(environ, start_response)
        if environ.get("PATH_INFO") == HEALTH:
            health = json.dumps({"name": self._cloud.config.name})
            return HTTPResponse(health, 200, mimetype="application/json")(environ, start_response)
        status, answer_headers, body = self._answer(environ, headers)
        request_id = str(uuid.uuid4())
        if isinstance(body, str):
            body = _REQUEST_ID.sub(request_id, body)
        answer_headers = {**answer_headers, "x-amzn-RequestId": request_id}
        return HTTPResponse(body, status, answer_headers)(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, headers: dict[str, str]) -> Response:
        call = _Call()
        try:
            answer = self._serve(environ, headers, call)
        except CloudError as error:
            answer = render(call.service, headers, access.in_words_of(call.service, error))
        except Exception as error:
            runtime.LOG.error("%s:%s: %s", call.service, call.operation, traceback.format_exc())
            text = f"A mistake in the local cloud, in {call.service}:{call.operation}: {error!r}; see its log."
            answer = render(call.service, headers, CloudError("InternalError", text, NOT_RETRIED))
        self._calls.write(
            access_key=call.access_key,
            account=call.account,
            region=call.region,
            service=call.service,
            operation=call.operation,
            status=answer[0],
            error=_error_code(answer),
            user_agent=headers.get("user-agent", ""),
        )
        return answer

    def _serve(self, environ: WSGIEnvironment, headers: dict[str, str], call: _Call) -> Response:
        request = CloudRequest(environ)
        request.max_content_length = BODY_LIMIT
        try:
            body = request.get_data(cache=True)
        except HTTPException as error:
            raise CloudError("RequestEntityTooLarge", str(error.description), 413) from None
        authorization, identity = self._authenticate(request, headers, body, call)
        call.account = identity.account_id
        if not call.operation:
            call.operation = _operation_by_path(call.service, request)
        self._refuse_unknown(call)
        environ[IDENTITY] = identity
        environ[REGION] = authorization.region
        with self._cloud.lock:
            status, answer_headers, content = self._services[call.service](request, request.raw_url, request.headers)
            if catalogue.changes_state(call.operation):
                self._cloud.changed.set()
        answer_headers = {k: str(v) for k, v in answer_headers.items() if k.lower() not in _MOTOS_HEADERS}
        return int(status), answer_headers, content

    def _authenticate(
        self, request: CloudRequest, headers: dict[str, str], body: bytes, call: _Call
    ) -> tuple[Authorization, Identity]:
        try:
            authorization = parse_authorization(headers.get("authorization"))
        except BadSignature as error:
            raise access.signature_error(error) from None
        call.service = _MODELS.get(authorization.service, authorization.service)
        call.region, call.access_key = authorization.region, authorization.access_key
        call.operation = _operation(headers, request.query_string, body)
        signed = SignedRequest(request.method, request.raw_path, request.query_string.decode(), headers, body)
        with self._cloud.lock:
            return authorization, access.authenticate(self._cloud.config, signed, authorization)

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


def _operation_by_path(service: str, request: CloudRequest) -> str:
    """For services with a REST protocol: the operation that method and path stand for."""
    try:
        return str(get_service_router(service).match(request)[0].name)
    except Exception:  # not a service of botocore's, or no operation of it
        return f"{request.method} {request.path}" if request.path != "/" else ""


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
