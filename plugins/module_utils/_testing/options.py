# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_test is asked, read once into typed values."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import ipaddress
import json
import pathlib
import typing as t

from .._ami import accounts, own_amis
from .._packer.secrets import looks_secret
from .errors import TestError
from .ssh import SESSION
from .suites import ARGUMENT_SPEC as SUITES_SPEC
from .suites import Suite, digest_of, read_suites

ARGUMENT_SPEC: dict[str, t.Any] = {
    **own_amis.ARGUMENT_SPEC,
    **accounts.ARGUMENT_SPEC,
    "suites": SUITES_SPEC,
    "instance_types": {"type": "list", "elements": "str", "default": ["t3.small"]},
    "subnet_ids": {"type": "list", "elements": "str", "default": []},
    "user_data": {"type": "list", "elements": "path", "default": []},
    "ports": {"type": "list", "elements": "int", "default": []},
    "reboot": {"type": "bool", "default": True},
    "playbook": {"type": "path"},
    "roles_path": {"type": "list", "elements": "path", "default": []},
    "timeout": {"type": "int", "default": 600},
    "variables": {"type": "dict", "default": {}},
    "secret_variables": {"type": "dict", "default": {}, "no_log": True},
    "var_files": {"type": "list", "elements": "path", "default": []},
    "results_dir": {"type": "path", "required": True},
    "ssh_username": {"type": "str", "default": "admin"},
    "ssh_interface": {
        "type": "str",
        "choices": ["public_ip", "private_ip", "public_dns", "private_dns", SESSION],
        "default": "public_ip",
    },
    "public_ip": {"type": "bool"},
    "security_group_ids": {"type": "list", "elements": "str", "default": []},
    "allow_from": {"type": "list", "elements": "str", "default": []},
    "instance_profile": {"type": "str"},
    "goss": {"type": "path", "default": "goss"},
    "force": {"type": "bool", "default": False},
    "log_path": {"type": "path"},
}

# EC2's own limit.
_USER_DATA = 16384
_LONGEST = 86400


@dataclasses.dataclass(frozen=True)
class Options:
    """C(variables) are all, C(secrets) those among them that must not be seen. Times are in seconds."""

    image_ids: tuple[str, ...]
    image: str | None
    version: str | None
    suites: tuple[Suite, ...]
    instance_types: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    user_data: tuple[str, ...]
    ports: tuple[int, ...]
    reboot: bool
    playbook: pathlib.Path | None
    roles_path: tuple[str, ...]
    timeout: float
    variables: dict[str, t.Any]
    secrets: tuple[str, ...]
    results: pathlib.Path
    ssh_username: str
    ssh_interface: str
    public_ip: bool | None
    security_group_ids: tuple[str, ...]
    allow_from: tuple[str, ...]
    instance_profile: str | None
    goss: str
    force: bool
    log_path: str | None

    @property
    def anything(self) -> bool:
        """Whether there is something to test."""
        return bool(self.suites or self.playbook)

    @property
    def digest(self) -> str:
        """Of all that decides about what is tested. Secrets count by name only, for a hash of a weak one can be guessed."""
        own = [*self.suites, *([Suite("check-mode", "ansible", self.playbook)] if self.playbook else [])]
        plain = {name: value for name, value in self.variables.items() if name not in self.secrets}
        more = {
            "instance_types": sorted(self.instance_types),
            "subnet_ids": sorted(self.subnet_ids),
            "user_data": sorted(pathlib.Path(file).read_text(encoding="utf-8") for file in self.user_data),
            "ports": sorted(self.ports),
            "reboot": self.reboot,
            "variables": plain,
            "secrets": sorted(self.secrets),
        }
        return digest_of(own, more)


