# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service role's credentials, as a build and its container have them: short ones, and new ones in time.

A container asks for them at ``169.254.170.2``, where the SDKs look when ``AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`` is
set. The path can't be guessed, and is good as long as the build runs.
"""

from __future__ import annotations

import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from golden_cloud.api import inside, runtime

PATH = "/v2/credentials/"

_by_path: dict[str, BuildCredentials] = {}


class BuildCredentials:
    """Of one build."""

    def __init__(self, role_arn: str, region: str, build_uuid: str) -> None:
        self.role_arn = role_arn
        self.region = region
        self.session_name = f"AWSCodeBuild-{build_uuid}"
        self.path = PATH + secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._session: inside.Credentials | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        """By service and access key: to make a client takes longer than most calls."""
        _by_path[self.path] = self

    @property
    def principal(self) -> str:
        """Who calls with them."""
        match = inside.ROLE_ARN.fullmatch(self.role_arn)
        account, role = (match["account"], match["name"]) if match else ("", "")
        return f"arn:aws:sts::{account}:assumed-role/{role}/{self.session_name}"

    def current(self) -> inside.Credentials:
        """Never call while holding the cloud's lock."""
        timings = runtime.current().config.timings
        soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=timings.build_credentials_renewal)
        with self._lock:
            if self._session is None or self._session.expiration < soon:
                seconds = max(1, int(timings.build_credentials))
                self._session = inside.assume(self.role_arn, self.session_name, self.region, seconds)
            return self._session

    def client(self, service: str) -> Any:
        session = self.current()
        key = (service, session.access_key_id)
        if key not in self._clients:
            self._clients[key] = inside.client(service, self.region, session)
        return self._clients[key]

    def forget(self) -> None:
        """The build has ended: its path leads nowhere from now on."""
        _by_path.pop(self.path, None)


def answer(path: str) -> bytes | None:
    """What the container gets that asks for this path; None when it is no running build's."""
    known = _by_path.get(path)
    if known is None:
        return None
    session = known.current()
    document = {
        "RoleArn": known.role_arn,
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "Token": session.session_token,
        "Expiration": session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return json.dumps(document).encode()
