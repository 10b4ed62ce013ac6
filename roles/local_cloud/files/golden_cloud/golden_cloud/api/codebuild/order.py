# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build is asked to do: the project, with what the call puts in its place; pure."""

from __future__ import annotations

import copy
from typing import Any

from golden_cloud.api.codebuild import project as projects
from golden_cloud.api.codebuild.project import invalid

Shape = dict[str, Any]

_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "buildspecOverride": "buildspec",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
}
_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "privilegedModeOverride": "privilegedMode",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
}
_WHOLE = {
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "sourceVersion": "sourceVersion",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
}


def build_of(project: Shape, call: Shape) -> Shape:
    """The project's shape as the build takes it; ``CloudError`` InvalidInputException when the call does not fit."""
    asked = copy.deepcopy(project)
    asked.setdefault("secondarySources", [])
    asked["source"] = _source(asked["source"], call)
    asked["environment"] = _environment(asked["environment"], call)
    for option, name in _WHOLE.items():
        if call.get(option) is not None:
            asked[name] = call[option]
    if call.get("artifactsOverride") is not None:
        asked["artifacts"] = projects.normal_artifacts(call["artifactsOverride"], project["name"])
    if call.get("secondaryArtifactsOverride") is not None:
        more = call["secondaryArtifactsOverride"]
        asked["secondaryArtifacts"] = [projects.normal_artifacts(one, project["name"]) for one in more]
    if call.get("secondarySourcesOverride") is not None:
        asked["secondarySources"] = [projects.normal_source(one) for one in call["secondarySourcesOverride"]]
    if call.get("cacheOverride") is not None:
        asked["cache"] = projects.normal_cache(call["cacheOverride"])
    if call.get("logsConfigOverride") is not None:
        asked["logsConfig"] = projects.normal_logs(call["logsConfigOverride"])
    return asked


def _source(source: Shape, call: Shape) -> Shape:
    changed = {name: call[option] for option, name in _SOURCE.items() if call.get(option) is not None}
    if not changed:
        return source
    if "type" in changed and changed["type"] != source["type"]:
        # What belongs to another kind of source goes.
        source = {key: value for key, value in source.items() if key in ("buildspec", "sourceIdentifier")}
    merged = {**source, **changed}
    return projects.normal_source(merged)


def _environment(environment: Shape, call: Shape) -> Shape:
    changed = {name: call[option] for option, name in _ENVIRONMENT.items() if call.get(option) is not None}
    variables = {variable["name"]: variable for variable in environment["environmentVariables"]}
    for variable in projects.normal_variables(call.get("environmentVariablesOverride")):
        variables[variable["name"]] = variable
    return {**environment, **changed, "environmentVariables": list(variables.values())}


def check_startable(asked: Shape) -> None:
    """What AWS refuses before there is a build."""
    if asked["source"]["type"] == "CODEPIPELINE" or asked["artifacts"]["type"] == "CODEPIPELINE":
        raise invalid("Cannot start a build with source or artifacts of type CODEPIPELINE: CodePipeline starts it")
