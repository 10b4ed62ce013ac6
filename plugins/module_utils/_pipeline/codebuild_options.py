# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The options of a CodeBuild project, as the module takes them."""

from __future__ import annotations

import typing as t

Spec = dict[str, t.Any]

GIT_SOURCES = ("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")
SOURCES = ("CODECOMMIT", "CODEPIPELINE", "S3", "NO_SOURCE", *GIT_SOURCES[1:])
ARTIFACTS = ("CODEPIPELINE", "NO_ARTIFACTS", "S3")
ENVIRONMENTS = (
    "LINUX_CONTAINER",
    "LINUX_GPU_CONTAINER",
    "LINUX_EC2",
    "LINUX_LAMBDA_CONTAINER",
    "ARM_CONTAINER",
    "ARM_EC2",
    "ARM_LAMBDA_CONTAINER",
    "MAC_ARM",
    "WINDOWS_CONTAINER",
    "WINDOWS_EC2",
    "WINDOWS_SERVER_2019_CONTAINER",
    "WINDOWS_SERVER_2022_CONTAINER",
)
COMPUTE = (
    "BUILD_GENERAL1_SMALL",
    "BUILD_GENERAL1_MEDIUM",
    "BUILD_GENERAL1_LARGE",
    "BUILD_GENERAL1_XLARGE",
    "BUILD_GENERAL1_2XLARGE",
    "BUILD_LAMBDA_1GB",
    "BUILD_LAMBDA_2GB",
    "BUILD_LAMBDA_4GB",
    "BUILD_LAMBDA_8GB",
    "BUILD_LAMBDA_10GB",
    "ATTRIBUTE_BASED_COMPUTE",
    "CUSTOM_INSTANCE_TYPE",
)
VARIABLES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")


def text(*choices: str, required: bool = False) -> Spec:
    return {
        "type": "str",
        **({"choices": list(choices)} if choices else {}),
        **({"required": True} if required else {}),
    }


def _dict(**options: Spec) -> Spec:
    return {"type": "dict", "options": options}


def _dicts(**options: Spec) -> Spec:
    return {"type": "list", "elements": "dict", "options": options}


def _texts(*choices: str) -> Spec:
    return {"type": "list", "elements": "str", **({"choices": list(choices)} if choices else {})}


BOOL: Spec = {"type": "bool"}
INT: Spec = {"type": "int"}
PATH: Spec = {"type": "path"}

AUTH = _dict(type=text("CODECONNECTIONS", "OAUTH", "SECRETS_MANAGER", required=True), resource=text())
ENVIRONMENT_VARIABLES = _dicts(
    name=text(required=True),
    value=text(required=True),
    type={"type": "str", "choices": list(VARIABLES), "default": "PLAINTEXT"},
)
SUBMODULES = _dict(fetch_submodules={"type": "bool", "required": True})
FLEET = _dict(fleet_arn=text(required=True))
REGISTRY_CREDENTIAL = _dict(
    credential={"type": "str", "required": True, "no_log": False},
    credential_provider={"type": "str", "choices": ["SECRETS_MANAGER"], "default": "SECRETS_MANAGER"},
)
BUILD_STATUS = _dict(context=text(), target_url=text())
CACHE = _dict(
    type=text("LOCAL", "NO_CACHE", "S3", required=True),
    location=text(),
    modes=_texts("LOCAL_CUSTOM_CACHE", "LOCAL_DOCKER_LAYER_CACHE", "LOCAL_SOURCE_CACHE"),
    cache_namespace=text(),
)
_BUCKET_OWNER = text("NONE", "READ_ONLY", "FULL")
LOGS = _dict(
    cloud_watch_logs=_dict(status=text("ENABLED", "DISABLED", required=True), group_name=text(), stream_name=text()),
    s3_logs=_dict(
        status=text("ENABLED", "DISABLED", required=True),
        location=text(),
        encryption_disabled=BOOL,
        bucket_owner_access=_BUCKET_OWNER,
    ),
)
_SOURCE: Spec = {
    "type": text(*SOURCES, required=True),
    "location": text(),
    "git_clone_depth": INT,
    "git_submodules_config": SUBMODULES,
    "buildspec": text(),
    "buildspec_file": PATH,
    "auth": AUTH,
    "insecure_ssl": BOOL,
    "report_build_status": BOOL,
    "build_status_config": BUILD_STATUS,
}
_ARTIFACTS: Spec = {
    "type": text(*ARTIFACTS, required=True),
    "location": text(),
    "path": text(),
    "namespace_type": text("NONE", "BUILD_ID"),
    "name": text(),
    "packaging": text("NONE", "ZIP"),
    "override_artifact_name": BOOL,
    "encryption_disabled": BOOL,
    "bucket_owner_access": _BUCKET_OWNER,
}
ARTIFACTS_OF_ONE = _dict(**_ARTIFACTS)
SECONDARY_SOURCES = _dicts(source_identifier=text(required=True), **_SOURCE)
SECONDARY_ARTIFACTS = _dicts(artifact_identifier=text(required=True), **_ARTIFACTS)
SECONDARY_SOURCE_VERSIONS = _dicts(source_identifier=text(required=True), source_version=text(required=True))

