# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The normal form of a CodeBuild project: two projects that do the same have the same one.

It has what CodeBuild does without being told filled in, nothing that CodeBuild adds for itself, and what has no order sorted.
So it can be made of what a task declares as well as of what CodeBuild says.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

Project = dict[str, t.Any]

TIMEOUT = 60
QUEUED_TIMEOUT = 480
DEFAULT_KEY = "alias/aws/s3"

_SOURCE: Project = {
    "type": None,
    "location": None,
    "gitCloneDepth": 0,
    "gitSubmodulesConfig": {"fetchSubmodules": False},
    "buildspec": None,
    "auth": None,
    "reportBuildStatus": False,
    "buildStatusConfig": None,
    "insecureSsl": False,
    "sourceIdentifier": None,
}
_S3_ARTIFACTS: Project = {
    "type": None,
    "location": None,
    "path": None,
    "namespaceType": "NONE",
    "name": None,
    "packaging": "NONE",
    "overrideArtifactName": False,
    "encryptionDisabled": False,
    "artifactIdentifier": None,
    "bucketOwnerAccess": "NONE",
}
_ENVIRONMENT: Project = {
    "type": None,
    "image": None,
    "computeType": None,
    "computeConfiguration": None,
    "fleet": None,
    "environmentVariables": [],
    "privilegedMode": False,
    "certificate": None,
    "registryCredential": None,
    "imagePullCredentialsType": "CODEBUILD",
    "dockerServer": None,
    "hostKernel": None,
}
_CLOUDWATCH: Project = {"status": "ENABLED", "groupName": None, "streamName": None}
_S3_LOGS: Project = {"status": "DISABLED", "location": None, "encryptionDisabled": False, "bucketOwnerAccess": "NONE"}
_CACHE: Project = {"type": "NO_CACHE", "location": None, "modes": None, "cacheNamespace": None}
_FILE_SYSTEM: Project = {
    "type": "EFS",
    "location": None,
    "mountPoint": None,
    "identifier": None,
    "mountOptions": None,
}
_BATCH: Project = {
    "serviceRole": None,
    "combineArtifacts": False,
    "restrictions": None,
    "timeoutInMins": None,
    "batchReportMode": "REPORT_INDIVIDUAL_BUILDS",
}


def _is_said(value: t.Any) -> bool:
    return value is not None and value not in ("", [], {})


def _filled(given: c.Mapping[str, t.Any], defaults: Project) -> Project:
    """What is said, and else the default; what has neither is left out."""
    values = {name: given[name] if _is_said(given.get(name)) else default for name, default in defaults.items()}
    return {name: value for name, value in values.items() if value is not None}


def _sorted(given: c.Iterable[Project] | None, *names: str) -> list[Project]:
    return sorted(given or (), key=lambda one: [str(one.get(name)) for name in names])


def _artifacts(given: c.Mapping[str, t.Any], project: str) -> Project:
    """CodePipeline ignores all but the type, and CodeBuild calls what goes to S3 like the project."""
    if given["type"] != "S3":
        return {"type": given["type"], "encryptionDisabled": bool(given.get("encryptionDisabled"))}
    filled = _filled(given, _S3_ARTIFACTS)
    return {**filled, "name": filled.get("name", project)}


def _environment(given: c.Mapping[str, t.Any]) -> Project:
    filled = _filled(given, _ENVIRONMENT)
    variables = [{"type": "PLAINTEXT", **one} for one in filled["environmentVariables"]]
    server = filled.get("dockerServer")
    if server:
        groups = sorted(server.get("securityGroupIds") or ())
        filled["dockerServer"] = {"computeType": server["computeType"], "securityGroupIds": groups}
    return {**filled, "environmentVariables": _sorted(variables, "name")}


def _cache(given: c.Mapping[str, t.Any]) -> Project:
    cache = _filled(given, _CACHE)
    return {**cache, "modes": sorted(cache["modes"])} if "modes" in cache else cache


