# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The options of a build: what it does otherwise than its project says."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .codebuild_calls import CodeBuildError
from .codebuild_check import check_name
from .codebuild_check_parts import (
    artifacts_faults,
    cache_faults,
    logs_faults,
    range_faults,
    unique_faults,
    variables_faults,
)
from .codebuild_names import camel, to_codebuild, with_buildspec
from .codebuild_options import (
    ARTIFACTS_OF_ONE,
    AUTH,
    BOOL,
    BUILD_STATUS,
    CACHE,
    COMPUTE,
    ENVIRONMENT_VARIABLES,
    ENVIRONMENTS,
    FLEET,
    INT,
    LOGS,
    PATH,
    REGISTRY_CREDENTIAL,
    SECONDARY_ARTIFACTS,
    SECONDARY_SOURCE_VERSIONS,
    SECONDARY_SOURCES,
    SOURCES,
    SUBMODULES,
    Spec,
    text,
)

Options = dict[str, t.Any]

OVERRIDES: Spec = {
    "source_version": text(),
    "source_type": text(*SOURCES),
    "source_location": text(),
    "source_auth": AUTH,
    "secondary_sources": SECONDARY_SOURCES,
    "secondary_source_versions": SECONDARY_SOURCE_VERSIONS,
    "git_clone_depth": INT,
    "git_submodules_config": SUBMODULES,
    "insecure_ssl": BOOL,
    "report_build_status": BOOL,
    "build_status_config": BUILD_STATUS,
    "buildspec": text(),
    "buildspec_file": PATH,
    "environment_type": text(*ENVIRONMENTS),
    "image": text(),
    "compute_type": text(*COMPUTE),
    "fleet": FLEET,
    "environment_variables": ENVIRONMENT_VARIABLES,
    "privileged_mode": BOOL,
    "certificate": text(),
    "registry_credential": REGISTRY_CREDENTIAL,
    "image_pull_credentials_type": text("CODEBUILD", "SERVICE_ROLE"),
    "artifacts": ARTIFACTS_OF_ONE,
    "secondary_artifacts": SECONDARY_ARTIFACTS,
    "cache": CACHE,
    "logs_config": LOGS,
    "service_role": text(),
    "encryption_key": {"type": "str", "no_log": False},
    "timeout_in_minutes": INT,
    "queued_timeout_in_minutes": INT,
    "auto_retry_limit": INT,
}
ARGUMENT_SPEC: Spec = {
    "state": {"type": "str", "choices": ["started", "retried", "finished", "stopped"], "default": "started"},
    "project": text(),
    "build_id": text(),
    "overrides": {"type": "dict", "options": OVERRIDES},
    "idempotency_token": {"type": "str", "no_log": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 28800},
    "log_path": PATH,
}
REQUIRED_IF = [
    ("state", "started", ("project",)),
    ("state", "retried", ("build_id",)),
    ("state", "finished", ("build_id",)),
    ("state", "stopped", ("build_id",)),
]
MUTUALLY_EXCLUSIVE = [("project", "build_id")]

# StartBuild calls all but these NAMEOverride.
_NAMES = {
    "source_version": "sourceVersion",
    "secondary_source_versions": "secondarySourcesVersionOverride",
}


def check_options(params: Options) -> None:
    """Everything that is wrong, before the first call."""
    if params["project"]:
        check_name(params["project"], "project")
    faults = [*_faults(params), *(_override_faults(params["overrides"]) if params["overrides"] else ())]
    if faults:
        raise CodeBuildError(" ".join(faults))


def _faults(params: Options) -> c.Iterator[str]:
    build_id = params["build_id"]
    if build_id and (":" not in build_id or not all(build_id.rpartition(":")[::2])):
        yield f"build_id: {build_id} is no id of a build, which is PROJECT:UUID."
    if params["wait_timeout"] < 1:
        yield f"wait_timeout: {params['wait_timeout']} is out of range; it is 1 or more."
    state = params["state"]
    if params["overrides"] and state != "started":
        yield f"overrides: they go with state started; a build that is {state} has what it was started with."
    if params["idempotency_token"] and state not in ("started", "retried"):
        yield f"idempotency_token: it goes with state started and retried, and state is {state}."
    if state == "finished" and not params["wait"]:
        yield "wait: with state finished the module waits; leave it out."


def _override_faults(given: Options) -> c.Iterator[str]:
    place = "overrides."
    yield from range_faults(given, "timeout_in_minutes", 5, 2160, place)
    yield from range_faults(given, "queued_timeout_in_minutes", 5, 480, place)
    yield from range_faults(given, "auto_retry_limit", 0, 10, place)
    yield from range_faults(given, "git_clone_depth", 0, None, place)
    yield from variables_faults(f"{place}environment_variables", given["environment_variables"] or [])
    yield from cache_faults(f"{place}cache", given["cache"])
    yield from logs_faults(f"{place}logs_config", given["logs_config"])
    if given["artifacts"]:
        yield from artifacts_faults(f"{place}artifacts", given["artifacts"])
    for name, key in (("secondary_sources", "source_identifier"), ("secondary_artifacts", "artifact_identifier")):
        yield from unique_faults(f"{place}{name}", key, [one[key] for one in given[name] or []], 12)
    if given["buildspec"] and given["buildspec_file"]:
        yield f"{place[:-1]}: buildspec and buildspec_file are both given; it is either of them."


def start_request(overrides: Options | None) -> Options:
    """What StartBuild takes for them."""
    given = with_buildspec(overrides or {}, "overrides")
    if given.get("secondary_sources"):
        given["secondary_sources"] = [
            with_buildspec(one, f"overrides.secondary_sources[{number}]")
            for number, one in enumerate(given["secondary_sources"])
        ]
    return {
        _NAMES.get(name, f"{camel(name)}Override"): to_codebuild(value)
        for name, value in given.items()
        if value is not None
    }
