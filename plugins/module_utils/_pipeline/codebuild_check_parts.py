# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Rules for the parts that projects and builds have in common."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from .codebuild_options import GIT_SOURCES

Options = c.Mapping[str, t.Any]

_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# CodeBuild tells no other service how a build went.
_TELLS = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")


def range_faults(options: Options, name: str, least: int, most: int | None, place: str = "") -> c.Iterator[str]:
    value = options.get(name)
    if value is not None and (value < least or (most is not None and value > most)):
        allowed = f"{least} to {most}" if most is not None else f"{least} or more"
        yield f"{place}{name}: {value} is out of range; it is {allowed}."


def unique_faults(option: str, name: str, values: c.Sequence[str], most: int | None) -> c.Iterator[str]:
    """Names by which something is known among others."""
    if most is not None and len(values) > most:
        yield f"{option}: these are {len(values)}; at most {most} are allowed."
    for value in dict.fromkeys(values):
        if values.count(value) > 1:
            yield f"{option}: {name} {value} is there {values.count(value)} times; each has one of its own."
        if not _IDENTIFIER.fullmatch(value):
            yield f"{option}: {name} {value} is to be letters, digits and _, 127 at most."


def variables_faults(option: str, variables: c.Sequence[Options]) -> c.Iterator[str]:
    names = [one["name"] for one in variables]
    for name in dict.fromkeys(names):
        if not _VARIABLE.fullmatch(name):
            yield f"{option}: {name!r} is no name of a variable: letters, digits and _, the first no digit."
        if names.count(name) > 1:
            yield f"{option}: {name} is there {names.count(name)} times; a variable has one value."
    for one in variables:
        if one["type"] != "PLAINTEXT" and not one["value"]:
            yield f"{option}: the value of {one['name']} is empty; for {one['type']} it says where the value is."


def _location_faults(option: str, kind: str, location: str | None) -> c.Iterator[str]:
    if kind in ("CODEPIPELINE", "NO_SOURCE"):
        if location:
            yield f"{option}.location: {location} is one too many; a source of type {kind} has none."
    elif not location:
        yield f"{option}.location: it is missing; a source of type {kind} has one."
    elif kind == "S3" and "/" not in location.rstrip("/"):
        yield f"{option}.location: {location} is not BUCKET/PATH, as it is for a source of type S3."


def _git_faults(option: str, source: Options) -> c.Iterator[str]:
    kind = source["type"]
    yield from range_faults(source, "git_clone_depth", 0, None, f"{option}.")
    if kind not in GIT_SOURCES:
        for name in ("git_clone_depth", "git_submodules_config"):
            if source[name]:
                yield f"{option}.{name}: a source of type {kind} is no git repository."
    if source["report_build_status"] and kind not in _TELLS:
        yield f"{option}.report_build_status: a source of type {kind} takes no reports, only {', '.join(_TELLS)}."


def source_faults(option: str, source: Options) -> c.Iterator[str]:
    yield from _location_faults(option, source["type"], source["location"])
    yield from _git_faults(option, source)
    if source["type"] == "NO_SOURCE" and not source["buildspec"] and not source["buildspec_file"]:
        yield f"{option}.buildspec: it is missing; a source of type NO_SOURCE brings no buildspec.yml."
    if source["buildspec"] and source["buildspec_file"]:
        yield f"{option}: buildspec and buildspec_file are both given; it is either of them."
    auth = source["auth"]
    if auth and auth["type"] != "OAUTH" and not auth["resource"]:
        yield f"{option}.auth.resource: it is missing; {auth['type']} needs the ARN."


def artifacts_faults(option: str, artifacts: Options) -> c.Iterator[str]:
    kind, location = artifacts["type"], artifacts["location"]
    if kind == "S3" and not location:
        yield f"{option}.location: it is missing; artifacts of type S3 go to a bucket."
    if kind == "S3" and location and "/" in location:
        yield f"{option}.location: {location} is no name of a bucket; what follows it belongs into path."
    if kind != "S3" and location:
        yield f"{option}.location: {location} is one too many; artifacts of type {kind} have none."


def cache_faults(option: str, cache: Options | None) -> c.Iterator[str]:
    if not cache:
        return
    kind = cache["type"]
    if (kind == "S3") != bool(cache["location"]):
        yield f"{option}.location: {cache['location'] or 'none'} does not go with type {kind}; a cache of type S3 has one, no other."
    if (kind == "LOCAL") != bool(cache["modes"]):
        yield f"{option}.modes: a cache of type LOCAL has some, no other; type is {kind}."
    if cache["cache_namespace"] and kind != "S3":
        yield f"{option}.cache_namespace: it goes with type S3, and type is {kind}."


def logs_faults(option: str, logs: Options | None) -> c.Iterator[str]:
    s3_logs = (logs or {}).get("s3_logs")
    if s3_logs and s3_logs["status"] == "ENABLED" and not s3_logs["location"]:
        yield f"{option}.s3_logs.location: it is missing; logs that are ENABLED go to BUCKET/PREFIX."
    if s3_logs and s3_logs["status"] == "DISABLED" and s3_logs["location"]:
        yield f"{option}.s3_logs.location: {s3_logs['location']} is one too many; these logs are DISABLED."
