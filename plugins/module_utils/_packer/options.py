# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import os
import typing as t

from .._ami.base import BaseImage
from .environment import AwsAccess
from .errors import PackerError
from .requirements import Requirements, read_requirements

Module = t.Any

ARGUMENT_SPEC: dict[str, t.Any] = {
    "template": {"type": "path", "required": True},
    "source_ami": {
        "type": "dict",
        "options": {
            "id": {"type": "str"},
            "ssm_parameter": {"type": "str"},
            "owners": {"type": "list", "elements": "str"},
            "name": {"type": "str"},
            "architecture": {"type": "str"},
            "image": {"type": "str"},
            "channel": {"type": "str"},
        },
        "mutually_exclusive": [("id", "ssm_parameter", "name", "image")],
        "required_one_of": [("id", "ssm_parameter", "name", "image")],
        "required_together": [("owners", "name")],
        "required_by": {"channel": ["image"]},
    },
    "variables": {"type": "dict", "default": {}},
    "local_variables": {"type": "dict", "default": {}},
    "secret_variables": {"type": "dict", "default": {}, "no_log": True},
    "var_files": {"type": "list", "elements": "path", "default": []},
    "only": {"type": "list", "elements": "str", "default": []},
    "except": {"type": "list", "elements": "str", "default": []},
    "init": {"type": "bool", "default": True},
    "chdir": {"type": "path"},
    "environment": {"type": "dict", "default": {}},
    "timeout": {"type": "int"},
    "packer_executable": {"type": "path", "default": "packer"},
    "packer_plugin_path": {"type": "path"},
}

BUILD_ARGUMENT_SPEC: dict[str, t.Any] = {
    **ARGUMENT_SPEC,
    "name": {"type": "str", "required": True},
    "content": {"type": "dict", "default": {}},
    "requirements": {"type": "path"},
    "placements": {"type": "list", "elements": "dict", "default": []},
    "force": {"type": "bool", "default": False},
    "max_age": {"type": "int"},
    "version": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
    "record": {"type": "bool", "default": True},
    "on_error": {
        "type": "str",
        "choices": ["cleanup", "keep", "run-cleanup-provisioner"],
        "default": "cleanup",
    },
    "parallel_builds": {"type": "int"},
    "lock_timeout": {"type": "int", "default": 3600},
    "log_path": {"type": "path"},
}


@dataclasses.dataclass(frozen=True)
class PackerOptions:
    """The options that both modules share, read once."""

    template: str
    source_ami: BaseImage | None
    variables: dict[str, t.Any]
    local_variables: dict[str, t.Any]
    secret_variables: dict[str, t.Any]
    var_files: tuple[str, ...]
    only: tuple[str, ...]
    excluded: tuple[str, ...]
    init: bool
    chdir: str
    environment: dict[str, str]
    timeout: float | None
    executable: str
    plugin_path: str | None
    access: AwsAccess

    @property
    def variable_names(self) -> list[str]:
        """The variables that the user gives a template."""
        return [*self.variables, *self.local_variables, *self.secret_variables]

    @property
    def origins(self) -> dict[str, str]:
        """By which option each variable of the user's comes."""
        return {
            **dict.fromkeys(self.variables, "'variables' or golden_variables"),
            **dict.fromkeys(self.local_variables, "'local_variables'"),
            **dict.fromkeys(self.secret_variables, "'secret_variables'"),
        }

    @property
    def region(self) -> str:
        if not self.access.region:
            raise PackerError("Which Region? Set the option region, AWS_REGION, or a region in the AWS profile.")
        return self.access.region


@dataclasses.dataclass(frozen=True)
class BuildOptions(PackerOptions):
    """What C(packer_build) knows beyond that."""

    name: str
    content: dict[str, tuple[str, ...]]
    requirements: Requirements | None
    placements: tuple[dict[str, t.Any], ...]
    force: bool
    max_age: float | None
    version: str | None
    tags: dict[str, str]
    record: bool
    on_error: str
    parallel_builds: int | None
    lock_timeout: float
    log_path: str | None

    @property
    def origins(self) -> dict[str, str]:
        placed = {name for placement in self.placements for name in placement}
        return {**dict.fromkeys(placed, "'placements'"), **super().origins}


