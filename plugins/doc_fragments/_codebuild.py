# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import textwrap


def _at(column: int, text: str) -> str:
    """A project has the same options as its build's overrides, only less far in."""
    return textwrap.indent(text.strip("\n"), " " * column)


_SOURCE_TYPES = r"""
choices:
  - CODECOMMIT
  - CODEPIPELINE
  - S3
  - NO_SOURCE
  - GITHUB
  - GITHUB_ENTERPRISE
  - GITLAB
  - GITLAB_SELF_MANAGED
  - BITBUCKET
"""

_ACCESS = r"""
description:
  - How CodeBuild gets access to the source, where it is not the service role's.
type: dict
suboptions:
  type:
    description:
      - What it uses. V(OAUTH) is what the account's owner has set up on AWS's console.
    type: str
    required: true
    choices: [CODECONNECTIONS, OAUTH, SECRETS_MANAGER]
  resource:
    description:
      - The ARN of the connection or of the secret. Required but for V(OAUTH).
    type: str
"""

_CLONE = r"""
git_clone_depth:
  description:
    - How many commits are fetched. V(0) is all of them, which is what CodeBuild does without being told. For git repositories only.
  type: int
git_submodules_config:
  description:
    - What is done about submodules. For git repositories only.
  type: dict
  suboptions:
    fetch_submodules:
      description:
        - Whether to fetch them.
      type: bool
      required: true
"""

_BUILD_STATUS = r"""
build_status_config:
  description:
    - What CodeBuild tells the source.
  type: dict
  suboptions:
    context:
      description:
        - The name of the status.
      type: str
    target_url:
      description:
        - Where it links to.
      type: str
"""

_BUILDSPEC_FILE = r"""
buildspec_file:
  description:
    - A file on the host of the task that has the buildspec. CodeBuild gets its text.
  type: path
"""

_SOURCE = rf"""
type:
  description:
    - Where it is. V(CODEPIPELINE) is what the pipeline hands over, and V(NO_SOURCE) nothing.
  type: str
  required: true
{_at(2, _SOURCE_TYPES)}
location:
  description:
    - The URL of a git repository, or BUCKET/PATH of type V(S3). Required but for V(CODEPIPELINE) and V(NO_SOURCE), which have none.
  type: str
{_at(0, _CLONE)}
buildspec:
  description:
    - The buildspec itself, as YAML or JSON, or the path of one in the source, or the ARN of one in S3.
    - Without it, and without a file, C(buildspec.yml) in the root of the source.
  type: str
{_at(0, _BUILDSPEC_FILE)}
auth:
{_at(2, _ACCESS)}
insecure_ssl:
  description:
    - Whether to ignore what is wrong with the certificate of the source. Without it, V(false).
  type: bool
report_build_status:
  description:
    - Whether CodeBuild tells the source how a build went. For GitHub, GitLab and Bitbucket only. Without it, V(false).
  type: bool
{_at(0, _BUILD_STATUS)}
"""

_SECONDARY_SOURCE = rf"""
source_identifier:
  description:
    - By what it is known, letters, digits and underscores.
  type: str
  required: true
{_at(0, _SOURCE)}
"""

_SECONDARY_SOURCE_VERSION = r"""
source_identifier:
  description:
    - Which source.
  type: str
  required: true
source_version:
  description:
    - What of it is built.
  type: str
  required: true
"""

_ARTIFACTS = r"""
type:
  description:
    - Where they go. V(CODEPIPELINE) goes with a source of that type, and with no other. CodePipeline then decides about all else.
  type: str
  required: true
  choices: [CODEPIPELINE, NO_ARTIFACTS, S3]
location:
  description:
    - The name of the bucket. For V(S3) only, and required there.
  type: str
path:
  description:
    - The directory in the bucket.
  type: str
namespace_type:
  description:
    - Whether the id of the build is a directory below the path. Without it, V(NONE).
  type: str
  choices: [NONE, BUILD_ID]
name:
  description:
    - The name of the directory or ZIP file. Without it, that of the project.
  type: str
packaging:
  description:
    - Whether they are put into a ZIP file. Without it, V(NONE).
  type: str
  choices: [NONE, ZIP]
override_artifact_name:
  description:
    - Whether the name in the buildspec counts instead. Without it, V(false).
  type: bool
encryption_disabled:
  description:
    - Whether they are not encrypted. Without it, V(false).
  type: bool
bucket_owner_access:
  description:
    - What the owner of a bucket in another account may do with them. Without it, V(NONE).
  type: str
  choices: [NONE, READ_ONLY, FULL]
"""

