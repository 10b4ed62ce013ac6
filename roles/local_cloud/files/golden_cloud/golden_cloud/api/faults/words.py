# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of faults, in the words and with the HTTP status that the service has for them: SDKs go by both."""

from __future__ import annotations

from golden_cloud.api.errors import CloudError
from golden_cloud.api.faults.fault import Fault

_QUERY = ("sts", "iam", "autoscaling", "cloudformation", "sns", "elbv2")

_STATUS = {
    # EC2's "server error codes". SDKs repeat what comes with 500 and 503, whatever its code.
    "InsufficientAddressCapacity": 500,
    "InsufficientCapacity": 500,
    "InsufficientHostCapacity": 500,
    "InsufficientInstanceCapacity": 500,
    "InsufficientReservedInstanceCapacity": 500,
    "InsufficientVolumeCapacity": 500,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "Unavailable": 503,
    # Who is not allowed to.
    "AccessDenied": 403,
    "Blocked": 403,
    "ExpiredToken": 403,
    "InvalidClientTokenId": 403,
    "OptInRequired": 403,
    "SignatureDoesNotMatch": 403,
    "UnauthorizedOperation": 403,
    "AuthFailure": 401,
}


def status_of(code: str) -> int:
    """The HTTP status with which AWS sends the code; 400 where nothing else is known."""
    return _STATUS.get(code, 400)


def injected(fault: Fault) -> CloudError:
    """The error of a fault with the action error."""
    code = fault.code or "InternalError"
    message = fault.message or f"The fault {fault.id} of this local cloud makes this call fail."
    return CloudError(code, message, fault.status or status_of(code))


def throttled(service: str) -> CloudError:
    """Too many calls."""
    if service == "ec2":
        return CloudError("RequestLimitExceeded", "Request limit exceeded.", 503)
    if service == "s3":
        return CloudError("SlowDown", "Please reduce your request rate.", 503)
    if service in _QUERY:
        return CloudError("Throttling", "Rate exceeded", 400)
    code = "TooManyRequestsException" if service == "organizations" else "ThrottlingException"
    return CloudError(code, "Rate exceeded", 400)


def expired(service: str) -> CloudError:
    """The credentials are no longer valid."""
    if service == "ec2":
        return CloudError("RequestExpired", "Request has expired.", 400)
    if service == "s3":
        return CloudError("ExpiredToken", "The provided token has expired.", 400)
    text = "The security token included in the request is expired"
    if service in _QUERY:
        return CloudError("ExpiredToken", text, 403)
    return CloudError("ExpiredTokenException", text, 400)
