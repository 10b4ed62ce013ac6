# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call asks for, by the names of the service's model: the same that boto3 takes, whatever the protocol."""

from __future__ import annotations

import json
from typing import Any

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.routing import get_service_router

from golden_cloud.api.errors import protocol_of, service_model
from golden_cloud.api.service import CloudRequest


def operation_by_path(service: str, request: CloudRequest) -> str:
    """For services with a REST protocol: the operation that method and path stand for."""
    try:
        return str(get_service_router(service).match(request)[0].name)
    except Exception:  # not a service of botocore's, or no operation of it
        return f"{request.method} {request.path}" if request.path != "/" else ""


def parameters_of(service: str, operation: str, request: CloudRequest) -> dict[str, Any]:
    """The parameters, nested; those of a request that does not fit the model as they were sent."""
    model = service_model(service)
    if model is None:
        return {}
    protocol = protocol_of(model, request.content_type or "")
    try:
        if protocol == "json":
            return _json(request.get_data())
        parser = PROTOCOL_PARSERS[protocol](model.operation_model(operation))
        if protocol in ("rest-json", "rest-xml"):
            shape = model.operation_model(operation).input_shape
            payload = shape.serialization.get("payload") if shape is not None else None
            streams = payload is not None and bool(shape.members[payload].serialization.get("streaming"))
            parsed = dict(parser.parse(_by_path(service, request, with_body=not streams)))
            return {name: value for name, value in parsed.items() if not (streams and name == payload)}
        return dict(parser.parse({"values": request.values}))
    except (KeyError, ValueError, TypeError):
        # The service says what is wrong with it.
        sent: dict[str, Any] = request.values.to_dict()
        return sent


def _by_path(service: str, request: CloudRequest, *, with_body: bool) -> dict[str, Any]:
    """A request of a protocol that has parameters in the path; without the content of an object, which is none."""
    _operation, in_path = get_service_router(service).match(request)
    return {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.get_data() if with_body else b"",
        "url_path": request.path,
        "url_params": in_path,
    }


def _json(body: bytes) -> dict[str, Any]:
    document = json.loads(body or b"{}")
    return document if isinstance(document, dict) else {}