def read_options(params: c.Mapping[str, t.Any], endpoint_url: str | None) -> Options:
    """The options, once all of them can be meant. Raises TestError."""
    own_amis.check_selection(params["image_ids"], params["image"], params["version"])
    _check(params)
    _check_way(params, endpoint_url)
    given = {**_var_files(params["var_files"]), **params["variables"]}
    secrets = {*params["secret_variables"], *(name for name in given if looks_secret(name))}
    return Options(
        image_ids=tuple(params["image_ids"]),
        image=params["image"],
        version=params["version"],
        suites=read_suites(params["suites"]),
        instance_types=tuple(params["instance_types"]),
        subnet_ids=tuple(params["subnet_ids"]),
        user_data=tuple(_user_data(file) for file in params["user_data"]),
        ports=tuple(dict.fromkeys(params["ports"])),
        reboot=params["reboot"],
        playbook=_playbook(params["playbook"]),
        roles_path=tuple(params["roles_path"]),
        timeout=float(params["timeout"]),
        variables={**given, **params["secret_variables"]},
        secrets=tuple(sorted(secrets)),
        results=pathlib.Path(params["results_dir"]).absolute(),
        ssh_username=params["ssh_username"],
        ssh_interface=params["ssh_interface"],
        public_ip=params["public_ip"],
        security_group_ids=tuple(params["security_group_ids"]),
        allow_from=tuple(params["allow_from"]),
        instance_profile=params["instance_profile"] or None,
        goss=params["goss"],
        force=params["force"],
        log_path=params["log_path"],
    )


def _check(params: c.Mapping[str, t.Any]) -> None:
    if not params["instance_types"]:
        raise TestError("instance_types: none is named: name at least one.")
    if not 1 <= params["timeout"] <= _LONGEST:
        raise TestError(f"timeout: {params['timeout']} s: say 1 to {_LONGEST}.")
    wrong = [port for port in params["ports"] if not 1 <= port <= 65535]
    if wrong:
        raise TestError(f"ports: {wrong[0]} is no port: 1 to 65535.")


def _check_way(params: c.Mapping[str, t.Any], endpoint_url: str | None) -> None:
    for one in params["allow_from"]:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise TestError(f"allow_from: {one} is no CIDR ({error}); one looks like 203.0.113.7/32.") from error
    if params["ssh_interface"] == SESSION:
        _check_session(params, endpoint_url)
    elif not params["allow_from"] and not params["security_group_ids"] and params["suites"]:
        raise TestError(
            "allow_from: nobody could reach the instances: say from where SSH comes, as a CIDR, or name security_group_ids"
            " that let it in. Nothing was launched."
        )


def _check_session(params: c.Mapping[str, t.Any], endpoint_url: str | None) -> None:
    if endpoint_url:
        raise TestError(
            f"ssh_interface: {endpoint_url} has no Session Manager (the local cloud answers NotImplemented): use public_ip or"
            " private_ip. Nothing was launched."
        )
    if params["ports"]:
        raise TestError("ports: by way of Session Manager no port can be reached from here: take ports out.")
    if not params["instance_profile"]:
        raise TestError("instance_profile: Session Manager needs one, with AmazonSSMManagedInstanceCore.")


def _var_files(files: c.Sequence[str]) -> dict[str, t.Any]:
    """Variables of JSON files; those of others only Packer can read."""
    found: dict[str, t.Any] = {}
    for file in files:
        if not file.endswith(".json"):
            continue
        try:
            content = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TestError(f"var_files: {file} can't be read: {error}.") from error
        if not isinstance(content, dict):
            raise TestError(f"var_files: {file}: expected a JSON object.")
        found.update(content)
    return found


def _user_data(file: str) -> str:
    path = pathlib.Path(file).absolute()
    try:
        size = len(path.read_bytes())
    except OSError as error:
        raise TestError(f"user_data: {path}: {error.strerror}. Nothing was launched.") from error
    if size > _USER_DATA:
        raise TestError(f"user_data: {path} has {size} bytes; EC2 takes {_USER_DATA}. Nothing was launched.")
    return str(path)


def _playbook(file: str | None) -> pathlib.Path | None:
    if not file:
        return None
    path = pathlib.Path(file).absolute()
    if not path.is_file():
        raise TestError(f"playbook: there is no {path}. Nothing was launched.")
    return path
