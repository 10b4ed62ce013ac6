# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a build's commands find: CodeBuild's own, and those of project, buildspec and call, resolved."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from golden_cloud.api import runtime
from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.buildspec import Buildspec, BuildspecError, Secret, secret
from golden_cloud.api.codebuild.credentials import BuildCredentials
from golden_cloud.api.codebuild.log import BuildLog
from golden_cloud.api.codebuild.outcome import Failure

_PARAMETERS, _SECRETS = "Decrypted Variables Error", "Secrets Manager Error"


def own(build: Build, sources: dict[str, str], credentials: BuildCredentials) -> dict[str, str]:
    """What CodeBuild sets. *sources* has directories by source identifier, the primary one's under ``""``."""
    config = runtime.current().config
    endpoint = f"http://{config.gateway}:{config.port}" if config.gateway else config.endpoint
    version = build.asked.get("sourceVersion") or ""
    found = {
        "AWS_REGION": build.region,
        "AWS_DEFAULT_REGION": build.region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": credentials.path,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_IMAGE": build.asked["environment"]["image"],
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.asked["encryptionKey"],
        "CODEBUILD_LOG_PATH": build.log_stream or "",
        "CODEBUILD_PROJECT_ARN": build.arn.replace(":build/", ":project/").rsplit(":", 1)[0],
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_source or "",
        "CODEBUILD_SOURCE_REPO_URL": build.asked["source"].get("location") or "",
        "CODEBUILD_SOURCE_VERSION": version,
        "CODEBUILD_START_TIME": str(int(build.began.timestamp() * 1000)),
        "CODEBUILD_CI": "true",
    }
    for identifier, directory in sources.items():
        found[f"CODEBUILD_SRC_DIR_{identifier}" if identifier else "CODEBUILD_SRC_DIR"] = directory
    for one in build.asked.get("secondarySourceVersions") or []:
        found[f"CODEBUILD_SOURCE_VERSION_{one['sourceIdentifier']}"] = one["sourceVersion"]
    return found


def given(build: Build, spec: Buildspec, credentials: BuildCredentials, log: BuildLog) -> dict[str, str]:
    """What was given, the project's and the call's before the buildspec's; ``Failure`` when something isn't there.

    What comes from Parameter Store and Secrets Manager is hidden in the log.
    """
    variables: list[dict[str, Any]] = build.asked["environment"]["environmentVariables"]
    named = {variable["name"] for variable in variables}
    plain = {**spec.variables, **_of_kind(variables, "PLAINTEXT")}
    parameters = {**spec.parameters, **_of_kind(variables, "PARAMETER_STORE")}
    try:
        secrets = {**spec.secrets, **{k: secret(v) for k, v in _of_kind(variables, "SECRETS_MANAGER").items()}}
    except BuildspecError as error:
        raise Failure(_SECRETS, str(error)) from None
    kinds = {variable["name"]: variable["type"] for variable in variables}
    hidden = {
        **{name: _parameter(at, credentials) for name, at in parameters.items() if _is(name, kinds, "PARAMETER_STORE")},
        **_secrets({k: v for k, v in secrets.items() if _is(k, kinds, "SECRETS_MANAGER")}, credentials),
    }
    for value in hidden.values():
        log.hide(value)
    return {name: value for name, value in plain.items() if name not in named or kinds[name] == "PLAINTEXT"} | hidden


def exportable(build: Build, spec: Buildspec) -> list[str]:
    """The names of ``exported-variables``, without those that CodeBuild does not let out."""
    variables = build.asked["environment"]["environmentVariables"]
    kept_in = {*spec.parameters, *spec.secrets, *(v["name"] for v in variables if v["type"] != "PLAINTEXT")}
    return [name for name in spec.exported if name not in kept_in and not name.startswith("AWS_")]


def _is(name: str, kinds: dict[str, str], kind: str) -> bool:
    """Whether the buildspec's variable holds, or one of the same kind that has its name."""
    return kinds.get(name, kind) == kind


def _of_kind(variables: list[dict[str, Any]], kind: str) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in variables if variable["type"] == kind}


def _parameter(name: str, credentials: BuildCredentials) -> str:
    try:
        found = credentials.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise Failure(_PARAMETERS, f"parameter does not exist: {name}") from None
        raise Failure(_PARAMETERS, _text(error)) from None
    except BotoCoreError as error:
        raise Failure(_PARAMETERS, str(error)) from None
    return str(found["Parameter"]["Value"])


def _secrets(wanted: dict[str, Secret], credentials: BuildCredentials) -> dict[str, str]:
    """Each secret is read once, however many of its keys are wanted."""
    read: dict[tuple[str, str | None, str | None], str] = {}
    found = {}
    for name, reference in wanted.items():
        place = (reference.secret_id, reference.version_stage, reference.version_id)
        if place not in read:
            read[place] = _secret(reference, credentials)
        found[name] = _json_key(read[place], reference)
    return found


def _secret(reference: Secret, credentials: BuildCredentials) -> str:
    asked = {
        "SecretId": reference.secret_id,
        "VersionStage": reference.version_stage,
        "VersionId": reference.version_id,
    }
    try:
        found = credentials.client("secretsmanager").get_secret_value(**{k: v for k, v in asked.items() if v})
    except ClientError as error:
        raise Failure(_SECRETS, _text(error)) from None
    except BotoCoreError as error:
        raise Failure(_SECRETS, str(error)) from None
    if "SecretString" not in found:
        raise Failure(_SECRETS, f"the secret {reference.secret_id} has no text")
    return str(found["SecretString"])


def _json_key(text: str, reference: Secret) -> str:
    if reference.json_key is None:
        return text
    try:
        value = json.loads(text)[reference.json_key]
    except (ValueError, KeyError, TypeError):
        raise Failure(_SECRETS, f"{reference.secret_id} has no key {reference.json_key}") from None
    return value if isinstance(value, str) else json.dumps(value)


def _text(error: ClientError) -> str:
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
