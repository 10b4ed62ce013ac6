# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first ``up`` settles for the whole life of a local cloud, and the files AWS clients read."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from golden_cloud.place import Place

PROFILE = "golden-local"
DEFAULT_PORT = 4580
IAM = "iam.json"
"""File in the state directory that says whether IAM's policies are enforced."""
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class Settings:
    """Port, keys and network of one cloud."""

    port: int
    subnet: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"
    account_id: str = "123456789012"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def new_keys() -> tuple[str, str]:
    """A random access key and secret, in AWS's form."""
    return "AKIA" + "".join(secrets.choice(_BASE32) for _unused in range(16)), secrets.token_urlsafe(30)


def load(place: Place) -> Settings | None:
    """The settings, None before the first ``up``."""
    try:
        return Settings(**json.loads(place.settings_file.read_text()))
    except FileNotFoundError:
        return None


def save(place: Place, settings: Settings) -> None:
    """Write the settings and the AWS files that say the same."""
    write_private(place.settings_file, json.dumps(asdict(settings), indent=1) + "\n")
    write_private(
        place.credentials_file,
        f"[{PROFILE}]\naws_access_key_id = {settings.access_key}\naws_secret_access_key = {settings.secret_key}\n",
    )
    write_private(
        place.config_file,
        f"[profile {PROFILE}]\nregion = {settings.region}\nendpoint_url = {settings.endpoint}\noutput = json\n",
    )


def with_port(settings: Settings, port: int) -> Settings:
    return replace(settings, port=port)


def enforces_iam(state: Path) -> bool:
    """Whether IAM's policies are enforced, as it was told last; at first they are not."""
    try:
        return bool(json.loads((state / IAM).read_text())["enforce"])
    except FileNotFoundError:
        return False


def save_enforces_iam(state: Path, enforce: bool) -> None:
    write_private(state / IAM, json.dumps({"enforce": enforce}) + "\n")


def write_private(file: Path, text: str) -> None:
    """Replace *file* at once; only its owner, who owns the directory too, may read it."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    owner = file.parent.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(file)


def environment(place: Place, settings: Settings, caller: Mapping[str, str]) -> dict[str, str | None]:
    """Environment with which any AWS client meets the local cloud and nothing else; None means: unset.

    *caller* is the environment that it is meant for: an endpoint of one service (``AWS_ENDPOINT_URL_EC2``), whose
    names are without number, wins over the endpoint of all.
    """
    of_services = sorted(name for name in caller if name.startswith("AWS_ENDPOINT_URL_"))
    return {
        **dict.fromkeys(of_services),
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": settings.access_key,
        "AWS_SECRET_ACCESS_KEY": settings.secret_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_CONFIG_FILE": str(place.config_file),
        "AWS_SHARED_CREDENTIALS_FILE": str(place.credentials_file),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_SESSION_TOKEN": None,
        "AWS_SECURITY_TOKEN": None,
        "AWS_ROLE_ARN": None,
        "AWS_ROLE_SESSION_NAME": None,
        "AWS_WEB_IDENTITY_TOKEN_FILE": None,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": None,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": None,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": None,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": None,
    }
