# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project in the form that CodeBuild tells it: what was given, with AWS's defaults; and what it refuses.

``normal`` is pure; it raises ``CloudError`` InvalidInputException.
"""

from __future__ import annotations

import re
from typing import Any

from golden_cloud.api.access import PARTITION
from golden_cloud.api.errors import CloudError, UnsupportedOption

Shape = dict[str, Any]

BUILD_MINUTES, QUEUE_MINUTES = 60, 480
HOSTED = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")
"""Sources that are git repositories somewhere else."""
BADGED = (*HOSTED, "CODECOMMIT")
_BUCKET_AND_KEY = re.compile(r"(?:arn:aws:s3:::)?(?P<bucket>[^/]+)/(?P<key>.+)")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_NOT_HERE = {
    "environment": ("certificate", "fleet", "registryCredential", "computeConfiguration", "dockerServer", "hostKernel"),
    "source": ("buildStatusConfig",),
}
"""What would be ignored."""


def invalid(text: str) -> CloudError:
    return CloudError("InvalidInputException", text)


def arn_of(account_id: str, region: str, name: str) -> str:
    return f"arn:{PARTITION}:codebuild:{region}:{account_id}:project/{name}"


def bucket_and_key(location: str) -> tuple[str, str] | None:
    """The parts of ``BUCKET/KEY``, as an S3 source has it; None when it is not of that form."""
    match = _BUCKET_AND_KEY.fullmatch(location)
    return (match["bucket"], match["key"]) if match else None


def normal(given: Shape, operation: str, account_id: str, region: str) -> Shape:
    """The whole project, from all that was ever given of it; without its ARN, dates and badge."""
    name = given["name"]
    source = normal_source(given["source"], operation)
    artifacts = normal_artifacts(given["artifacts"], name)
    secondary_sources = [normal_source(one, operation) for one in given.get("secondarySources") or []]
    secondary_artifacts = [normal_artifacts(one, name) for one in given.get("secondaryArtifacts") or []]
    _check_pairs(source, artifacts, secondary_sources, secondary_artifacts)
    project: Shape = {
        "name": name,
        "description": given.get("description"),
        "source": source,
        "secondarySources": secondary_sources,
        "sourceVersion": given.get("sourceVersion"),
        "secondarySourceVersions": _versions(given.get("secondarySourceVersions"), secondary_sources),
        "artifacts": artifacts,
        "secondaryArtifacts": secondary_artifacts,
        "cache": normal_cache(given.get("cache")),
        "environment": normal_environment(given["environment"], operation),
        "serviceRole": given["serviceRole"],
        "timeoutInMinutes": given.get("timeoutInMinutes") or BUILD_MINUTES,
        "queuedTimeoutInMinutes": given.get("queuedTimeoutInMinutes") or QUEUE_MINUTES,
        "encryptionKey": given.get("encryptionKey") or f"arn:{PARTITION}:kms:{region}:{account_id}:alias/aws/s3",
        "tags": _tags(given.get("tags")),
        "vpcConfig": _vpc(given.get("vpcConfig")),
        "logsConfig": normal_logs(given.get("logsConfig")),
        "concurrentBuildLimit": _limit(given.get("concurrentBuildLimit")),
        "projectVisibility": "PRIVATE",
    }
    if given.get("badgeEnabled") and source["type"] not in BADGED:
        raise invalid(f"Build badges are not supported for source type {source['type']}")
    return {key: value for key, value in project.items() if value is not None}


def normal_source(given: Shape, operation: str = "StartBuild") -> Shape:
    _refuse(given, "source", operation)
    kind, location = given["type"], given.get("location")
    if kind in ("CODEPIPELINE", "NO_SOURCE"):
        if location:
            raise invalid(f"Invalid project source: location must not be given for type {kind}")
    elif not location:
        raise invalid("Project source location is required")
    if kind == "NO_SOURCE" and not given.get("buildspec"):
        raise invalid("Invalid project source: a buildspec is required for type NO_SOURCE")
    if kind == "S3" and not bucket_and_key(location or ""):
        raise invalid("Invalid project source: location must be a valid S3 source, BUCKET/KEY")
    if kind == "CODECOMMIT" and "/v1/repos/" not in (location or ""):
        raise invalid("Invalid project source: location must be a valid CodeCommit repository's URL")
    source = {"type": kind, "insecureSsl": False, **given}
    # Of the depth and of submodules nothing is filled in: without them the clone is whole, and has no submodules.
    return {"reportBuildStatus": False, **source} if kind in BADGED else source


def normal_artifacts(given: Shape, project: str) -> Shape:
    kind, location = given["type"], given.get("location")
    if kind == "NO_ARTIFACTS":
        if location:
            raise invalid("Invalid artifacts: artifact type NO_ARTIFACTS should have null location")
        return {key: value for key, value in given.items() if key in ("type", "artifactIdentifier")}
    if kind == "CODEPIPELINE":
        if location:
            raise invalid("Invalid artifacts: artifact type CODEPIPELINE should have null location")
        return {"name": project, "packaging": "NONE", "encryptionDisabled": False, **given}
    if not location:
        raise invalid("Invalid artifacts: location is required for type S3")
    plain = {"namespaceType": "NONE", "name": project, "packaging": "NONE", "path": ""}
    return {**plain, "encryptionDisabled": False, "overrideArtifactName": False, **given}


def normal_cache(given: Shape | None) -> Shape:
    cache = dict(given or {"type": "NO_CACHE"})
    if cache["type"] == "S3" and not cache.get("location"):
        raise invalid("Invalid cache: location is required for type S3")
    if cache["type"] == "LOCAL" and not cache.get("modes"):
        raise invalid("Invalid cache: modes are required for type LOCAL")
    return cache


def normal_environment(given: Shape, operation: str = "StartBuild") -> Shape:
    _refuse(given, "environment", operation)
    return {
        "imagePullCredentialsType": "CODEBUILD",
        "privilegedMode": False,
        **given,
        "environmentVariables": normal_variables(given.get("environmentVariables")),
    }


def normal_variables(given: list[Shape] | None) -> list[Shape]:
    for variable in given or []:
        if not _VARIABLE.fullmatch(variable["name"]):
            raise invalid(f"Invalid environment variable name: {variable['name']}")
    return [{"type": "PLAINTEXT", **variable} for variable in given or []]


def normal_logs(given: Shape | None) -> Shape:
    logs = given or {}
    s3 = {"status": "DISABLED", "encryptionDisabled": False, **(logs.get("s3Logs") or {})}
    if s3["status"] == "ENABLED" and not s3.get("location"):
        raise invalid("Invalid logs config: location is required when S3 logs are enabled")
    return {"cloudWatchLogs": {"status": "ENABLED", **(logs.get("cloudWatchLogs") or {})}, "s3Logs": s3}


def _refuse(given: Shape, part: str, operation: str) -> None:
    for option in _NOT_HERE[part]:
        if given.get(option):
            raise UnsupportedOption(operation, f"{part}.{option}")


def _check_pairs(source: Shape, artifacts: Shape, sources: list[Shape], more: list[Shape]) -> None:
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        raise invalid("Invalid project: source and artifacts must both be of type CODEPIPELINE, or neither")
    if any(one["type"] == "CODEPIPELINE" for one in sources + more):
        raise invalid("Invalid project: secondary sources and artifacts can't be of type CODEPIPELINE")
    _check_identifiers([one.get("sourceIdentifier") for one in sources], "sourceIdentifier")
    _check_identifiers([one.get("artifactIdentifier") for one in more], "artifactIdentifier")


def _check_identifiers(names: list[str | None], what: str) -> None:
    for name in names:
        if not name or not _IDENTIFIER.fullmatch(name):
            raise invalid(f"Invalid project: each secondary one needs a {what} of letters, digits and underscores")
    if len(set(names)) != len(names):
        raise invalid(f"Invalid project: {what} must be unique")


def _versions(given: list[Shape] | None, sources: list[Shape]) -> list[Shape]:
    known = {source["sourceIdentifier"] for source in sources}
    for version in given or []:
        if version["sourceIdentifier"] not in known:
            raise invalid(f"Invalid project: there is no secondary source {version['sourceIdentifier']}")
    return list(given or [])


def _limit(given: int | None) -> int | None:
    """-1 takes a limit away."""
    if given in (None, -1):
        return None
    if given < 1:
        raise invalid("Invalid concurrentBuildLimit: must be at least 1")
    return given


def _tags(given: list[Shape] | None) -> list[Shape]:
    tags = [{"key": tag.get("key", ""), "value": tag.get("value", "")} for tag in given or []]
    keys = [tag["key"] for tag in tags]
    if len(tags) > 50 or len(set(keys)) != len(keys):
        raise invalid("Invalid tags: there can be 50, each key once")
    if any(not 1 <= len(key) <= 127 or key.lower().startswith("aws:") for key in keys):
        raise invalid("Invalid tags: a key has 1 to 127 characters and does not begin with aws:")
    return tags


def _vpc(given: Shape | None) -> Shape | None:
    parts = ("vpcId", "subnets", "securityGroupIds")
    if not given or not any(given.get(part) for part in parts):
        return None
    if not all(given.get(part) for part in parts):
        raise invalid("Invalid vpc config: vpcId, subnets and securityGroupIds are all required")
    return {part: given[part] for part in parts}