def _base(given: dict[str, t.Any] | None, child: str | None) -> BaseImage | None:
    if not given:
        return None
    same = ("ssm_parameter", "name", "architecture", "image", "channel")
    owners = tuple(given["owners"] or ())
    return BaseImage(image_id=given["id"], owners=owners, child=child, **{key: given[key] for key in same})


def _absolute(paths: list[str]) -> tuple[str, ...]:
    return tuple(os.path.abspath(path) for path in paths)


def _strings(given: dict[str, t.Any]) -> dict[str, str]:
    return {str(name): "" if value is None else str(value) for name, value in given.items()}


def _content(given: dict[str, t.Any]) -> dict[str, tuple[str, ...]]:
    parts: dict[str, tuple[str, ...]] = {}
    for name, paths in given.items():
        listed = [paths] if isinstance(paths, str) else paths
        if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
            raise PackerError(f"content.{name} must be a list of paths, got {paths!r}.")
        parts[str(name)] = _absolute([os.path.expanduser(path) for path in listed])
    return parts


def aws_access(module: Module) -> AwsAccess:
    """The module's own way to AWS; with an endpoint the keys are resolved here, for Packer to use just those."""
    params = module.params
    keys = {name: params.get(name) or None for name in ("access_key", "secret_key", "session_token")}
    if params.get("endpoint_url") and not keys["access_key"]:
        keys = _resolved_keys(params.get("profile"))
    return AwsAccess(
        region=module.region,
        endpoint_url=params.get("endpoint_url"),
        profile=params.get("profile"),
        ca_bundle=params.get("aws_ca_bundle"),
        **keys,
    )


def _resolved_keys(profile: str | None) -> dict[str, str | None]:
    import boto3  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing

    credentials = boto3.session.Session(profile_name=profile or None).get_credentials()
    if not credentials:
        return {}
    frozen = credentials.get_frozen_credentials()
    return {"access_key": frozen.access_key, "secret_key": frozen.secret_key, "session_token": frozen.token}


def _shared(module: Module) -> dict[str, t.Any]:
    params = module.params
    return {
        "template": os.path.abspath(params["template"]),
        "source_ami": _base(params["source_ami"], params.get("name")),
        "variables": params["variables"],
        "local_variables": params["local_variables"],
        "secret_variables": params["secret_variables"],
        "var_files": _absolute(params["var_files"]),
        "only": tuple(params["only"]),
        "excluded": tuple(params["except"]),
        "init": params["init"],
        "chdir": os.path.abspath(params["chdir"] or os.getcwd()),
        "environment": _strings(params["environment"]),
        "timeout": float(params["timeout"]) if params["timeout"] else None,
        "executable": params["packer_executable"],
        "plugin_path": params["packer_plugin_path"] or os.environ.get("PACKER_PLUGIN_PATH"),
        "access": aws_access(module),
    }


def read_options(module: Module) -> PackerOptions:
    return PackerOptions(**_shared(module))


def read_build_options(module: Module) -> BuildOptions:
    params = module.params
    return BuildOptions(
        **_shared(module),
        name=params["name"],
        content=_content(params["content"]),
        requirements=read_requirements(os.path.abspath(params["requirements"])) if params["requirements"] else None,
        placements=tuple(params["placements"]) or ({},),
        force=params["force"],
        max_age=float(params["max_age"]) if params["max_age"] is not None else None,
        version=params["version"],
        tags=_strings(params["tags"]),
        record=params["record"],
        on_error=params["on_error"],
        parallel_builds=params["parallel_builds"],
        lock_timeout=float(params["lock_timeout"]),
        log_path=params["log_path"],
    )
