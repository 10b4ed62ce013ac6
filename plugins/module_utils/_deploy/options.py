# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_deploy is asked, read once into typed values."""

from __future__ import annotations

import base64
import collections.abc as c
import dataclasses
import pathlib
import re
import typing as t
import urllib.parse

from .._ami import gates, promotion
from .._ami.accounts import ARGUMENT_SPEC as PLACES_SPEC
from .._ami.accounts import check_accounts
from .._ami.channels import check_channel
from .errors import DeployError
from .health import Url

# In a URL this stands for the address of the instance that is asked.
ADDRESS = "{address}"

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "channel": {"type": "str", "required": True},
    "version": {"type": "str"},
    "from_channel": {"type": "str"},
    "image_id": {"type": "str"},
    "gates": gates.ARGUMENT_SPEC,
    "expected_channels": {"type": "list", "elements": "str", "default": []},
    **PLACES_SPEC,
    "stage": {
        "type": "dict",
        "apply_defaults": True,
        "options": {"account": {"type": "str"}, "region": {"type": "str"}, "role_name": {"type": "str"}},
    },
    "launch_template": {"type": "str", "required": True},
    "instance": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "instance_type": {"type": "str", "default": "t3.small"},
            "subnet_id": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "instance_profile": {"type": "str"},
            "user_data": {"type": "path"},
        },
    },
    "auto_scaling_group": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "min_healthy_percentage": {"type": "int", "default": 90},
            "instance_warmup": {"type": "int"},
            "checkpoint_percentages": {"type": "list", "elements": "int", "default": []},
            "checkpoint_delay": {"type": "int"},
        },
    },
    "health": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "status_checks": {"type": "bool", "default": True},
            "target_group": {"type": "str"},
            "url": {
                "type": "dict",
                "options": {
                    "url": {"type": "str", "required": True},
                    "status": {"type": "int", "default": 200},
                    "must_say": {"type": "list", "elements": "str", "default": []},
                    "must_not_say": {"type": "list", "elements": "str", "default": []},
                    "headers": {"type": "dict", "default": {}},
                    "validate_certs": {"type": "bool", "default": True},
                },
            },
            "playbook": {"type": "path"},
        },
    },
    "address": {"type": "str", "choices": ["public_ip", "private_ip"], "default": "public_ip"},
    "ssh_username": {"type": "str", "default": "admin"},
    "roles_path": {"type": "list", "elements": "path", "default": []},
    "bake_time": {"type": "int", "default": 0},
    "timeout": {"type": "int", "default": 600},
    "keep_unhealthy": {"type": "bool", "default": False},
    "log_path": {"type": "path"},
}
MUTUALLY_EXCLUSIVE = promotion.MUTUALLY_EXCLUSIVE

_TEMPLATE = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
_TARGET_GROUP = re.compile(r"arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/\S+")
_LONGEST = 86400
# EC2's own limit.
_USER_DATA = 16384
# Of two days, which is what AWS lets a refresh bake, and wait at a checkpoint.
_BAKE = 172800
_WRITE_WAIT = 120


@dataclasses.dataclass(frozen=True)
class Group:
    """How an Auto Scaling group's instances are replaced. None: as the group itself says."""

    name: str
    min_healthy: int
    warmup: int | None
    checkpoints: tuple[int, ...]
    checkpoint_delay: int | None


@dataclasses.dataclass(frozen=True)
class Health:
    """What is asked, in this order."""

    status_checks: bool
    target_group: str | None
    url: Url | None
    playbook: pathlib.Path | None

    @property
    def names(self) -> list[str]:
        asked = {
            "status checks": self.status_checks,
            "target group": self.target_group,
            "URL": self.url,
            "playbook": self.playbook,
        }
        return [name for name, one in asked.items() if one]


@dataclasses.dataclass(frozen=True)
class Options:
    """C(promotion) is what the channel is to name, C(settings) those of a launch template that is made. Times are in seconds."""

    promotion: promotion.Options
    expected_channels: tuple[str, ...]
    account: str | None
    region: str | None
    stage_role: str | None
    template: str
    settings: dict[str, t.Any]
    group: Group | None
    health: Health
    address: str
    ssh_username: str
    roles_path: tuple[str, ...]
    bake: float
    timeout: float
    keep: bool
    log_path: str | None

    @property
    def image(self) -> str:
        return self.promotion.image

    @property
    def channel(self) -> str:
        return self.promotion.channel


def read_options(params: c.Mapping[str, t.Any]) -> Options:
    """The options, once all of them can be meant. Nothing has been called by then. Raises DeployError and AmiError."""
    move = promotion.read_options({**params, "state": "promoted", "timeout": _WRITE_WAIT})
    for channel in params["expected_channels"]:
        check_channel(channel, "expected_channels")
    stage = params["stage"]
    check_accounts([stage["account"]] if stage["account"] else [])
    if not _TEMPLATE.fullmatch(params["launch_template"]):
        raise DeployError(
            f"launch_template: {params['launch_template']!r} can't be the name of one: 3 to 128 letters, digits and ().-/_"
        )
    group = _group(params["auto_scaling_group"])
    health = _health(params["health"], group)
    _check_times(params)
    if group is not None and params["keep_unhealthy"]:
        raise DeployError(
            "keep_unhealthy: instances of a group are the group's, which takes them away: leave it out with auto_scaling_group."
        )
    return Options(
        promotion=move,
        expected_channels=tuple(params["expected_channels"]),
        account=stage["account"],
        region=stage["region"],
        stage_role=stage["role_name"],
        template=params["launch_template"],
        settings=_settings(params["instance"]),
        group=group,
        health=health,
        address=params["address"],
        ssh_username=params["ssh_username"],
        roles_path=tuple(params["roles_path"]),
        bake=float(params["bake_time"]),
        timeout=float(params["timeout"]),
        keep=params["keep_unhealthy"],
        log_path=params["log_path"],
    )