def _vpc(given: c.Mapping[str, t.Any]) -> Project | None:
    if not given.get("vpcId"):
        return None
    return {
        "vpcId": given["vpcId"],
        "subnets": sorted(given.get("subnets", ())),
        "securityGroupIds": sorted(given.get("securityGroupIds", ())),
    }


def _batch(given: c.Mapping[str, t.Any]) -> Project | None:
    if not given.get("serviceRole"):
        return None
    batch = _filled(given, _BATCH)
    restrictions = {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in batch.pop("restrictions", {}).items()
        if _is_said(value)
    }
    return {**batch, "restrictions": restrictions} if restrictions else batch


def key_alias(key: str | None) -> str:
    """A key as CodeBuild takes it; an alias without its account and Region, which CodeBuild adds to the one it uses itself."""
    return re.sub(r"^arn:[^:]+:kms:[^:]*:\d*:(?=alias/)", "", key) if key else DEFAULT_KEY


def _limit(value: int | None) -> int | None:
    """None is no limit; CodeBuild is told that with -1."""
    return value if value and value > 0 else None


def is_lambda(project: c.Mapping[str, t.Any]) -> bool:
    return "LAMBDA" in project["environment"]["type"]


def _minutes(project: c.Mapping[str, t.Any], name: str, default: int) -> int | None:
    """Builds on Lambda have no times of their own."""
    return None if is_lambda(project) else project.get(name) or default


def normal(project: c.Mapping[str, t.Any]) -> Project:
    """The normal form, with CodeBuild's names; C(tags) is a dictionary in it."""
    logs = project.get("logsConfig") or {}
    badge = project.get("badge") or {}
    return {
        "name": project["name"],
        "description": project.get("description") or "",
        "source": _filled(project["source"], _SOURCE),
        "secondarySources": _sorted(
            (_filled(one, _SOURCE) for one in project.get("secondarySources") or ()), "sourceIdentifier"
        ),
        "sourceVersion": project.get("sourceVersion") or "",
        "secondarySourceVersions": _sorted(project.get("secondarySourceVersions"), "sourceIdentifier"),
        "artifacts": _artifacts(project["artifacts"], project["name"]),
        "secondaryArtifacts": _sorted(
            (
                {**_artifacts(one, project["name"]), "artifactIdentifier": one["artifactIdentifier"]}
                for one in project.get("secondaryArtifacts") or ()
            ),
            "artifactIdentifier",
        ),
        "cache": _cache(project.get("cache") or {}),
        "environment": _environment(project["environment"]),
        "serviceRole": project["serviceRole"],
        "timeoutInMinutes": _minutes(project, "timeoutInMinutes", TIMEOUT),
        "queuedTimeoutInMinutes": _minutes(project, "queuedTimeoutInMinutes", QUEUED_TIMEOUT),
        "concurrentBuildLimit": _limit(project.get("concurrentBuildLimit")),
        "autoRetryLimit": project.get("autoRetryLimit") or 0,
        "encryptionKey": key_alias(project.get("encryptionKey")),
        "vpcConfig": _vpc(project.get("vpcConfig") or {}),
        "badgeEnabled": bool(project.get("badgeEnabled") or badge.get("badgeEnabled")),
        "logsConfig": {
            "cloudWatchLogs": _filled(logs.get("cloudWatchLogs") or {}, _CLOUDWATCH),
            "s3Logs": _filled(logs.get("s3Logs") or {}, _S3_LOGS),
        },
        "fileSystemLocations": _sorted(
            (_filled(one, _FILE_SYSTEM) for one in project.get("fileSystemLocations") or ()), "identifier"
        ),
        "buildBatchConfig": _batch(project.get("buildBatchConfig") or {}),
        "tags": _tags(project.get("tags")),
    }


def _tags(given: t.Any) -> dict[str, str]:
    """A dictionary already, or a list of CodeBuild's."""
    if isinstance(given, dict):
        return dict(given)
    return {one["key"]: one.get("value", "") for one in given or ()}
