# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as AWS clients expect them: a code, a message, in the protocol of the service that was asked."""

from __future__ import annotations

import json
import warnings
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

Response = tuple[int, dict[str, str], str | bytes]

# moto warns of each code that no model names, and most of AWS's common errors are in none.
warnings.filterwarnings("ignore", message=".*does not match an error shape.*", category=UserWarning)

NOT_RETRIED = 501
"""The status of what is not implemented: botocore and the SDKs for Go repeat 500, 502, 503 and 504, never 501."""


class CloudError(ServiceException):
    """An error that a client shall see. ``status`` None means the status that the service's model names (or 400)."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(code, message)
        self.status = status


class NotImplementedHere(CloudError):
    """Something of AWS that this cloud does not have; it says so instead of pretending."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"The local cloud does not implement {what}.", NOT_RETRIED)


class UnsupportedOption(CloudError):
    """An option of an operation it has, that it would have to ignore."""

    def __init__(self, operation: str, option: str, reason: str = "") -> None:
        text = f"The local cloud does not implement the option {option} of {operation}"
        super().__init__("UnsupportedOperation", f"{text}: {reason}" if reason else f"{text}; leave it out.", 400)


@lru_cache(maxsize=64)
def service_model(service: str) -> ServiceModel | None:
    """botocore's model of a service, None when botocore does not know the name."""
    try:
        return get_service_model(service)
    except Exception:  # botocore raises UnknownServiceError, DataNotFoundError, or a loader's own
        return None


def render(service: str, headers: dict[str, str], error: CloudError) -> Response:
    """The error in the service's own protocol, or, for a service that is not known, in the one the request speaks."""
    model = service_model(service)
    if model is None:
        return _render_unknown(headers, error)
    protocol = protocol_of(model, headers.get("content-type", ""))
    try:
        serializer = get_serializer_class(str(model.service_name), protocol)
    except KeyError:
        return _render_unknown(headers, error)
    rendered = serializer(operation_model=OperationModel({}, model)).serialize(error)
    status = error.status or rendered["status_code"]
    return int(status), dict(rendered["headers"]), rendered["body"]


def protocol_of(model: ServiceModel, content_type: str) -> str:
    protocol = str(model.protocol)
    supported: Any = model.metadata.get("protocols", [protocol])
    if content_type.startswith("application/x-www-form-urlencoded"):
        return "ec2" if "ec2" in supported else "query"
    if content_type.startswith("application/x-amz-json"):
        return "json"
    return protocol


def _render_unknown(headers: dict[str, str], error: CloudError) -> Response:
    status = error.status or 400
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error></ErrorResponse>"
        )
        return status, {"Content-Type": "text/xml"}, body
    document = json.dumps({"__type": error.code, "message": error.message})
    return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}, document