_SECONDARY_ARTIFACTS = rf"""
artifact_identifier:
  description:
    - By what the buildspec knows them.
  type: str
  required: true
{_at(0, _ARTIFACTS)}
"""

_CACHE = r"""
type:
  description:
    - Where it is kept.
  type: str
  required: true
  choices: [LOCAL, NO_CACHE, S3]
location:
  description:
    - BUCKET/PREFIX. For V(S3) only, and required there.
  type: str
modes:
  description:
    - What is kept. For V(LOCAL) only, and required there.
  type: list
  elements: str
  choices: [LOCAL_CUSTOM_CACHE, LOCAL_DOCKER_LAYER_CACHE, LOCAL_SOURCE_CACHE]
cache_namespace:
  description:
    - By what projects that share a cache know it. For V(S3) only.
  type: str
"""

_LOGS = r"""
cloud_watch_logs:
  description:
    - Logs in CloudWatch Logs. M(golden.ami.codebuild_build) follows a build without them by its phases only.
  type: dict
  suboptions:
    status:
      description:
        - Whether they are written.
      type: str
      required: true
      choices: [ENABLED, DISABLED]
    group_name:
      description:
        - The log group.
      type: str
    stream_name:
      description:
        - The beginning of the names of log streams.
      type: str
s3_logs:
  description:
    - Logs in S3.
  type: dict
  suboptions:
    status:
      description:
        - Whether they are written.
      type: str
      required: true
      choices: [ENABLED, DISABLED]
    location:
      description:
        - BUCKET/PREFIX. Required where they are written.
      type: str
    encryption_disabled:
      description:
        - Whether they are not encrypted. Without it, V(false).
      type: bool
    bucket_owner_access:
      description:
        - What the owner of a bucket in another account may do with them. Without it, V(NONE).
      type: str
      choices: [NONE, READ_ONLY, FULL]
"""

_ENVIRONMENT_TYPES = r"""
choices:
  - LINUX_CONTAINER
  - LINUX_GPU_CONTAINER
  - LINUX_EC2
  - LINUX_LAMBDA_CONTAINER
  - ARM_CONTAINER
  - ARM_EC2
  - ARM_LAMBDA_CONTAINER
  - MAC_ARM
  - WINDOWS_CONTAINER
  - WINDOWS_EC2
  - WINDOWS_SERVER_2019_CONTAINER
  - WINDOWS_SERVER_2022_CONTAINER
"""

_COMPUTE_TYPES = r"""
choices:
  - BUILD_GENERAL1_SMALL
  - BUILD_GENERAL1_MEDIUM
  - BUILD_GENERAL1_LARGE
  - BUILD_GENERAL1_XLARGE
  - BUILD_GENERAL1_2XLARGE
  - BUILD_LAMBDA_1GB
  - BUILD_LAMBDA_2GB
  - BUILD_LAMBDA_4GB
  - BUILD_LAMBDA_8GB
  - BUILD_LAMBDA_10GB
  - ATTRIBUTE_BASED_COMPUTE
  - CUSTOM_INSTANCE_TYPE
"""

_FLEET = r"""
fleet:
  description:
    - Machines that are reserved for builds.
  type: dict
  suboptions:
    fleet_arn:
      description:
        - The ARN of the fleet.
      type: str
      required: true
"""

