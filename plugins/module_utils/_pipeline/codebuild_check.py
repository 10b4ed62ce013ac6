# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What CodeBuild would refuse of a project, and what it would take and no build could do: told before the first call.

Each rule gives sentences: the option, its value, and what it has to be.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from .codebuild_calls import CodeBuildError
from .codebuild_check_parts import (
    artifacts_faults,
    cache_faults,
    logs_faults,
    range_faults,
    source_faults,
    unique_faults,
    variables_faults,
)

Options = c.Mapping[str, t.Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}")
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/\S+")
_KEY = re.compile(r"(arn:[^:]+:kms:[^:]+:\d{12}:(key|alias)/.+|alias/.+)")
_FILE_SYSTEM = re.compile(r"[^:/\s]+:/\S*")
_CURATED = "aws/codebuild/"
_MOST = 12
_MOST_TAGS, _LONGEST_KEY, _LONGEST_VALUE = 50, 127, 255


def check_name(name: str, option: str = "name") -> None:
    if not _NAME.fullmatch(name):
        raise CodeBuildError(
            f"{option}: {name} is no name of a CodeBuild project: 2 to 150 letters, digits, - and _, the first a letter or digit."
        )


def check_project(options: Options) -> None:
    """Everything that is wrong, in one message."""
    check_name(options["name"])
    faults = [fault for rule in _RULES for fault in rule(options)]
    if faults:
        raise CodeBuildError(" ".join(faults))


def is_role_arn(role: str) -> bool:
    return bool(_ROLE_ARN.fullmatch(role))


def _numbers(options: Options) -> c.Iterator[str]:
    if len(options["description"] or "") > 255:
        yield f"description: it has {len(options['description'])} characters; at most 255 are allowed."
    yield from range_faults(options, "timeout_in_minutes", 5, 2160)
    yield from range_faults(options, "queued_timeout_in_minutes", 5, 480)
    yield from range_faults(options, "concurrent_build_limit", 1, None)
    yield from range_faults(options, "auto_retry_limit", 0, 10)


def _role(option: str, role: str) -> c.Iterator[str]:
    if not is_role_arn(role) and not _ROLE.fullmatch(role):
        yield f"{option}: {role} is neither the ARN of an IAM role nor the name of one."


def _roles_and_keys(options: Options) -> c.Iterator[str]:
    yield from _role("service_role", options["service_role"])
    key = options["encryption_key"]
    if key and not _KEY.fullmatch(key):
        yield f"encryption_key: {key} is neither the ARN of a KMS key or alias, nor alias/NAME."


def _sources(options: Options) -> c.Iterator[str]:
    yield from source_faults("source", options["source"])
    others = options["secondary_sources"]
    for number, one in enumerate(others):
        yield from source_faults(f"secondary_sources[{number}]", one)
    names = [one["source_identifier"] for one in others]
    yield from unique_faults("secondary_sources", "source_identifier", names, _MOST)
    versions = [one["source_identifier"] for one in options["secondary_source_versions"]]
    yield from unique_faults("secondary_source_versions", "source_identifier", versions, _MOST)
    for name in dict.fromkeys(versions):
        if name not in names:
            known = ", ".join(names) or "none"
            yield f"secondary_source_versions: {name} is no source_identifier of secondary_sources ({known})."


def _artifacts(options: Options) -> c.Iterator[str]:
    yield from artifacts_faults("artifacts", options["artifacts"])
    others = options["secondary_artifacts"]
    for number, one in enumerate(others):
        yield from artifacts_faults(f"secondary_artifacts[{number}]", one)
    names = [one["artifact_identifier"] for one in others]
    yield from unique_faults("secondary_artifacts", "artifact_identifier", names, _MOST)
    source, artifacts = options["source"]["type"], options["artifacts"]["type"]
    if (source == "CODEPIPELINE") != (artifacts == "CODEPIPELINE"):
        yield (
            f"source.type is {source} and artifacts.type {artifacts}: of a build in a pipeline both are CODEPIPELINE, of"
            " another neither."
        )


