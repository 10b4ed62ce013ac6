# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the cloud, and as whom.

A web page in the user's browser can reach a loopback port too. It can't sign, but it must not get even so far:
requests with an Origin, or for a host that is not the cloud's own (DNS rebinding), are refused before anything else.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from golden_cloud.api.errors import CloudError
from golden_cloud.api.signature import (
    Authorization,
    BadSignature,
    Expired,
    SignedRequest,
    Unsigned,
    verify,
    verify_git,
)
from golden_cloud.ports import Config

PARTITION = "aws"

# Services with a protocol of JSON have other names for the same errors.
_JSON_CODES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "ExpiredToken": "ExpiredTokenException",
}

_S3_CODES = {
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "SignatureDoesNotMatch": "SignatureDoesNotMatch",
    "MissingAuthenticationToken": "AccessDenied",
    "ExpiredToken": "ExpiredToken",
}


@dataclass(frozen=True)
class Identity:
    """Who a verified request comes from."""

    access_key: str
    account_id: str
    arn: str
    user_id: str


@dataclass(frozen=True)
class Key:
    """An access key that can be used."""

    secret: str
    session_token: str | None
    expiration: datetime | None
    identity: Identity


def refuse_web_pages(config: Config, headers: Mapping[str, str]) -> str | None:
    """Why the request must not be answered at all, or None."""
    if "origin" in headers:
        return "requests from web pages (with an Origin header) are refused"
    hosts = {"127.0.0.1", "localhost", config.host, *([config.gateway] if config.gateway else [])}
    host = headers.get("host", "")
    if host not in {f"{own}:{config.port}" for own in hosts}:
        hint = ""
        if any(host.endswith(f".{own}:{config.port}") for own in hosts):
            hint = "; buckets of S3 are in the path here, so use path-style addressing (addressing_style: path)"
        return f"this server is {config.host}:{config.port}, and answers for no other host{hint}"
    return None


def authenticate(key: Key | None, request: SignedRequest, authorization: Authorization) -> Identity:
    """The caller, once the signature proves it; ``CloudError`` otherwise."""
    if key is None:
        raise _error("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    try:
        verify(request, authorization, key.secret)
    except Expired as error:
        raise _error("SignatureDoesNotMatch", f"Signature expired: {error}.", 403) from None
    except BadSignature as error:
        raise signature_error(error) from None
    _check_session(key, authorization.session_token or request.headers.get("x-amz-security-token"))
    return key.identity


def authenticate_git(key: Key | None, path: str, host: str, region: str, token: str | None, password: str) -> Identity:
    """Who pushes or pulls: by a signature, or by the secret key itself, which only this cloud takes."""
    if key is None:
        raise _error("InvalidClientTokenId", "The user name is no access key of this local cloud.", 403)
    if not hmac.compare_digest(password.encode(), key.secret.encode()):
        authorization = Authorization(key.identity.access_key, password[:8], region, "codecommit", ("host",), "")
        try:
            verify_git(path, host, password, authorization, key.secret)
        except BadSignature as error:
            raise signature_error(error) from None
    _check_session(key, token)
    return key.identity


def signature_error(error: BadSignature) -> CloudError:
    """The error for a request whose signature is missing or wrong."""
    if isinstance(error, Unsigned):
        return _error("MissingAuthenticationToken", "Request is missing Authentication Token.", 403)
    return _error("SignatureDoesNotMatch", f"The request signature we calculated does not match: {error}.", 403)


def too_large(service: str, description: str) -> CloudError:
    """The error for a request whose body is above the limit."""
    if service == "s3":
        return CloudError("EntityTooLarge", "The local cloud takes at most 128 MiB in one request.", 400)
    return _error("RequestEntityTooLarge", description, 413)


def in_words_of(service: str, error: CloudError) -> CloudError:
    """The same error under the code that this service uses for it."""
    if service == "ec2" and error.code in {"InvalidClientTokenId", "SignatureDoesNotMatch"}:
        text = f"AWS was not able to validate the provided access credentials ({error.message})"
        return CloudError("AuthFailure", text, 401)
    if service == "ec2" and error.code == "ExpiredToken":
        return CloudError("RequestExpired", "Request has expired.", 400)
    if service == "s3" and error.code in _S3_CODES:
        return CloudError(_S3_CODES[error.code], error.message, 400 if error.code == "ExpiredToken" else 403)
    others = {"", "ec2", "s3", "sts", "iam", "autoscaling", "cloudformation", "sns", "elbv2"}
    if service not in others and error.code in _JSON_CODES:
        return CloudError(_JSON_CODES[error.code], error.message, 400)
    return error


def _error(code: str, message: str, status: int) -> CloudError:
    return CloudError(code, message, status)


def _check_session(key: Key, token: str | None) -> None:
    if key.session_token is None:
        if token:
            raise _error("InvalidClientTokenId", "This access key has no session token.", 403)
        return
    if not hmac.compare_digest(key.session_token.encode(), (token or "").encode()):
        raise _error("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    if key.expiration is not None and key.expiration < datetime.now(UTC):
        raise _error("ExpiredToken", "The security token included in the request is expired.", 403)


def find_key(config: Config, access_key: str) -> Key | None:
    """The key of that id; only for who holds the lock."""
    if access_key == config.access_key:
        arn = f"arn:{PARTITION}:iam::{config.account_id}:user/golden-local"
        identity = Identity(access_key, config.account_id, arn, "AIDA" + "GOLDENLOCAL".ljust(17, "0"))
        return Key(config.secret_key, None, None, identity)
    return _find_session(access_key) or _find_user_key(access_key)


def _find_session(access_key: str) -> Key | None:
    for _account, _region, backend in list(sts_backends.iter_backends()):
        role = backend.get_assumed_role_from_access_key(access_key)
        if role is not None:
            expiration = role.expiration.replace(tzinfo=UTC)
            identity = Identity(access_key, role.account_id, role.arn, role.user_id)
            return Key(role.secret_access_key, role.session_token, expiration, identity)
    return None


def _find_user_key(access_key: str) -> Key | None:
    for account_id, _region, backend in list(iam_backends.iter_backends()):
        for user in list(backend.users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key and key.status == "Active":
                    return Key(key.secret_access_key, None, None, Identity(access_key, account_id, user.arn, user.id))
    return None