_VARIABLE_TYPE = r"""
type:
  description:
    - Where the value is.
  type: str
  choices: [PLAINTEXT, PARAMETER_STORE, SECRETS_MANAGER]
  default: PLAINTEXT
"""

_CERTIFICATE = r"""
certificate:
  description:
    - The ARN of a PEM file in S3 with certificates that builds are to trust.
  type: str
"""

_REGISTRY_CREDENTIAL = r"""
type: dict
suboptions:
  credential:
    description:
      - The ARN, or in the same Region the name, of a secret.
    type: str
    required: true
  credential_provider:
    description:
      - Where the secret is.
    type: str
    choices: [SECRETS_MANAGER]
    default: SECRETS_MANAGER
"""


class ModuleDocFragment:
    # With an annotation: ansible-test's yamllint takes what has none for a literal, and fails on what is put together.

    # The suboptions of a project that a build can override; the module says the rest of these options.
    PROJECT: str = rf"""
options:
  source:
    suboptions:
{_at(6, _SOURCE)}
  secondary_sources:
    suboptions:
{_at(6, _SECONDARY_SOURCE)}
  secondary_source_versions:
    suboptions:
{_at(6, _SECONDARY_SOURCE_VERSION)}
  artifacts:
    suboptions:
{_at(6, _ARTIFACTS)}
  secondary_artifacts:
    suboptions:
{_at(6, _SECONDARY_ARTIFACTS)}
  cache:
    suboptions:
{_at(6, _CACHE)}
  logs_config:
    suboptions:
{_at(6, _LOGS)}
  environment:
    suboptions:
      type:
        description:
          - The kind of machine.
        type: str
        required: true
{_at(8, _ENVIRONMENT_TYPES)}
      image:
        description:
          - The image of the container, such as C(aws/codebuild/standard:7.0), or one of a registry with its tag or digest.
        type: str
        required: true
      compute_type:
        description:
          - The size of the machine.
        type: str
        required: true
{_at(8, _COMPUTE_TYPES)}
      compute_configuration:
        description:
          - The size in numbers. Required by V(ATTRIBUTE_BASED_COMPUTE) and V(CUSTOM_INSTANCE_TYPE).
        type: dict
        suboptions:
          vcpu:
            description:
              - The number of virtual processors.
            type: int
          memory:
            description:
              - GiB of memory.
            type: int
          disk:
            description:
              - GB of disk.
            type: int
          machine_type:
            description:
              - The kind of disk.
            type: str
            choices: [GENERAL, NVME]
          instance_type:
            description:
              - The EC2 instance type.
            type: str
{_at(6, _FLEET)}
      environment_variables:
        description:
          - The environment of builds. A name is there once.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description:
              - The name of the variable.
            type: str
            required: true
          value:
            description:
              - Its value. Of type V(PARAMETER_STORE) the name of a parameter, and of type V(SECRETS_MANAGER) the secret's name or ARN, with
                C(:KEY:STAGE:VERSION) after it where needed.
              - Of type V(PLAINTEXT) it is shown to whoever may read the project. A name that says that it is secret gives a warning.
            type: str
            required: true
{_at(10, _VARIABLE_TYPE)}
      privileged_mode:
        description:
          - Whether builds can run containers of their own. Without it, V(false).
        type: bool
{_at(6, _CERTIFICATE)}
      registry_credential:
        description:
          - What it takes to pull the image from a private registry. Needs O(environment.image_pull_credentials_type=SERVICE_ROLE).
{_at(8, _REGISTRY_CREDENTIAL)}
      image_pull_credentials_type:
        description:
          - Who pulls the image. CodeBuild's own images take V(CODEBUILD), images of a registry of yours V(SERVICE_ROLE). Without it,
            V(CODEBUILD).
        type: str
        choices: [CODEBUILD, SERVICE_ROLE]
      docker_server:
        description:
          - A Docker server that builds share.
        type: dict
        suboptions:
          compute_type:
            description:
              - Its size.
            type: str
            required: true
{_at(12, _COMPUTE_TYPES)}
          security_group_ids:
            description:
              - Its security groups.
            type: list
            elements: str
      host_kernel:
        description:
          - The kernel below the container. Without it CodeBuild chooses, and what it has chosen stays.
        type: str
        choices: [LINUX_KERNEL_4, LINUX_KERNEL_6, LINUX_KERNEL_LATEST]
"""

    # What a build does otherwise. Without one of these it is as in the project.
    OVERRIDES: str = rf"""
options:
  overrides:
    suboptions:
      source_version:
        description:
          - What of the source is built, a branch, tag or commit, or the version of an object in S3.
        type: str
      source_type:
        description:
          - Where the source is.
        type: str
{_at(8, _SOURCE_TYPES)}
      source_location:
        description:
          - The URL of a git repository, or BUCKET/PATH in S3.
        type: str
      source_auth:
{_at(8, _ACCESS)}
      secondary_sources:
        description:
          - More sources, instead of the project's.
        type: list
        elements: dict
        suboptions:
{_at(10, _SECONDARY_SOURCE)}
      secondary_source_versions:
        description:
          - What of the secondary sources is built.
        type: list
        elements: dict
        suboptions:
{_at(10, _SECONDARY_SOURCE_VERSION)}
{_at(6, _CLONE)}
      insecure_ssl:
        description:
          - Whether to ignore what is wrong with the certificate of the source.
        type: bool
      report_build_status:
        description:
          - Whether CodeBuild tells the source how the build went. For GitHub, GitLab and Bitbucket only.
        type: bool
{_at(6, _BUILD_STATUS)}
      buildspec:
        description:
          - The buildspec itself, as YAML or JSON, or the path of one in the source, or the ARN of one in S3.
        type: str
{_at(6, _BUILDSPEC_FILE)}
      environment_type:
        description:
          - The kind of machine.
        type: str
{_at(8, _ENVIRONMENT_TYPES)}
      image:
        description:
          - The image of the container.
        type: str
      compute_type:
        description:
          - The size of the machine.
        type: str
{_at(8, _COMPUTE_TYPES)}
{_at(6, _FLEET)}
      environment_variables:
        description:
          - Variables that the build has besides the project's, or instead of those of the same name.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name of the variable.
            type: str
            required: true
          value:
            description:
              - Its value, or the place of its value.
              - One of type V(PLAINTEXT) whose name says that it is secret does not reach a result, the screen or the log on this machine.
            type: str
            required: true
{_at(10, _VARIABLE_TYPE)}
      privileged_mode:
        description:
          - Whether the build can run containers of its own.
        type: bool
{_at(6, _CERTIFICATE)}
      registry_credential:
        description:
          - What it takes to pull the image from a private registry.
{_at(8, _REGISTRY_CREDENTIAL)}
      image_pull_credentials_type:
        description:
          - Who pulls the image.
        type: str
        choices: [CODEBUILD, SERVICE_ROLE]
      artifacts:
        description:
          - What becomes of the files that the build makes.
        type: dict
        suboptions:
{_at(10, _ARTIFACTS)}
      secondary_artifacts:
        description:
          - More artifacts, instead of the project's.
        type: list
        elements: dict
        suboptions:
{_at(10, _SECONDARY_ARTIFACTS)}
      cache:
        description:
          - What this build takes from others and leaves for them.
        type: dict
        suboptions:
{_at(10, _CACHE)}
      logs_config:
        description:
          - Where the build writes its log.
        type: dict
        suboptions:
{_at(10, _LOGS)}
      service_role:
        description:
          - The ARN of the IAM role that the build has.
        type: str
      encryption_key:
        description:
          - The KMS key for artifacts.
        type: str
      timeout_in_minutes:
        description:
          - How long the build may take, 5 to 2160 minutes.
        type: int
      queued_timeout_in_minutes:
        description:
          - How long it may wait for a machine, 5 to 480 minutes.
        type: int
      auto_retry_limit:
        description:
          - How often CodeBuild tries again by itself when the build fails, 0 to 10 times.
        type: int
"""