def _environment(options: Options) -> c.Iterator[str]:
    environment = options["environment"]
    yield from variables_faults("environment.environment_variables", environment["environment_variables"])
    pulls = environment["image_pull_credentials_type"] or "CODEBUILD"
    image = environment["image"]
    if environment["registry_credential"] and pulls != "SERVICE_ROLE":
        yield f"environment.image_pull_credentials_type: {pulls} takes no registry_credential; it has to be SERVICE_ROLE."
    if image.startswith(_CURATED) and pulls != "CODEBUILD":
        yield f"environment.image_pull_credentials_type: {pulls} cannot pull {image}; of CodeBuild's own images it is CODEBUILD."
    kind, compute = environment["type"], environment["compute_type"]
    if ("LAMBDA" in kind) != ("LAMBDA" in compute):
        yield f"environment.compute_type: {compute} does not go with environment.type {kind}."
    if compute in ("ATTRIBUTE_BASED_COMPUTE", "CUSTOM_INSTANCE_TYPE") and not environment["compute_configuration"]:
        yield f"environment.compute_configuration: it is missing, and compute_type {compute} needs it."


_NOT_ON_LAMBDA = (
    "vpc_config",
    "cache",
    "timeout_in_minutes",
    "queued_timeout_in_minutes",
    "file_system_locations",
)


def _lambda(options: Options) -> c.Iterator[str]:
    kind = options["environment"]["type"]
    if "LAMBDA" not in kind:
        return
    given = [name for name in _NOT_ON_LAMBDA if options[name]]
    given += ["environment.privileged_mode"] if options["environment"]["privileged_mode"] else []
    for name in given:
        yield f"{name}: builds of environment.type {kind} do not have it."


def _places(options: Options) -> c.Iterator[str]:
    vpc = options["vpc_config"]
    if vpc:
        for name, most in (("subnets", 16), ("security_group_ids", 5)):
            if not 1 <= len(vpc[name]) <= most:
                yield f"vpc_config.{name}: these are {len(vpc[name])}; 1 to {most} are allowed."
    systems = options["file_system_locations"]
    if systems and not vpc:
        yield "file_system_locations: they need vpc_config, through which builds reach them."
    for number, one in enumerate(systems):
        if not _FILE_SYSTEM.fullmatch(one["location"]):
            yield f"file_system_locations[{number}].location: {one['location']} is not HOST:/DIRECTORY."
    yield from unique_faults("file_system_locations", "identifier", [one["identifier"] for one in systems], None)


def _batch(options: Options) -> c.Iterator[str]:
    batch = options["build_batch_config"]
    if not batch:
        return
    yield from _role("build_batch_config.service_role", batch["service_role"])
    yield from range_faults(batch, "timeout_in_mins", 5, 2160, "build_batch_config.")
    restrictions = batch["restrictions"] or {"maximum_builds_allowed": None}
    yield from range_faults(restrictions, "maximum_builds_allowed", 1, 100, "build_batch_config.restrictions.")


def _tags(options: Options) -> c.Iterator[str]:
    tags = options["tags"] or {}
    if len(tags) > _MOST_TAGS:
        yield f"tags: these are {len(tags)}; a project has at most {_MOST_TAGS}."
    for key, value in tags.items():
        if str(key).lower().startswith("aws:"):
            yield f"tags: {key} begins with aws:, which only AWS itself may use."
        if not 1 <= len(str(key)) <= _LONGEST_KEY:
            yield f"tags: {key} has {len(str(key))} characters; a key has 1 to {_LONGEST_KEY}."
        if isinstance(value, (dict, list)) or value is None:
            yield f"tags: the value of {key} is to be a text, got {value!r}."
        elif len(str(value)) > _LONGEST_VALUE:
            yield f"tags: the value of {key} has {len(str(value))} characters; at most {_LONGEST_VALUE} are allowed."


def _settings(options: Options) -> c.Iterator[str]:
    yield from cache_faults("cache", options["cache"])
    yield from logs_faults("logs_config", options["logs_config"])


_RULES: tuple[c.Callable[[Options], c.Iterator[str]], ...] = (
    _numbers,
    _roles_and_keys,
    _sources,
    _artifacts,
    _environment,
    _lambda,
    _settings,
    _places,
    _batch,
    _tags,
)
