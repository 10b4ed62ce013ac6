#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codepipeline

short_description: Manage pipelines of AWS CodePipeline, of type V2 and V1

version_added: 1.0.0

description:
  - Creates, updates and deletes a pipeline. It is updated when it differs from what the options say, and only then.
  - What AWS would refuse is refused before the first call, all of it at once, with the stage and the action that it is about. That are
    names, lengths and required keys of configurations, artifacts that no earlier action makes, variables that no earlier action gives,
    and what the type of the pipeline does not have.
  - The options say the whole pipeline. What they leave out has AWS's own default, whatever the pipeline had before.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
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
      - The name of the pipeline.
    type: str
    required: true
  state:
    description:
      - Whether the pipeline is to be there.
    type: str
    choices: [present, absent]
    default: present
  role_arn:
    description:
      - The ARN of the role that CodePipeline assumes. A role that is new is waited for, up to a minute, until CodePipeline can assume it.
      - Required with O(state=present).
    type: str
  pipeline_type:
    description:
      - The type of the pipeline. Variables, triggers, conditions, O(stages[].on_failure), actions of category V(Compute) and other modes
        than V(SUPERSEDED) need V(V2).
      - This default is not that of AWS's API, which is V(V1).
    type: str
    choices: [V1, V2]
    default: V2
  execution_mode:
    description:
      - What becomes of an execution when another one is started. With V(SUPERSEDED) the newer one overtakes it between stages, with
        V(QUEUED) the newer one waits, with V(PARALLEL) both run.
    type: str
    choices: [SUPERSEDED, QUEUED, PARALLEL]
    default: SUPERSEDED
  artifact_store:
    description:
      - Where artifacts are kept, for a pipeline that has all actions in its own Region.
      - With O(state=present) either this or O(artifact_stores) is required.
    type: dict
    suboptions: &store
      location:
        description:
          - The name of the S3 bucket.
        type: str
        required: true
      type:
        description:
          - The type of the store.
        type: str
        choices: [S3]
        default: S3
      encryption_key:
        description:
          - The key that artifacts are encrypted with. Without one it is that of AWS for S3, which other accounts cannot use.
        type: dict
        suboptions:
          id:
            description:
              - The ARN of the key, its id, or the ARN of an alias.
            type: str
            required: true
          type:
            description:
              - The type of the key.
            type: str
            choices: [KMS]
            default: KMS
  artifact_stores:
    description:
      - The artifact store of each Region, by the name of the Region, for a pipeline with actions in several. Each one has the options of
        O(artifact_store). The pipeline's own Region must have one.
    type: dict
  stages:
    description:
      - The stages, two at least. The first one has source actions only, and no other one has any.
      - Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the stage.
        type: str
        required: true
      actions:
        description:
          - The actions of the stage.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description:
              - The name of the action.
            type: str
            required: true
          category:
            description:
              - The kind of action.
            type: str
            required: true
            choices: [Source, Build, Test, Deploy, Approval, Invoke, Compute]
          owner:
            description:
              - Who made the type of action.
            type: str
            choices: [AWS, ThirdParty, Custom]
            default: AWS
          provider:
            description:
              - What does the work, for example V(CodeCommit), V(CodeStarSourceConnection), V(S3), V(CodeBuild), V(Manual), V(Lambda) or
                V(Commands).
            type: str
            required: true
          version:
            description:
              - The version of the type of action.
            type: str
            default: "1"
          run_order:
            description:
              - Actions with the same number run beside each other, after those with lower ones.
            type: int
            default: 1
          configuration:
            description:
              - What the provider is told. The keys are those of the provider's own documentation, and are passed on as they are.
              - The values are strings for AWS. Numbers and booleans are made strings; of a list or a dictionary, such as that of
                V(EnvironmentVariables), the JSON is passed on. JSON is compared as JSON. A key without a value (V(none)) is left out.
              - The value of V(OAuthToken), and others that AWS shows as V(****), are never compared and never shown. When one of them is
                the only thing that changed, change something else as well, or delete the pipeline first.
            type: dict
            default: {}
          input_artifacts:
            description:
              - The names of the artifacts that the action takes. An earlier action makes them.
            type: list
            elements: raw
            default: []
          output_artifacts:
            description:
              - The artifacts that the action makes, by name. For actions of provider V(Commands) an entry may be a dictionary with
                C(name) and C(files).
            type: list
            elements: raw
            default: []
          region:
            description:
              - The Region that the action runs in, when it is not that of the pipeline.
            type: str
          role_arn:
            description:
              - The ARN of a role for this action, which the role of the pipeline assumes.
            type: str
          namespace:
            description:
              - The name under which later actions find what this one gives, as C(#{NAMESPACE.KEY}).
            type: str
          timeout_in_minutes:
            description:
              - How long the action may take, V(5) to V(86400). AWS takes it for approvals.
            type: int
          commands:
            description:
              - The shell commands of an action of provider V(Commands).
            type: list
            elements: str
            default: []
          output_variables:
            description:
              - Which variables of its environment an action of provider V(Commands) gives to later actions.
            type: list
            elements: str
            default: []
          environment_variables:
            description:
              - The environment of an action of provider V(Commands). For V(CodeBuild) it is C(EnvironmentVariables) in
                O(stages[].actions[].configuration).
            type: list
            elements: dict
            default: []
            suboptions:
              name:
                description:
                  - The name.
                type: str
                required: true
              value:
                description:
                  - The value, or the name or ARN of a secret.
                type: str
                required: true
              type:
                description:
                  - What the value is.
                type: str
                choices: [PLAINTEXT, SECRETS_MANAGER]
                default: PLAINTEXT
      before_entry:
        description:
          - What must hold before the stage is entered.
        type: dict
        suboptions:
          conditions:
            description:
              - One condition.
            type: list
            elements: dict
            required: true
            suboptions:
              result:
                description:
                  - What happens when the rules do not hold.
                type: str
                choices: [FAIL, SKIP]
              rules: &rules
                description:
                  - The rules, one to five. All of them must hold.
                type: list
                elements: dict
                required: true
                suboptions:
                  name:
                    description:
                      - The name of the rule.
                    type: str
                    required: true
                  provider:
                    description:
                      - The type of rule, for example V(VariableCheck), V(LambdaInvoke), V(CloudWatchAlarm) or V(DeploymentWindow).
                    type: str
                    required: true
                  version:
                    description:
                      - The version of the type.
                    type: str
                    default: "1"
                  configuration:
                    description:
                      - What the rule is told, as in O(stages[].actions[].configuration).
                    type: dict
                    default: {}
                  commands:
                    description:
                      - The shell commands of a rule of provider V(Commands).
                    type: list
                    elements: str
                    default: []
                  input_artifacts:
                    description:
                      - The names of the artifacts that the rule takes.
                    type: list
                    elements: str
                    default: []
                  region:
                    description:
                      - The Region, when it is not that of the pipeline.
                    type: str
                  role_arn:
                    description:
                      - The ARN of a role for this rule.
                    type: str
                  timeout_in_minutes:
                    description:
                      - How long the rule may take.
                    type: int
      on_success:
        description:
          - What must hold when the actions of the stage have succeeded.
        type: dict
        suboptions:
          conditions:
            description:
              - One condition.
            type: list
            elements: dict
            required: true
            suboptions:
              result:
                description:
                  - What happens when the rules do not hold.
                type: str
                choices: [FAIL, ROLLBACK]
              rules: *rules
      on_failure:
        description:
          - What happens when the stage has failed.
        type: dict
        suboptions:
          result:
            description:
              - V(FAIL) ends the execution, as it does without this option. V(ROLLBACK) rolls the stage back to the last execution that
                succeeded in it. V(RETRY) runs it once more. V(SKIP) goes on.
            type: str
            choices: [FAIL, ROLLBACK, RETRY, SKIP]
          retry_configuration:
            description:
              - How it is retried, with V(RETRY). Without it the failed actions are.
            type: dict
            suboptions:
              retry_mode:
                description:
                  - Which actions run again.
                type: str
                choices: [FAILED_ACTIONS, ALL_ACTIONS]
                required: true
          conditions:
            description:
              - One condition at most.
            type: list
            elements: dict
            default: []
            suboptions:
              result:
                description:
                  - What happens when the rules hold.
                type: str
                choices: [FAIL, ROLLBACK, RETRY, SKIP]
              rules: *rules
  variables:
    description:
      - The variables of the pipeline, which actions use as C(#{variables.NAME}).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name.
        type: str
        required: true
      default_value:
        description:
          - The value when an execution is started without one. Without a default it has to be given each time.
        type: str
      description:
        description:
          - What it is for.
        type: str
  triggers:
    description:
      - Which events in a git repository start the pipeline. They work with sources of CodeConnections (V(CodeStarSourceConnection)) only.
        For CodeCommit an EventBridge rule starts it.
      - Without any, those that AWS adds by itself stay, a push to the branch of the source, and do not count as a difference.
    type: list
    elements: dict
    default: []
    suboptions:
      source_action_name:
        description:
          - The name of the source action. Each may have one trigger.
        type: str
        required: true
      push:
        description:
          - Pushes that start it, up to three filters.
        type: list
        elements: dict
        default: []
        suboptions:
          branches: &patterns
            description:
              - Branches, as patterns.
            type: dict
            suboptions:
              includes:
                description:
                  - One of these must match.
                type: list
                elements: str
                default: []
              excludes:
                description:
                  - None of these must match.
                type: list
                elements: str
                default: []
          tags:
            <<: *patterns
            description:
              - Tags, as patterns. Not together with the others.
          file_paths:
            <<: *patterns
            description:
              - Paths of changed files, as patterns.
      pull_request:
        description:
          - Pull requests that start it, up to three filters.
        type: list
        elements: dict
        default: []
        suboptions:
          events:
            description:
              - What happened to the pull request.
            type: list
            elements: str
            choices: [OPEN, UPDATED, CLOSED]
            default: []
          branches:
            <<: *patterns
            description:
              - The branches that it is to be merged into, as patterns.
          file_paths:
            <<: *patterns
            description:
              - Paths of changed files, as patterns.

notes:
  - When nothing changes it costs two calls.
  - It needs C(codepipeline:GetPipeline), C(codepipeline:ListTagsForResource), C(codepipeline:CreatePipeline),
    C(codepipeline:UpdatePipeline), C(codepipeline:DeletePipeline), C(codepipeline:TagResource), C(codepipeline:UntagResource), and
    C(iam:PassRole) for O(role_arn).
  - CodePipeline starts an execution when a pipeline is created, not when it is updated.
  - An update has to name a secret that AWS shows as V(****), or the pipeline loses it. Keep C(OAuthToken) in the options.

seealso:
  - module: golden.ami.codepipeline_execution
  - module: golden.ami.codepipeline_info
"""

EXAMPLES = r"""
- name: Have a pipeline that builds an image from a CodeCommit repository, and asks before it goes on
  golden.ami.codepipeline:
    name: wordpress
    role_arn: arn:aws:iam::111111111111:role/wordpress-pipeline
    execution_mode: QUEUED
    artifact_store:
      location: wordpress-artifacts
      encryption_key:
        id: arn:aws:kms:eu-west-1:111111111111:key/0b1c2d3e-0000-4000-8000-000000000000
    variables:
      - name: PACKER_SCRIPT
        default_value: wordpress
    stages:
      - name: Source
        actions:
          - name: repository
            category: Source
            provider: CodeCommit
            namespace: Source
            configuration:
              RepositoryName: images
              BranchName: main
              # An EventBridge rule starts the pipeline.
              PollForSourceChanges: false
            output_artifacts:
              - source
      - name: Build
        on_failure:
          result: RETRY
        actions:
          - name: packer
            category: Build
            provider: CodeBuild
            namespace: Build
            configuration:
              ProjectName: wordpress
              # JSON for AWS, compared as JSON.
              EnvironmentVariables:
                - name: PACKER_SCRIPT
                  value: "#{variables.PACKER_SCRIPT}"
                  type: PLAINTEXT
            input_artifacts:
              - source
            output_artifacts:
              - built
      - name: Approve
        actions:
          - name: look
            category: Approval
            provider: Manual
            configuration:
              CustomData: "Built of #{Source.CommitId}"
      - name: Distribute
        actions:
          - name: copy
            category: Build
            provider: CodeBuild
            configuration:
              ProjectName: wordpress-distribute
            input_artifacts:
              - built
    tags:
      team: web

- name: Start a pipeline with pushes to branches of releases in a repository on GitHub
  golden.ami.codepipeline:
    name: web
    role_arn: arn:aws:iam::111111111111:role/web-pipeline
    artifact_store:
      location: web-artifacts
    stages:
      - name: Source
        actions:
          - name: github
            category: Source
            provider: CodeStarSourceConnection
            configuration:
              ConnectionArn: arn:aws:codeconnections:eu-west-1:111111111111:connection/0b1c2d3e-0000-4000-8000-000000000000
              FullRepositoryId: example/images
              BranchName: main
              DetectChanges: false
            output_artifacts:
              - source
      - name: Build
        actions:
          - name: packer
            category: Build
            provider: CodeBuild
            configuration:
              ProjectName: web
            input_artifacts:
              - source
    triggers:
      - source_action_name: github
        push:
          - branches:
              includes:
                - release/*
            file_paths:
              excludes:
                - docs/**

- name: Delete a pipeline
  golden.ami.codepipeline:
    name: web
    state: absent
"""

RETURN = r"""
pipeline:
  description:
    - The pipeline as it is now, in the words of the options and with AWS's defaults; in check mode, as it would be. V(none) when it is
      absent.
  returned: success
  type: dict
  contains:
    name:
      description: The name.
      returned: success
      type: str
    arn:
      description: The ARN.
      returned: success
      type: str
    version:
      description: The version, which CodePipeline counts up with each update of the pipeline.
      returned: success
      type: int
    role_arn:
      description: The role that CodePipeline assumes.
      returned: success
      type: str
    pipeline_type:
      description: V(V1) or V(V2).
      returned: success
      type: str
    execution_mode:
      description: The execution mode.
      returned: success
      type: str
    artifact_stores:
      description: The artifact stores by Region, also when there is one only. C(location), C(type) and C(encryption_key) of each.
      returned: success
      type: dict
    stages:
      description: The stages.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
        actions:
          description: The actions, with all of O(stages[].actions). In C(configuration), JSON is without blanks and secrets are V(****).
          returned: success
          type: list
          elements: dict
        before_entry:
          description: As in the options, V(none) without conditions.
          returned: success
          type: dict
        on_success:
          description: As in the options, V(none) without conditions.
          returned: success
          type: dict
        on_failure:
          description: As in the options, V(none) when nothing is said.
          returned: success
          type: dict
    variables:
      description: The variables, with C(name), C(default_value) and C(description), by name.
      returned: success
      type: list
      elements: dict
    triggers:
      description: The triggers as in the options, without those that AWS adds by itself when there are none.
      returned: success
      type: list
      elements: dict
    tags:
      description: The tags.
      returned: success
      type: dict
  sample:
    name: web
    arn: arn:aws:codepipeline:eu-west-1:111111111111:web
    version: 1
    role_arn: arn:aws:iam::111111111111:role/web-pipeline
    pipeline_type: V2
    execution_mode: SUPERSEDED
    artifact_stores:
      eu-west-1:
        location: web-artifacts
        type: S3
        encryption_key:
    stages: []
    variables: []
    triggers: []
    tags: {}
changes:
  description:
    - What is changed; V(all) when the pipeline is created or deleted.
  returned: success
  type: list
  elements: str
  sample:
    - stages[Build].actions[packer].configuration.ProjectName
    - tags
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_options import (
    ARGUMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    REQUIRED_IF,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_run import run


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_if=REQUIRED_IF,
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
