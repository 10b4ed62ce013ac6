# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log podman or docker in to the registry of an account: ECR's token becomes the password, which no command line shows."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import subprocess
import typing as t
import urllib.parse

from golden_toolkit.parts import ToolkitError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclasses.dataclass(frozen=True)
class Login:
    """What ECR gave: who, with which password, where, and how long it is good."""

    user: str
    password: str = dataclasses.field(repr=False)
    endpoint: str
    until: str

    @property
    def registry(self) -> str:
        """The registry as it stands in the name of an image."""
        return urllib.parse.urlsplit(self.endpoint).netloc or self.endpoint


def read_token(data: t.Mapping[str, t.Any]) -> Login:
    """What an answer of GetAuthorizationToken says."""
    try:
        token = base64.b64decode(data["authorizationToken"], validate=True).decode()
        endpoint = str(data["proxyEndpoint"])
    except (KeyError, binascii.Error, UnicodeDecodeError):
        raise ToolkitError("ECR gave no token that can be read.") from None
    user, colon, password = token.partition(":")
    if not colon or not password:
        raise ToolkitError("ECR gave no token that can be read.")
    return Login(user, password, endpoint, str(data.get("expiresAt") or "an unknown time"))


def login_argv(engine: t.Sequence[str], name: str, login: Login) -> list[str]:
    """The command that takes the password on standard input.

    A registry without TLS is podman's to refuse unless it is told; it is told on loopback only, where nobody listens in.
    docker has the same rule by itself.
    """
    parts = urllib.parse.urlsplit(login.endpoint)
    plain = parts.scheme == "http"
    if plain and parts.hostname not in _LOOPBACK:
        raise ToolkitError(
            f"{login.registry} speaks no TLS and is not on this machine: the password is not sent there."
        )
    told = ["--tls-verify=false"] if plain and name != "docker" else []
    return [*engine, "login", *told, "--username", login.user, "--password-stdin", login.registry]


def ask(region: str | None = None) -> Login:
    """Ask ECR, in the cloud that the environment says."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise ToolkitError(f"ECR gave no token: {error}") from None
    found = answer.get("authorizationData") or [{}]
    return read_token(found[0])


def log_in(engine: t.Sequence[str], name: str, login: Login) -> str:
    """Log in, and say where; ``ToolkitError`` with the words of the registry when it refuses."""
    argv = login_argv(engine, name, login)
    try:
        done = subprocess.run(argv, input=login.password, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolkitError(
            f"{argv[0]} is not on this machine: install it, or name another engine with GOLDEN_TOOLKIT_ENGINE."
        ) from None
    if done.returncode:
        said = (done.stderr or done.stdout).replace(login.password, "(token)").strip()
        raise ToolkitError(f"{login.registry} did not let {name} log in (status {done.returncode}): {said}")
    return f"{name} is logged in to {login.registry} as {login.user} until {login.until}."
