# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential helper of git for CodeCommit: the caller's AWS credentials, signed for one repository.

``git -c credential.helper='!python git_credentials.py REGION' -c credential.UseHttpPath=true push URL``

A directory behind REGION, with AWS's files ``config`` and ``credentials``, says whose credentials these are: the state
directory of a local cloud is one. Without it they are those of the environment.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

import botocore.session

_FORM = "%Y%m%dT%H%M%S"
_PROFILE = "golden-local"


def password(secret_key: str, host: str, path: str, region: str, now: datetime.datetime) -> str:
    """What CodeCommit takes for a password: the time, and a signature of version 4 of a request that git never makes."""
    stamp, day = now.strftime(_FORM), now.strftime("%Y%m%d")
    request = f"GIT\n/{path}\n\nhost:{host}\n\nhost\n"
    scope = f"{day}/{region}/codecommit/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "codecommit", "aws4_request"):
        key = _mac(key, part)
    return f"{stamp}Z{_mac(key, text).hex()}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def answer(asked: dict[str, str], region: str, now: datetime.datetime) -> str:
    """The lines that git reads. Raises RuntimeError without credentials."""
    credentials = botocore.session.Session().get_credentials()
    if credentials is None:
        raise RuntimeError("there are no AWS credentials")
    frozen = credentials.get_frozen_credentials()
    if not frozen.secret_key:
        raise RuntimeError("the AWS credentials have no secret key")
    user = f"{frozen.access_key}%{frozen.token}" if frozen.token else frozen.access_key
    # AWS's own helpers leave the port out.
    host = asked["host"].partition(":")[0]
    signed = password(frozen.secret_key, host, asked["path"], region, now)
    return f"username={user}\npassword={signed}\n"


def use(directory: Path, environment: MutableMapping[str, str]) -> None:
    """Take the credentials of a local cloud, whatever others the shell has."""
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment["AWS_CONFIG_FILE"] = str(directory / "config")
    environment["AWS_SHARED_CREDENTIALS_FILE"] = str(directory / "credentials")
    environment["AWS_PROFILE"] = _PROFILE


def main(arguments: list[str]) -> int:
    region, *directory, verb = arguments
    if directory:
        use(Path(directory[0]), os.environ)
    # There is nothing to store, and nothing to erase.
    if verb == "get":
        asked = dict(line.rstrip("\n").split("=", 1) for line in sys.stdin if "=" in line)
        try:
            sys.stdout.write(answer(asked, region, datetime.datetime.now(datetime.UTC)))
        except RuntimeError as error:
            print(f"git_credentials: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
