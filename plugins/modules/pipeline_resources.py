#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pipeline_resources

short_description: What a pipeline stands on, from key and bucket to topic and rules

version_added: 1.0.0

description:
  - Has in one go all that a pipeline needs besides CodeBuild projects and itself. These are a customer key, a bucket for artefacts
    that is encrypted with it, versioned and private, a CodeCommit repository, log groups, a topic, roles, EventBridge rules, and a
    schedule.
  - All of it carries the tag C(golden:pipeline) with the name of the pipeline. What is there already and does not carry it is refused,
    all at once and before anything is written, unless O(adopt) says otherwise.
  - A repository may be that of several pipelines. The one that made it changes and deletes it, the others only use it.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full

options:
  name:
    description:
      - The name of the pipeline. It is the value of the tag, and the name of the schedule and its group.
    type: str
    required: true
  state:
    description:
      - Whether all that is to be there. With V(absent) only what carries the tag goes, and what was adopted stays. KMS keeps the key
        for seven days more.
    type: str
    choices: [present, absent]
    default: present
  adopt:
    description:
      - Whether to take over what is there and not the pipeline's.
    type: bool
    default: false
  key_alias:
    description:
      - The alias of the key, which begins with C(alias/).
    type: str
    required: true
  bucket:
    description:
      - The name of the bucket.
    type: str
    required: true
  expire_days:
    description:
      - After how many days artefacts are deleted.
    type: int
    default: 30
  repository:
    description:
      - The name of the repository. None where the code is elsewhere.
    type: str
  repository_description:
    description:
      - What the repository is for.
    type: str
    default: ""
  delete_repository:
    description:
      - Whether O(state=absent) deletes the repository as well, with all code that is in it.
    type: bool
    default: false
  projects:
    description:
      - The names of the CodeBuild projects, which golden.ami.codebuild_project makes. They and the pipeline itself are looked at, so that
        those that are there and not the pipeline's are refused together with the rest.
    type: list
    elements: str
    default: []
  log_groups:
    description:
      - The names of the log groups.
    type: list
    elements: str
    default: []
  retention_days:
    description:
      - For how many days logs are kept, one of the numbers that CloudWatch Logs allows.
    type: int
    default: 30
  topic_arn:
    description:
      - The ARN of the topic. Its account and Region are those of the task.
    type: str
    required: true
  subscriptions:
    description:
      - Who is told. Subscriptions that are there stay.
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description:
          - How, like V(email) or V(sqs).
        type: str
        required: true
      endpoint:
        description:
          - Where, like an address or the ARN of a queue.
        type: str
        required: true
  roles:
    description:
      - The roles.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name.
        type: str
        required: true
      service:
        description:
          - The service that assumes it, like V(codebuild.amazonaws.com).
        type: str
        required: true
      statements:
        description:
          - What it may do, as statements of a policy. The resource V(KEY_OF_THE_PIPELINE) stands for the ARN of the key.
        type: list
        elements: dict
        required: true
  rules:
    description:
      - The EventBridge rules.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name.
        type: str
        required: true
      description:
        description:
          - What it is for.
        type: str
        default: ""
      pattern:
        description:
          - The pattern of its events.
        type: dict
        required: true
      target:
        description:
          - Its target in the words of EventBridge's API, like C(Arn), C(RoleArn) and C(InputTransformer).
        type: dict
        required: true
  schedule:
    description:
      - When something is started by time. Without it there is no schedule, and one that was made goes.
    type: dict
    suboptions:
      expression:
        description:
          - When, like V(cron(0 3 * * ? *\)).
        type: str
        required: true
      time_zone:
        description:
          - The time zone of that, like V(Europe/Berlin).
        type: str
        default: UTC
      target:
        description:
          - What is started, as C(Arn) and C(RoleArn).
        type: dict
        required: true
  tags:
    description:
      - Further tags of all that. Other tags that are there stay.
    type: dict
    default: {}

notes:
  - All that is there is read first. When nothing has to be done, nothing is written.

seealso:
  - plugin: golden.ami.pipeline
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Have what the pipeline stands on
  golden.ami.pipeline_resources:
    name: wordpress
    key_alias: alias/wordpress-pipeline
    bucket: wordpress-artefacts
    repository: images
    topic_arn: arn:aws:sns:eu-west-1:111111111111:wordpress-pipeline
    subscriptions:
      - protocol: email
        endpoint: images@example.com
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: What it is about, V(key), V(bucket), V(repository), V(log_group), V(topic), V(role), V(rule) or V(schedule).
      returned: success
      type: str
    name:
      description: Its name.
      returned: success
      type: str
    action:
      description: V(create), V(update) or V(delete).
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - kind: bucket
      name: wordpress-artefacts
      action: create
      reason: there is none of that name
found_there:
  description:
    - The names of projects, and of the pipeline, that are there and were not made for this pipeline; they stay when it goes.
  returned: success
  type: list
  elements: str
  sample: []
key_arn:
  description:
    - The ARN of the key. V(none) where there is none yet, as in check mode.
  returned: success
  type: str
  sample: arn:aws:kms:eu-west-1:111111111111:key/6f0c2f5e-0d5b-4f39-9a51-1d5bd6a3c0de
clone_url:
  description:
    - The address that C(git push) takes. V(none) without a repository, and where there is none yet.
  returned: success
  type: str
  sample: https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/images
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.resources_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
