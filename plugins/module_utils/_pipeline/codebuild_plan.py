# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is to be done to a CodeBuild project: decided on what it is and what it is declared to be."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .codebuild_normal import DEFAULT_KEY, QUEUED_TIMEOUT, TIMEOUT, Project, is_lambda, normal

_AWS = "aws:"
# CodeBuild keeps what an update does not mention. This is how it is told that something is not wanted any more.
_CLEARED: Project = {
    "description": "",
    "secondarySources": [],
    "sourceVersion": "",
    "secondarySourceVersions": [],
    "secondaryArtifacts": [],
    "cache": {"type": "NO_CACHE"},
    "timeoutInMinutes": TIMEOUT,
    "queuedTimeoutInMinutes": QUEUED_TIMEOUT,
    "concurrentBuildLimit": -1,
    "autoRetryLimit": 0,
    "encryptionKey": DEFAULT_KEY,
    "vpcConfig": {},
    "badgeEnabled": False,
    "fileSystemLocations": [],
    "buildBatchConfig": {},
}
# These are sent whole: CodeBuild replaces them, and what is not said in them would be its to decide.
_WHOLE = ("logsConfig",)
# CodeBuild takes none of Lambda.
_TIMES = ("timeoutInMinutes", "queuedTimeoutInMinutes")


@dataclasses.dataclass(frozen=True)
class Plan:
    """C(before) and C(after) are normal forms. C(changes) names members, and C(request) is what the call takes besides the name."""

    action: t.Literal["create", "update", "delete"] | None
    before: Project | None
    after: Project | None
    changes: tuple[str, ...] = ()
    request: Project = dataclasses.field(default_factory=dict)


def tags_after(before: c.Mapping[str, str], wanted: c.Mapping[str, str] | None, *, purge: bool) -> dict[str, str]:
    """Without any wanted, those that are there; else exactly those, or these as well. AWS's own stay."""
    if wanted is None:
        return dict(before)
    stay = {key: value for key, value in before.items() if not purge or key.startswith(_AWS)}
    return {**stay, **wanted}


def _tag_list(tags: c.Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items()) if not key.startswith(_AWS)]


def _chosen_by_codebuild(after: Project, before: Project) -> None:
    """What CodeBuild chooses when it is not told has no fixed default: what it has chosen stays."""
    kernel = before["environment"].get("hostKernel")
    if kernel and "hostKernel" not in after["environment"]:
        after["environment"]["hostKernel"] = kernel


def plan_absent(current: Project | None) -> Plan:
    if current is None:
        return Plan(None, None, None)
    return Plan("delete", normal(current), None)


def plan_present(current: Project | None, declared: Project, tags: dict[str, str] | None, *, purge: bool) -> Plan:
    """C(declared) is the whole project, with CodeBuild's names, but for its tags."""
    if current is None:
        after = normal({**declared, "tags": dict(tags or {})})
        request = {name: value for name, value in declared.items() if name != "name"}
        return Plan("create", None, after, tuple(request), {**request, "tags": _tag_list(tags or {})})
    before = normal(current)
    after = normal({**declared, "tags": tags_after(before["tags"], tags, purge=purge)})
    _chosen_by_codebuild(after, before)
    changes = tuple(name for name in after if after[name] != before[name])
    if not changes:
        return Plan(None, before, after)
    silent = ("tags", *(_TIMES if is_lambda(after) else ()))
    request = {name: _sent(name, declared, after) for name in changes if name not in silent}
    # An update without tags is one that takes them all away.
    return Plan("update", before, after, changes, {**request, "tags": _tag_list(after["tags"])})


def _sent(name: str, declared: Project, after: Project) -> t.Any:
    if name in _WHOLE:
        return after[name]
    if name not in declared:
        return _CLEARED[name]
    if name == "environment" and "hostKernel" in after[name]:
        return {**declared[name], "hostKernel": after[name]["hostKernel"]}
    return declared[name]
