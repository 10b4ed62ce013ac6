#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codebuild_project

short_description: Create, update and delete CodeBuild projects

version_added: 1.0.0

description:
  - Makes a CodeBuild project what the task says, or takes it away.
  - The task says the whole project. An option that is left out stands for what CodeBuild does without it, so what is taken out of the
    task is taken out of the project. Tags are the exception. Without O(tags) they stay as they are.
  - A project that already does what the task says is not updated, whatever order its variables, subnets or sources are in, and
    whether or not it spells out what CodeBuild does anyway.
  - An update has what changes, and the tags, which CodeBuild would take away otherwise.
  - What CodeBuild would refuse (names and numbers out of range, a location that is missing, variables given twice) is refused before
    the first call, all of it at once.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._codebuild.project
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3

attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Values of variables of type V(PLAINTEXT) whose name says that they are secret, such as C(DB_PASSWORD), are not shown. That such
        a value changes is.
  idempotent:
    support: full

options:
  name:
    description:
      - The name of the project, 2 to 150 letters, digits, hyphens and underscores. It can't be changed later.
    type: str
    required: true
  state:
    description:
      - Whether there is to be such a project. With V(absent) its builds and their logs stay, and only O(name) is looked at.
    type: str
    choices: [present, absent]
    default: present
  description:
    description:
      - What the project is for, 255 characters at most.
    type: str
  source:
    description:
      - What is built. Required with O(state=present).
    type: dict
  secondary_sources:
    description:
      - More sources, 12 at most. Builds find each in the directory that C(CODEBUILD_SRC_DIR_) and its identifier name.
    type: list
    elements: dict
    default: []
  source_version:
    description:
      - What of the source is built, a branch, tag or commit, or the version of an object in S3. Without it, the newest.
    type: str
  secondary_source_versions:
    description:
      - The same of O(secondary_sources).
    type: list
    elements: dict
    default: []
  artifacts:
    description:
      - What becomes of the files that a build makes. Required with O(state=present).
    type: dict
  secondary_artifacts:
    description:
      - More artifacts, 12 at most.
    type: list
    elements: dict
    default: []
  cache:
    description:
      - What one build leaves for the next. Without it, nothing.
    type: dict
  environment:
    description:
      - What builds run in. Required with O(state=present).
    type: dict
  service_role:
    description:
      - The IAM role that builds have, by ARN or by name. Required with O(state=present).
      - One that was made a moment ago is tried for some time.
    type: str
  timeout_in_minutes:
    description:
      - How long a build may take, 5 to 2160 minutes. Without it, 60.
    type: int
  queued_timeout_in_minutes:
    description:
      - How long a build may wait for a machine, 5 to 480 minutes. Without it, 480.
    type: int
  concurrent_build_limit:
    description:
      - How many builds may run at a time. Without it there is no limit but the account's.
    type: int
  auto_retry_limit:
    description:
      - How often CodeBuild tries again by itself when a build failed, 0 to 10 times. Without it, not at all.
    type: int
  encryption_key:
    description:
      - The KMS key for artifacts, by the ARN of a key or alias, or as C(alias/NAME). Without it, the key of AWS for S3.
    type: str
  vpc_config:
    description:
      - The network that builds are in. Without it, one of CodeBuild's.
    type: dict
    suboptions:
      vpc_id:
        description:
          - The VPC.
        type: str
        required: true
      subnets:
        description:
          - Its subnets, 1 to 16. Builds in them need a way out, as through a NAT gateway.
        type: list
        elements: str
        required: true
      security_group_ids:
        description:
          - Security groups, 1 to 5.
        type: list
        elements: str
        required: true
  badge_enabled:
    description:
      - Whether there is a picture on the web that shows how the last build went. Without it, V(false).
    type: bool
  logs_config:
    description:
      - Where builds write their logs. Without it, to CloudWatch Logs, into the group C(/aws/codebuild/NAME).
    type: dict
  file_system_locations:
    description:
      - File systems of EFS that builds mount. They need O(vpc_config).
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description:
          - The kind of file system.
        type: str
        choices: [EFS]
        default: EFS
      location:
        description:
          - HOST:/DIRECTORY, such as C(fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com:/).
        type: str
        required: true
      mount_point:
        description:
          - The directory in the container.
        type: str
        required: true
      identifier:
        description:
          - The variable C(CODEBUILD_) and this in capitals has the directory.
        type: str
        required: true
      mount_options:
        description:
          - The options of the mount.
        type: str
  build_batch_config:
    description:
      - How several builds are run as one batch. Without it there are no batches.
    type: dict
    suboptions:
      service_role:
        description:
          - The IAM role that starts and stops builds of a batch, by ARN or by name.
        type: str
        required: true
      combine_artifacts:
        description:
          - Whether all artifacts go to one place. Without it, V(false).
        type: bool
      restrictions:
        description:
          - What a batch may use.
        type: dict
        suboptions:
          maximum_builds_allowed:
            description:
              - The number of builds, 1 to 100.
            type: int
          compute_types_allowed:
            description:
              - The sizes of machines.
            type: list
            elements: str
          fleets_allowed:
            description:
              - The fleets.
            type: list
            elements: str
      timeout_in_mins:
        description:
          - How long a batch may take, 5 to 2160 minutes.
        type: int
      batch_report_mode:
        description:
          - Whether the source is told of each build, or once. Without it, V(REPORT_INDIVIDUAL_BUILDS).
        type: str
        choices: [REPORT_INDIVIDUAL_BUILDS, REPORT_AGGREGATED_BATCH]

