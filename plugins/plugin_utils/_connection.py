# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This plugin util is PRIVATE to the collection. It can have breaking changes at any time.

"""The connection of a plugin that runs on the control side, where a play's environment does not reach.

Where the inventory says that the cloud is the local one, it is that and no other, whatever the caller's environment has.
"""

from __future__ import annotations

import collections.abc as c
import configparser
import os
import pathlib
import re
import typing as t

# As in playbooks/vars/cloud.yml; with a number, the profile of another account of the local cloud.
_PROFILE = "golden-local"
_ENTERS = re.compile(rf"{_PROFILE}-(?P<account>[0-9]{{12}})")
_ROLE = "OrganizationAccountAccessRole"
_PORT = "4580"
_REGION = "us-east-1"
# What would lead somewhere else.
_ELSEWHERE = ("access_key", "secret_key", "session_token", "aws_access_key_id", "aws_secret_access_key")

Variables = c.Mapping[str, t.Any]


class LocalCloudError(Exception):
    """The local cloud can't be used, or something else was asked for where the inventory says that it is to be."""


def ssm_client(plugin: t.Any, variables: Variables, given: Variables) -> tuple[t.Any, str]:
    """A client for SSM, and where that is, for a sentence. C(given) are the options that stand in the call itself."""
    cloud = _variable(plugin, variables, "golden_cloud")
    if cloud == "local":
        return _local_client(plugin, variables, given)
    return plugin.client("ssm", **_config(cloud)), str(plugin.region)


def _config(cloud: t.Any) -> dict[str, t.Any]:
    """An endpoint that somebody once configured for a test must not swallow what is meant for AWS."""
    import botocore.config  # noqa: PLC0415 - the plugin has told by now when it is missing

    ignoring: dict[str, t.Any] = {"ignore_configured_endpoint_urls": True}
    return {"config": botocore.config.Config(**ignoring)} if cloud == "aws" else {}


def _local_client(plugin: t.Any, variables: Variables, given: Variables) -> tuple[t.Any, str]:
    endpoint = f"http://127.0.0.1:{_named(plugin, variables, 'golden_cloud_port', 'GOLDEN_CLOUD_PORT', _PORT)}"
    others = [name for name in _ELSEWHERE if given.get(name)]
    others += ["endpoint_url"] if given.get("endpoint_url") not in (None, "", endpoint) else []
    enters = _ENTERS.fullmatch(str(given.get("profile") or ""))
    others += ["profile"] if not enters and given.get("profile") not in (None, "", _PROFILE) else []
    if others:
        raise LocalCloudError(
            f"The inventory says that the cloud is the local one, at {endpoint}, and {', '.join(others)} would lead elsewhere:"
            " take that out, or use another inventory (-i inventories/aws.yml)."
        )
    name = _named(plugin, variables, "golden_cloud_name", "GOLDEN_CLOUD_NAME", "default")
    region = str(given.get("region") or _variable(plugin, variables, "golden_region") or _REGION)
    keys = _keys(name)
    if enters:
        keys = _entered(enters["account"], isolated_session().create_client, region, endpoint, keys)
    client = isolated_session().create_client("ssm", region_name=region, endpoint_url=endpoint, **keys)
    whose = f", account {enters['account']}" if enters else ""
    return client, f"{region} of the local cloud{whose}"


def _entered(account: str, make: t.Any, region: str, endpoint: str, keys: dict[str, str]) -> dict[str, str]:
    """Keys of another account of the local cloud."""
    sts = make("sts", region_name=region, endpoint_url=endpoint, **keys)
    role = f"arn:aws:iam::{account}:role/{_ROLE}"
    session = sts.assume_role(RoleArn=role, RoleSessionName="golden.ami")["Credentials"]
    return {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def isolated_session() -> t.Any:
    """A session that looks at nothing of the caller's: no profile, no file, no variable of the environment."""
    import botocore.session  # noqa: PLC0415 - the plugin has told by now when it is missing

    blind = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "ca_bundle": (None, None, None, None),
    }
    return botocore.session.Session(session_vars=blind)


def _keys(name: str) -> dict[str, str]:
    """Those of the local cloud of that name, from the file that it keeps them in."""
    state = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local" / "state"
    file = pathlib.Path(state) / "golden.ami" / "local_cloud" / name / "credentials"
    credentials = configparser.ConfigParser()
    if not credentials.read(file) or _PROFILE not in credentials:
        raise LocalCloudError(
            f"The local cloud {name} is not up: there are no keys in {file}. Start it with ./taskw cloud:up, or"
            " ansible-playbook golden.ami.local_cloud."
        )
    section = credentials[_PROFILE]
    return {name: section[name] for name in ("aws_access_key_id", "aws_secret_access_key")}


def _named(plugin: t.Any, variables: Variables, name: str, environment: str, default: str) -> str:
    return str(_variable(plugin, variables, name) or os.environ.get(environment) or default)


def _variable(plugin: t.Any, variables: Variables, name: str) -> t.Any:
    value = variables.get(name)
    templar = getattr(plugin, "_templar", None)
    return value if value is None or templar is None else templar.template(value)
