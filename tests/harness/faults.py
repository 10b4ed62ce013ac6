# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a local cloud shall do wrong, by its control API, which always has the keys that the cloud made for itself."""

from __future__ import annotations

import base64
import collections.abc as c
import contextlib
import json
import secrets
import typing as t
import urllib.error
import urllib.request

from harness.cloud import Cloud


def control(cloud: Cloud, method: str, path: str, document: object = None) -> dict[str, t.Any]:
    """The JSON that the control API answers; a refusal is a ``ValueError`` with its text."""
    known = settings(cloud)
    request = urllib.request.Request(
        f"http://127.0.0.1:{known['port']}/_golden/{path}",
        method=method,
        data=None if document is None else json.dumps(document).encode(),
    )
    pair = base64.b64encode(f"{known['access_key']}:{known['secret_key']}".encode()).decode()
    request.add_header("Authorization", f"Basic {pair}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, t.Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        raise ValueError(f"{method} /_golden/{path}: {error.code} {error.read().decode()}") from None


def settings(cloud: Cloud) -> dict[str, t.Any]:
    """What the cloud settled when it came up: port, keys, Region, account."""
    file = cloud.home / "golden.ami" / "local_cloud" / cloud.name / "cloud.json"
    told: dict[str, t.Any] = json.loads(file.read_text())
    return told


class Faults:
    """The faults of one local cloud.

    ``with faults("RunInstances", "error", code="InsufficientInstanceCapacity", times=2) as fault_id: …`` takes the
    fault away at the end.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def add(self, operation: str, action: str, **fields: t.Any) -> str:
        """Add a fault; its id."""
        document = {"operation": operation, "action": action, **fields}
        return str(control(self._cloud, "POST", "faults", document)["id"])

    def list(self) -> list[dict[str, t.Any]]:
        """The faults that there are, each with ``hits``."""
        found: list[dict[str, t.Any]] = control(self._cloud, "GET", "faults")["faults"]
        return found

    def hits(self, fault_id: str) -> int:
        """How many calls the fault was applied to."""
        return int(next(fault["hits"] for fault in self.list() if fault["id"] == fault_id))

    def remove(self, fault_id: str) -> None:
        control(self._cloud, "DELETE", f"faults/{fault_id}")

    def clear(self) -> None:
        """Take all faults away."""
        control(self._cloud, "DELETE", "faults")

    @contextlib.contextmanager
    def __call__(self, operation: str, action: str, **fields: t.Any) -> c.Iterator[str]:
        fault_id = self.add(operation, action, **fields)
        try:
            yield fault_id
        finally:
            with contextlib.suppress(ValueError):  # the test has removed it already
                self.remove(fault_id)


@contextlib.contextmanager
def faults(cloud: Cloud, operation: str, action: str, **fields: t.Any) -> c.Iterator[str]:
    """One fault for the length of a block; its id."""
    with Faults(cloud)(operation, action, **fields) as fault_id:
        yield fault_id


@contextlib.contextmanager
def own_key(cloud: Cloud) -> c.Iterator[str]:
    """Give the plays of the cloud an access key of their own, a user's, for the length of a block.

    Only the profile that plays read is changed. The control API, ``cloud:env`` and ``looking`` go on with the
    cloud's own key, so a fault for the new one (``access_key=…``) leaves them alone.
    """
    file = cloud.home / "golden.ami" / "local_cloud" / cloud.name / "credentials"
    before = file.read_text()
    iam = looking(cloud, "iam")
    user = f"build-{secrets.token_hex(3)}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    known = settings(cloud)
    changed = before.replace(known["access_key"], key["AccessKeyId"])
    file.write_text(changed.replace(known["secret_key"], key["SecretAccessKey"]))
    try:
        yield key["AccessKeyId"]
    finally:
        file.write_text(before)
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=user)


def looking(cloud: Cloud, service: str, region: str = "us-east-1") -> t.Any:
    """A client with the cloud's own key, whatever the plays use."""
    import boto3

    known = settings(cloud)
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{known['port']}",
        region_name=region,
        aws_access_key_id=known["access_key"],
        aws_secret_access_key=known["secret_key"],
    )