notes:
  - Costs one call to read the project, one to write it where it differs, and one to read a role that is given by its name.
  - It needs the permissions C(codebuild:BatchGetProjects), C(codebuild:CreateProject), C(codebuild:UpdateProject) and
    C(codebuild:DeleteProject) on the project, C(iam:PassRole) on the service role, and C(iam:GetRole) on it where it is given by its
    name.
  - Whether a project can be seen by everybody, and what webhooks it has, is not touched.

seealso:
  - module: golden.ami.codebuild_build
  - name: CodeBuild's API
    description: What each of the options means to CodeBuild.
    link: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
"""

EXAMPLES = r"""
- name: A project that builds what is in a repository
  golden.ami.codebuild_project:
    name: web-image
    description: Builds the image of the web servers
    service_role: codebuild-web-image
    source:
      type: CODECOMMIT
      location: https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/images
      git_clone_depth: 1
    source_version: refs/heads/main
    artifacts:
      type: NO_ARTIFACTS
    environment:
      type: LINUX_CONTAINER
      image: aws/codebuild/standard:7.0
      compute_type: BUILD_GENERAL1_SMALL
      environment_variables:
        - name: PACKER_SCRIPT
          value: packer-wordpress
        - name: DB_PASSWORD
          value: /web/database-password
          type: PARAMETER_STORE
    logs_config:
      cloud_watch_logs:
        status: ENABLED
        group_name: /golden/web
    tags:
      team: web

- name: One for a pipeline, in a VPC, with the buildspec from a file
  golden.ami.codebuild_project:
    name: web-build
    service_role: arn:aws:iam::111111111111:role/codebuild-web-build
    source:
      type: CODEPIPELINE
      buildspec_file: "{{ playbook_dir }}/files/buildspec.yml"
    artifacts:
      type: CODEPIPELINE
    environment:
      type: LINUX_CONTAINER
      image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/toolkit:1
      compute_type: BUILD_GENERAL1_MEDIUM
      image_pull_credentials_type: SERVICE_ROLE
    vpc_config:
      vpc_id: vpc-0123456789abcdef0
      subnets:
        - subnet-0123456789abcdef0
      security_group_ids:
        - sg-0123456789abcdef0
    timeout_in_minutes: 120
    concurrent_build_limit: 1

- name: Not any more
  golden.ami.codebuild_project:
    name: web-image
    state: absent
"""

RETURN = r"""
project:
  description:
    - The project as it is now, or in check mode would be, in the form of the options, with what CodeBuild does without being told
      filled in.
    - V(none) where there is none.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: success
      type: str
    arn:
      description: Its ARN.
      returned: success
      type: str
    created:
      description: When it was created. V(none) in check mode of a project that would be created.
      returned: success
      type: str
    last_modified:
      description: When it was updated the last time. V(none) in check mode of a project that would be created.
      returned: success
      type: str
    badge_url:
      description: Where the badge is. V(none) without one.
      returned: success
      type: str
    description:
      description: What it is for.
      returned: success
      type: str
    source:
      description: As the option.
      returned: success
      type: dict
    secondary_sources:
      description: As the option, sorted by identifier.
      returned: success
      type: list
      elements: dict
    source_version:
      description: As the option.
      returned: success
      type: str
    secondary_source_versions:
      description: As the option, sorted by identifier.
      returned: success
      type: list
      elements: dict
    artifacts:
      description: As the option.
      returned: success
      type: dict
    secondary_artifacts:
      description: As the option, sorted by identifier.
      returned: success
      type: list
      elements: dict
    cache:
      description: As the option.
      returned: success
      type: dict
    environment:
      description: As the option, with variables sorted by name. Values that are secret by their name are not shown.
      returned: success
      type: dict
    service_role:
      description: The ARN of the role.
      returned: success
      type: str
    timeout_in_minutes:
      description: As the option. V(none) on Lambda.
      returned: success
      type: int
    queued_timeout_in_minutes:
      description: As the option. V(none) on Lambda.
      returned: success
      type: int
    concurrent_build_limit:
      description: As the option. V(none) without a limit.
      returned: success
      type: int
    auto_retry_limit:
      description: As the option.
      returned: success
      type: int
    encryption_key:
      description: The key, an alias of this account as C(alias/NAME).
      returned: success
      type: str
    vpc_config:
      description: As the option. V(none) without one.
      returned: success
      type: dict
    badge_enabled:
      description: As the option.
      returned: success
      type: bool
    logs_config:
      description: As the option.
      returned: success
      type: dict
    file_system_locations:
      description: As the option, sorted by identifier.
      returned: success
      type: list
      elements: dict
    build_batch_config:
      description: As the option. V(none) without batches.
      returned: success
      type: dict
    tags:
      description: Its tags.
      returned: success
      type: dict
  sample:
    name: web-image
    arn: arn:aws:codebuild:eu-west-1:111111111111:project/web-image
    service_role: arn:aws:iam::111111111111:role/codebuild-web-image
    timeout_in_minutes: 60
    tags:
      team: web
actions:
  description:
    - What was done, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      returned: success
      type: str
    project:
      description: The name of the project.
      returned: success
      type: str
    changes:
      description: The options that an update is about, or that a new project has.
      returned: success
      type: list
      elements: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - action: update
      project: web-image
      changes:
        - timeout_in_minutes
      reason: "not as declared: timeout_in_minutes"
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_options import ARGUMENT_SPEC, REQUIRED_IF
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_project_run import run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, required_if=REQUIRED_IF, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