_ENVIRONMENT = _dict(
    type=text(*ENVIRONMENTS, required=True),
    image=text(required=True),
    compute_type=text(*COMPUTE, required=True),
    compute_configuration=_dict(
        vcpu=INT, memory=INT, disk=INT, machine_type=text("GENERAL", "NVME"), instance_type=text()
    ),
    fleet=FLEET,
    environment_variables={**ENVIRONMENT_VARIABLES, "default": []},
    privileged_mode=BOOL,
    certificate=text(),
    registry_credential=REGISTRY_CREDENTIAL,
    image_pull_credentials_type=text("CODEBUILD", "SERVICE_ROLE"),
    docker_server=_dict(compute_type=text(*COMPUTE, required=True), security_group_ids=_texts()),
    host_kernel=text("LINUX_KERNEL_4", "LINUX_KERNEL_6", "LINUX_KERNEL_LATEST"),
)
_BATCH = _dict(
    service_role=text(required=True),
    combine_artifacts=BOOL,
    restrictions=_dict(maximum_builds_allowed=INT, compute_types_allowed=_texts(), fleets_allowed=_texts()),
    timeout_in_mins=INT,
    batch_report_mode=text("REPORT_INDIVIDUAL_BUILDS", "REPORT_AGGREGATED_BATCH"),
)

# What CodeBuild has as members of a project, by the options' names.
PROJECT: Spec = {
    "description": text(),
    "source": _dict(**_SOURCE),
    "secondary_sources": {**SECONDARY_SOURCES, "default": []},
    "source_version": text(),
    "secondary_source_versions": {**SECONDARY_SOURCE_VERSIONS, "default": []},
    "artifacts": ARTIFACTS_OF_ONE,
    "secondary_artifacts": {**SECONDARY_ARTIFACTS, "default": []},
    "cache": CACHE,
    "environment": _ENVIRONMENT,
    "service_role": text(),
    "timeout_in_minutes": INT,
    "queued_timeout_in_minutes": INT,
    "concurrent_build_limit": INT,
    "auto_retry_limit": INT,
    "encryption_key": {"type": "str", "no_log": False},
    "vpc_config": _dict(
        vpc_id=text(required=True),
        subnets={**_texts(), "required": True},
        security_group_ids={**_texts(), "required": True},
    ),
    "badge_enabled": BOOL,
    "logs_config": LOGS,
    "file_system_locations": {
        **_dicts(
            type={"type": "str", "choices": ["EFS"], "default": "EFS"},
            location=text(required=True),
            mount_point=text(required=True),
            identifier=text(required=True),
            mount_options=text(),
        ),
        "default": [],
    },
    "build_batch_config": _BATCH,
}

ARGUMENT_SPEC: Spec = {
    "name": text(required=True),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **PROJECT,
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}
REQUIRED_IF = [("state", "present", ("source", "artifacts", "environment", "service_role"))]
