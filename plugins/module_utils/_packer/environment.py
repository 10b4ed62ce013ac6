# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import os
import sys

from .secrets import looks_secret

# Packer reads the values of variables from these.
VARIABLE_PREFIX = "PKR_VAR_"


@dataclasses.dataclass(frozen=True)
class AwsAccess:
    """How the module reaches AWS, for Packer to do the same. The keys are set when there is an endpoint."""

    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    ca_bundle: str | None = None


_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_OLD_NAMES = ("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN", "EC2_ACCESS_KEY", "EC2_SECRET_KEY")


def environment_content(
    caller: c.Mapping[str, str],
    extra: c.Mapping[str, str],
    *,
    variables: c.Collection[str],
    sensitive: c.Collection[str],
    reads: c.Collection[str] = (),
    sensitive_reads: c.Collection[str] = (),
) -> tuple[dict[str, str], list[str]]:
    """What of the environment can go into an image: values by name, and the names of those that are secret.

    That is everything the user gives for it (C(extra)), what is inherited for C(variables), those of a template that
    nothing else sets, and what the template C(reads) by name, for sensitive variables (C(sensitive_reads)) or others.
    What else a caller's environment holds differs everywhere, and is not counted.
    """
    hidden = {*sensitive_reads, *(f"{VARIABLE_PREFIX}{name}" for name in sensitive)}
    inherited = {*reads, *(f"{VARIABLE_PREFIX}{name}" for name in variables)}
    counted = {**{name: value for name, value in caller.items() if name in inherited}, **extra}
    secret = [name for name in counted if looks_secret(name) or name in hidden]
    return {name: value for name, value in counted.items() if name not in secret}, sorted(secret)


def _region(access: AwsAccess) -> dict[str, str]:
    return {"AWS_REGION": access.region, "AWS_DEFAULT_REGION": access.region} if access.region else {}


def _keys(access: AwsAccess) -> dict[str, str]:
    values = (access.access_key, access.secret_key, access.session_token)
    return {name: value for name, value in zip(_KEYS, values, strict=True) if value}


def aws_environment(caller: c.Mapping[str, str], access: AwsAccess) -> dict[str, str]:
    """The caller's environment with the AWS part that fits how the module itself reaches AWS.

    With an endpoint nothing of the caller's AWS settings stays: no key, profile, file or metadata service can lead
    to the real cloud. Without one, the standard chain goes on, and what was given explicitly comes first in it.
    """
    if access.endpoint_url:
        kept = {
            name: value
            for name, value in caller.items()
            if not name.upper().startswith("AWS_") and name not in _OLD_NAMES
        }
        kept.update(
            AWS_ENDPOINT_URL=access.endpoint_url,
            AWS_EC2_METADATA_DISABLED="true",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        )
        kept.update(_keys(access), **_region(access))
    else:
        kept = dict(caller)
        if access.profile or access.access_key:
            for name in (*_KEYS, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
                kept.pop(name, None)
        if access.profile:
            kept["AWS_PROFILE"] = access.profile
        kept.update(_keys(access), **_region(access))
    if access.ca_bundle:
        kept["AWS_CA_BUNDLE"] = access.ca_bundle
    return kept


def with_own_programs(path: str) -> str:
    """The search path with this Python's own directory in front, when it has an ansible-playbook.

    A play started as C(.venv/bin/ansible-playbook) would otherwise provision with another one, or find none.
    """
    own = os.path.dirname(sys.executable)
    if not os.path.exists(os.path.join(own, "ansible-playbook")) or own in path.split(os.pathsep):
        return path
    return os.pathsep.join([own, path]) if path else own


def packer_environment(
    caller: c.Mapping[str, str], access: AwsAccess, *, plugin_path: str | None, extra: c.Mapping[str, str]
) -> dict[str, str]:
    """The whole environment of Packer; C(extra) is the user's and wins."""
    environment = aws_environment(caller, access)
    environment["CHECKPOINT_DISABLE"] = "1"
    environment["PATH"] = with_own_programs(environment.get("PATH", os.defpath))
    # Both would change what Packer prints.
    environment.pop("PACKER_LOG", None)
    environment.pop("PACKER_LOG_PATH", None)
    if plugin_path:
        environment["PACKER_PLUGIN_PATH"] = plugin_path
    environment.update(extra)
    return environment
