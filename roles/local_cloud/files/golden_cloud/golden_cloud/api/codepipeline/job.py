# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action at work: its clients, its artifacts, and whether it shall go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.exceptions import ServiceException

from golden_cloud.api import caller, inside, runtime, trust
from golden_cloud.api.codepipeline.model import ActionRun, Artifact, Execution, Revision
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.codepipeline.start import new_key, store_of

SERVICE = "codepipeline.amazonaws.com"
POLL, LONGEST_POLL, SLOWER = 0.3, 2.0, 1.1
"""Seconds between two looks at what an action waits for: few at first, more the longer it takes."""
RENEW = timedelta(minutes=10)
"""How long before their end credentials are replaced."""


class ActionFailed(Exception):
    """The action has failed; ``code`` as CodePipeline names what was wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Interrupted(Exception):
    """The cloud ends, or the action has been abandoned: whatever it was doing is not to be told any more."""


@dataclass
class Outcome:
    """What an action has brought."""

    summary: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None


@dataclass
class Job:
    """An action's work, outside the lock."""

    place: Place
    execution: Execution
    run: ActionRun
    _credentials: inside.Credentials | None = None
    _clients: dict[str, Any] = field(default_factory=dict)
    """Of these credentials."""
    _poll: float = POLL

    @property
    def cloud(self) -> runtime.Cloud:
        return runtime.current()

    def option(self, name: str, default: str = "") -> str:
        return self.run.configuration.get(name, default)

    def check(self) -> None:
        """``Interrupted`` when there is no sense in going on."""
        if self.cloud.closing or not self.run.in_progress:
            raise Interrupted

    def pause(self) -> None:
        time.sleep(self._poll)
        self._poll = min(self._poll * SLOWER, LONGEST_POLL)
        self.check()

    def client(self, service: str, revision: str | None = None) -> Any:
        """A client in the action's Region, as its role."""
        keys = self._keys()
        if service not in self._clients:
            made = inside.client(service, self.run.region, keys)
            self._clients[service] = caller.tell(made, f"{caller.CODEPIPELINE}{self.execution.pipeline}", revision)
        return self._clients[service]

    def _keys(self) -> inside.Credentials:
        if self._credentials is None or self._credentials.expiration - RENEW < datetime.now(UTC).replace(tzinfo=None):
            self._credentials, self._clients = self._assume(), {}
        return self._credentials

    def _assume(self) -> inside.Credentials:
        service_role, session = self.execution.declaration["roleArn"], self.execution.pipeline[:64]
        with self.cloud.lock:
            if not trust.trusts(service_role, SERVICE):
                text = f"CodePipeline is not authorized to perform AssumeRole on role {service_role}"
                raise ActionFailed("PermissionError", text)
        try:
            keys = inside.assume(service_role, session, self.run.region, service=SERVICE, source_arn=self._pipeline_arn)
        except ServiceException as error:
            raise ActionFailed("PermissionError", error.message) from error
        if self.run.role_arn == service_role:
            return keys
        sts = inside.client("sts", self.run.region, keys)
        made = sts.assume_role(RoleArn=self.run.role_arn, RoleSessionName=session)["Credentials"]
        return inside.Credentials(
            made["AccessKeyId"],
            made["SecretAccessKey"],
            made["SessionToken"],
            made["Expiration"].astimezone(UTC).replace(tzinfo=None),
        )

    @property
    def _pipeline_arn(self) -> str:
        return f"arn:aws:codepipeline:{self.place.region}:{self.place.account_id}:{self.execution.pipeline}"

    # Artifacts

    @property
    def store(self) -> dict[str, Any]:
        return store_of(self.execution.declaration, self.run.region)

    @property
    def store_key(self) -> str | None:
        """The key that the store is encrypted with; None for the account's own of S3."""
        key: str | None = (self.store.get("encryptionKey") or {}).get("id")
        return key

    def put(self, artifact: Artifact, content: bytes) -> None:
        encryption = {"ServerSideEncryption": "aws:kms"} | ({"SSEKMSKeyId": self.store_key} if self.store_key else {})
        self.client("s3").put_object(
            Bucket=artifact.bucket, Key=artifact.key, Body=content, ContentType="application/zip", **encryption
        )

    def get(self, artifact: Artifact) -> bytes:
        content: bytes = self.client("s3").get_object(Bucket=artifact.bucket, Key=artifact.key)["Body"].read()
        return content

    def bring_inputs(self) -> None:
        """Artifacts of another Region are copied into this Region's store, as CodePipeline does."""
        for name, artifact in list(self.run.inputs.items()):
            if artifact.bucket != self.store["location"]:
                here = Artifact(self.store["location"], new_key(self.execution, name))
                self.put(here, self.get(artifact))
                with self.cloud.changing():
                    self.run.inputs[name] = here
