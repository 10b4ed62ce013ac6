# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build and test actions: a build of CodeBuild, followed to its end."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from golden_cloud.api.codepipeline.job import ActionFailed, Job, Outcome
from golden_cloud.api.codepipeline.model import Artifact
from golden_cloud.api.codepipeline.throttling import is_throttled


def run_build(job: Job) -> Outcome:
    if job.run.external_id is None:
        job.bring_inputs()
        build = job.client("codebuild", _revision(job)).start_build(**_request(job))["build"]
        _take_note(job, build)
    while True:
        build = _look(job)
        if build is not None:
            _take_note(job, build)
            if build["buildStatus"] != "IN_PROGRESS":
                return _outcome(build)
        job.pause()


def _revision(job: Job) -> str | None:
    """The revision that the build's source was made of; that of a build's output has none."""
    return next((r.id for r in job.execution.revisions if r.artifact == _primary(job)), None)


def _primary(job: Job) -> str:
    return job.option("PrimarySource") or next(iter(job.run.inputs))


def _request(job: Job) -> dict[str, Any]:
    """The build of the project with the action's artifacts in place of its own source and artifacts."""
    primary, inputs, outputs = _primary(job), job.run.inputs, job.run.outputs
    request: dict[str, Any] = {
        "projectName": job.option("ProjectName"),
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": _location(inputs[primary]),
        "secondarySourcesOverride": [
            {"type": "S3", "location": _location(artifact), "sourceIdentifier": name}
            for name, artifact in inputs.items()
            if name != primary
        ],
        "artifactsOverride": {"type": "NO_ARTIFACTS"},
        "secondaryArtifactsOverride": [],
        "environmentVariablesOverride": environment(job.option("EnvironmentVariables")),
        "idempotencyToken": job.run.id,
    }
    if job.store_key:
        request["encryptionKeyOverride"] = job.store_key
    if len(outputs) == 1:
        (artifact,) = outputs.values()
        request["artifactsOverride"] = _artifacts(artifact)
    elif outputs:
        request["secondaryArtifactsOverride"] = [
            _artifacts(artifact) | {"artifactIdentifier": name} for name, artifact in outputs.items()
        ]
    return {name: value for name, value in request.items() if value != []}


def _location(artifact: Artifact) -> str:
    return f"{artifact.bucket}/{artifact.key}"


def _artifacts(artifact: Artifact) -> dict[str, Any]:
    path, _slash, name = artifact.key.rpartition("/")
    return {
        "type": "S3",
        "location": artifact.bucket,
        "path": path,
        "name": name,
        "namespaceType": "NONE",
        "packaging": "ZIP",
    }


def environment(text: str) -> list[dict[str, str]]:
    """The variables of an action's EnvironmentVariables, which is JSON."""
    if not text:
        return []
    try:
        given = json.loads(text)
        return [{"name": one["name"], "value": one["value"], "type": one.get("type") or "PLAINTEXT"} for one in given]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        expected = 'a JSON array of {"name": …, "value": …, "type": …}'
        raise ActionFailed("ConfigurationError", f"EnvironmentVariables must be {expected}: {error!r}") from error


def _take_note(job: Job, build: dict[str, Any]) -> None:
    log = (build.get("logs") or {}).get("cloudWatchLogsArn")
    if job.run.external_id == build["id"] and job.run.log_stream == log:
        return
    with job.cloud.changing():
        job.run.external_id, job.run.log_stream = build["id"], log
        where = f"https://console.aws.amazon.com/codebuild/home?region={job.run.region}"
        job.run.external_url = f"{where}#/builds/{build['id']}/view/new"


def _look(job: Job) -> dict[str, Any] | None:
    """The build; None when it can't be told just now."""
    try:
        builds = job.client("codebuild").batch_get_builds(ids=[job.run.external_id])["builds"]
    except ClientError as error:
        if is_throttled(error):
            return None
        raise
    if not builds:
        raise ActionFailed("JobFailed", f"The build {job.run.external_id} is not there any more")
    found: dict[str, Any] = builds[0]
    return found


def _outcome(build: dict[str, Any]) -> Outcome:
    status = build["buildStatus"]
    if status != "SUCCEEDED":
        raise ActionFailed("JobFailed", f"Build terminated with state: {status}{_cause(build)}")
    exported = build.get("exportedEnvironmentVariables") or []
    return Outcome(variables={one["name"]: one.get("value", "") for one in exported})


def _cause(build: dict[str, Any]) -> str:
    """The phase that it ended with."""
    for phase in build.get("phases") or []:
        if phase.get("phaseStatus") not in (None, "SUCCEEDED", "IN_PROGRESS", "QUEUED"):
            contexts = phase.get("contexts") or [{}]
            code, message = contexts[0].get("statusCode", ""), contexts[0].get("message", "")
            return f". Phase: {phase['phaseType']}, Code: {code}, Message: {message}"
    return ""