def _check_times(params: c.Mapping[str, t.Any]) -> None:
    if not 1 <= params["timeout"] <= _LONGEST:
        raise DeployError(f"timeout: {params['timeout']} s: say 1 to {_LONGEST}.")
    if not 0 <= params["bake_time"] <= _BAKE:
        raise DeployError(f"bake_time: {params['bake_time']} s: say 0 to {_BAKE}.")


def _group(given: c.Mapping[str, t.Any] | None) -> Group | None:
    if given is None:
        return None
    percentages = given["checkpoint_percentages"]
    if not 0 <= given["min_healthy_percentage"] <= 100:
        raise DeployError("auto_scaling_group.min_healthy_percentage: say 0 to 100.")
    if percentages != sorted(set(percentages)) or any(not 1 <= one <= 100 for one in percentages):
        raise DeployError(
            "auto_scaling_group.checkpoint_percentages: say percentages from 1 to 100, each more than the last."
        )
    if percentages and percentages[-1] != 100:
        raise DeployError(
            "auto_scaling_group.checkpoint_percentages: the last one has to be 100: AWS replaces no more instances than that."
        )
    if given["checkpoint_delay"] is not None and not (percentages and 0 <= given["checkpoint_delay"] <= _BAKE):
        raise DeployError(f"auto_scaling_group.checkpoint_delay: goes with checkpoint_percentages, 0 to {_BAKE} s.")
    return Group(
        given["name"],
        given["min_healthy_percentage"],
        given["instance_warmup"],
        tuple(percentages),
        given["checkpoint_delay"],
    )


def _health(given: c.Mapping[str, t.Any], group: Group | None) -> Health:
    health = Health(
        given["status_checks"], given["target_group"], _url(given["url"], group), _playbook(given["playbook"], group)
    )
    if not health.names:
        raise DeployError(
            "health: nothing is asked, so nothing would be known: name a url, a playbook, or status_checks."
        )
    if health.target_group and not _TARGET_GROUP.fullmatch(health.target_group):
        raise DeployError(
            f"health.target_group: {health.target_group} is not the ARN of one; it looks like"
            " arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web/0123456789abcdef."
        )
    return health


def _url(given: c.Mapping[str, t.Any] | None, group: Group | None) -> Url | None:
    if given is None:
        return None
    url = given["url"]
    check_url(url)
    if group is None and ADDRESS not in url:
        raise DeployError(
            f"health.url.url: {url} does not have {ADDRESS}, which stands for the new instance's address, so something else"
            f" would answer: say http://{ADDRESS}/, for example."
        )
    if any(not word for word in (*given["must_say"], *given["must_not_say"])):
        raise DeployError("health.url: an empty text is in every answer: take it out of must_say and must_not_say.")
    if not 100 <= given["status"] <= 599:
        raise DeployError(f"health.url.status: {given['status']} is no status of HTTP: 100 to 599.")
    headers = {str(name): str(value) for name, value in given["headers"].items()}
    return Url(
        url,
        given["status"],
        tuple(given["must_say"]),
        tuple(given["must_not_say"]),
        headers,
        given["validate_certs"],
    )


def check_url(url: str) -> None:
    """Refuse what cannot be asked."""
    try:
        parts = urllib.parse.urlsplit(url.replace(ADDRESS, "192.0.2.1"))
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or re.search(r"[\s{}]", url.replace(ADDRESS, "")):
        raise DeployError(
            f"health.url.url: {url!r} is no URL that can be asked: say http://{ADDRESS}/ or https://{ADDRESS}:8443/health,"
            " for example. Nothing was changed."
        )


def _playbook(file: str | None, group: Group | None) -> pathlib.Path | None:
    if not file:
        return None
    if group is not None:
        raise DeployError(
            "health.playbook: nobody can log in on the instances of a group with a key of this run: ask a url or a target_group,"
            " or take auto_scaling_group out."
        )
    path = pathlib.Path(file).absolute()
    if not path.is_file():
        raise DeployError(f"health.playbook: there is no {path}. Nothing was changed.")
    return path


def _settings(given: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A launch template's data, but for the AMI."""
    network: dict[str, t.Any] = {}
    groups = list(given["security_group_ids"])
    if given["subnet_id"]:
        # A template takes a subnet with a network interface only, and then the groups as well.
        interface = {"DeviceIndex": 0, "SubnetId": given["subnet_id"], **({"Groups": groups} if groups else {})}
        network["NetworkInterfaces"] = [interface]
    elif groups:
        network["SecurityGroupIds"] = groups
    profile = {"IamInstanceProfile": {"Name": given["instance_profile"]}} if given["instance_profile"] else {}
    return {
        "InstanceType": given["instance_type"],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        **network,
        **profile,
        **_user_data(given["user_data"]),
    }


def _user_data(file: str | None) -> dict[str, str]:
    if not file:
        return {}
    path = pathlib.Path(file).absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DeployError(f"instance.user_data: {path}: {error.strerror}. Nothing was changed.") from error
    if len(content) > _USER_DATA:
        raise DeployError(f"instance.user_data: {path} has {len(content)} bytes; EC2 takes {_USER_DATA}.")
    return {"UserData": base64.b64encode(content).decode()}
