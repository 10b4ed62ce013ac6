#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codepipeline_execution

short_description: Start, follow, stop, approve, reject, retry and roll back executions of AWS CodePipeline

version_added: 1.0.0

description:
  - Does one thing with an execution of a pipeline, and waits for what comes of it.
  - While it waits, the screen shows each action that begins or ends with the time since the start, and with O(follow_logs=true) what the
    builds say. That works where tasks run on the control side; elsewhere O(log_path) has the same.
  - When the execution fails the module does, too. It says where, why, with which last lines of the build's log, and how to go on.
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
    details:
      - Says whether there is something to do, and shows the execution as it is now.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - With O(state=started) each run starts an execution.
      - Stopping what does not run, answering an approval as it is answered already, retrying what did not fail, and rolling back what is
        rolled back change nothing.

options:
  pipeline:
    description:
      - The name of the pipeline.
    type: str
    required: true
    aliases: [name]
  state:
    description:
      - With V(started) a new execution is started.
      - With V(stopped) an execution is stopped.
      - With V(approved) or V(rejected) an approval that waits is answered.
      - With V(retried) a stage that failed or was stopped runs once more.
      - With V(rolled_back) a stage is rolled back to an execution that succeeded in it, by a new execution.
      - With V(watched) nothing is changed. An execution that something else started is followed.
    type: str
    choices: [started, stopped, approved, rejected, retried, rolled_back, watched]
    default: started
  execution_id:
    description:
      - Which execution it is about. Without it, V(stopped) takes the one that runs, V(approved) and V(rejected) that of the approval that
        waits, V(retried) and V(watched) the newest.
    type: str
  variables:
    description:
      - The values of pipeline variables, by name, with O(state=started). The pipeline must have them, and those without a default must be
        given.
    type: dict
    default: {}
  source_revisions:
    description:
      - Which revisions of its sources the execution takes, with O(state=started). Without it, the newest ones.
    type: list
    elements: dict
    default: []
    suboptions:
      action:
        description:
          - The name of the source action.
        type: str
        required: true
      type:
        description:
          - What O(source_revisions[].value) is. Without it, it follows from the source. V(COMMIT_ID) for repositories, V(IMAGE_DIGEST) for
            ECR, V(S3_OBJECT_VERSION_ID) for S3.
        type: str
        choices: [COMMIT_ID, IMAGE_DIGEST, S3_OBJECT_VERSION_ID, S3_OBJECT_KEY]
      value:
        description:
          - The revision.
        type: str
        required: true
  client_request_token:
    description:
      - With O(state=started), AWS starts one execution only for the same token.
    type: str
  abandon:
    description:
      - With O(state=stopped), whether actions that run are given up. Otherwise they are waited for.
    type: bool
    default: false
  stage:
    description:
      - The stage. Required with O(state=rolled_back). With O(state=retried) it is the one that failed unless it is named, and with
        V(approved) and V(rejected) the one that waits.
    type: str
  action:
    description:
      - The name of the approval, when several wait.
    type: str
  message:
    description:
      - What to say with an answer to an approval, or as the reason of a stop.
    type: str
    default: ""
    aliases: [summary, reason]
  retry_mode:
    description:
      - Which actions of the stage run again.
    type: str
    choices: [failed_actions, all_actions]
    default: failed_actions
  target_execution_id:
    description:
      - What to roll back to. Without it, it is the last execution before the present one that succeeded in the stage.
    type: str
  wait:
    description:
      - Whether to wait until the execution has ended.
    type: bool
    default: true
  wait_for:
    description:
      - With V(approval) waiting ends as soon as an approval waits, too.
    type: str
    choices: [end, approval]
    default: end
  timeout:
    description:
      - For how many seconds to wait. After that the module fails; the execution goes on.
    type: int
    default: 3600
  follow_logs:
    description:
      - Whether to show what the builds of the execution say, as it comes.
    type: bool
    default: false
  log_path:
    description:
      - Where to tell how the execution goes on. Nowhere by default, for AWS keeps all of it.
    type: path

notes:
  - It needs C(codepipeline:GetPipelineExecution) and C(codepipeline:ListActionExecutions) always,
    C(codepipeline:ListPipelineExecutions) without O(execution_id), and C(codepipeline:GetPipelineState) to answer, to retry and to roll
    back. Besides, C(codepipeline:GetPipeline) and C(codepipeline:StartPipelineExecution), C(codepipeline:StopPipelineExecution),
    C(codepipeline:PutApprovalResult), C(codepipeline:RetryStageExecution), or C(codepipeline:RollbackStage), as O(state) says.
  - For the logs of builds it needs C(codebuild:BatchGetBuilds) and C(logs:GetLogEvents). Without them there is a warning, and no lines.
  - Ending the task does not end the execution.

seealso:
  - module: golden.ami.codepipeline
  - module: golden.ami.codepipeline_info
"""

EXAMPLES = r"""
- name: Build another image with a pipeline, and see what it does
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    variables:
      PACKER_SCRIPT: packer-wordpress
    follow_logs: true
    timeout: 5400

- name: Start it, and go on as soon as somebody is asked
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    wait_for: approval
  register: started

- name: Approve that execution, and wait for its end
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: approved
    execution_id: "{{ started.execution.id }}"
    message: The tests have passed.

- name: Reject what waits
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: rejected
    message: The kernel is too old.

- name: Follow what a push has started
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: watched

- name: Run once more what failed
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: retried

- name: Let a stage be as it was before
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: rolled_back
    stage: Promote

- name: Stop what runs, without waiting for its actions
  golden.ami.codepipeline_execution:
    pipeline: wordpress
    state: stopped
    abandon: true
    message: The branch was wrong.
"""

RETURN = r"""
execution:
  description:
    - The execution. V(none) in check mode when it would be a new one, and when there is none to stop.
  returned: when AWS answered
  type: dict
  contains: &execution
    id:
      description: The id.
      returned: success
      type: str
    pipeline_version:
      description: The version of the pipeline that it runs.
      returned: success
      type: int
    status:
      description: V(InProgress), V(Succeeded), V(Failed), V(Stopping), V(Stopped), V(Superseded) or V(Cancelled).
      returned: success
      type: str
    status_summary:
      description: What AWS says of that, V(none) when it says nothing.
      returned: success
      type: str
    execution_mode:
      description: The mode, V(none) when AWS does not say it.
      returned: success
      type: str
    execution_type:
      description: V(STANDARD), V(ROLLBACK), or V(none) when AWS does not say it.
      returned: success
      type: str
    rolled_back_to:
      description: The execution that this one rolls back to, V(none) of others.
      returned: success
      type: str
    trigger:
      description: What started it, as C(type) and C(detail).
      returned: success
      type: dict
    variables:
      description: The values of the pipeline's variables.
      returned: success
      type: dict
    revisions:
      description: The revisions of its sources. C(artifact), C(revision), C(summary) and C(url) of each.
      returned: success
      type: list
      elements: dict
    superseded_by:
      description: The next execution, when this one is V(Superseded); V(none) otherwise.
      returned: success
      type: str
    stages:
      description: The stages in which something ran, in that order.
      returned: success
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
        actions:
          description: The actions. Of one that was retried it is the last run.
          returned: success
          type: list
          elements: dict
          contains:
            name:
              description: The name.
              returned: success
              type: str
            category:
              description: The kind of action, V(none) when AWS does not say it.
              returned: success
              type: str
            provider:
              description: What did the work, V(none) when AWS does not say it.
              returned: success
              type: str
            region:
              description: The Region that it ran in, V(none) when AWS does not say it.
              returned: success
              type: str
            status:
              description: V(InProgress), V(Succeeded), V(Failed) or V(Abandoned).
              returned: success
              type: str
            started:
              description: When it began, UTC. V(none) when that is not known.
              returned: success
              type: str
            seconds:
              description: From its begin to its last change. V(none) when that is not known.
              returned: success
              type: float
            error_code:
              description: The code of the error, V(none) without one.
              returned: success
              type: str
            error_message:
              description: The error, V(none) without one.
              returned: success
              type: str
            summary:
              description: What the provider, or who answered an approval, said. V(none) when nothing.
              returned: success
              type: str
            external_execution_id:
              description: What the provider calls it, of CodeBuild the id of the build. V(none) without one.
              returned: success
              type: str
            external_execution_url:
              description: Where to look at it, V(none) without an address.
              returned: success
              type: str
            log_stream_arn:
              description: The log of an action of provider V(Commands), V(none) of others.
              returned: success
              type: str
            updated_by:
              description: Who changed it last, V(none) when that is not known.
              returned: success
              type: str
            output_variables:
              description: What it gave to later actions.
              returned: success
              type: dict
  sample:
    id: 0b1c2d3e-0000-4000-8000-000000000000
    pipeline_version: 1
    status: Succeeded
    status_summary:
    execution_mode: QUEUED
    execution_type: STANDARD
    rolled_back_to:
    trigger:
      type: StartPipelineExecution
      detail: arn:aws:iam::111111111111:user/me
    variables:
      PACKER_SCRIPT: wordpress
    revisions: []
    superseded_by:
    stages:
      - name: Build
        actions:
          - name: packer
            category: Build
            provider: CodeBuild
            region: eu-west-1
            status: Succeeded
            started: "2026-11-21T09:30:00Z"
            seconds: 312.5
            error_code:
            error_message:
            summary:
            external_execution_id: wordpress:0b1c2d3e-0000-4000-8000-000000000001
            external_execution_url:
            log_stream_arn:
            updated_by:
            output_variables:
              AMI_ID: ami-0123456789abcdef0
reason:
  description:
    - What was done, or why there was nothing to do.
  returned: success
  type: str
  sample: started
approvals:
  description:
    - The approvals that wait in the execution. Their tokens are not told.
  returned: when AWS answered
  type: list
  elements: dict
  contains:
    stage:
      description: The stage.
      returned: success
      type: str
    action:
      description: The action.
      returned: success
      type: str
    execution_id:
      description: The execution.
      returned: success
      type: str
    since:
      description: Since when it waits, UTC. V(none) when that is not known.
      returned: success
      type: str
  sample: []
failure:
  description:
    - Where the execution failed, and why.
  returned: when the execution failed
  type: dict
  contains:
    stage:
      description: The stage.
      returned: success
      type: str
    action:
      description: The action, V(none) when a condition of the stage did not hold.
      returned: success
      type: str
    code:
      description: The code of the error, V(none) without one.
      returned: success
      type: str
    message:
      description: The cause in AWS's words, V(none) when it says nothing.
      returned: success
      type: str
    url:
      description: Where to look at it, V(none) without an address.
      returned: success
      type: str
    log_lines:
      description: The last 30 lines of the log, of actions that have one.
      returned: success
      type: list
      elements: str
  sample:
    stage: Build
    action: packer
    code: JobFailed
    message: "Build terminated with state: FAILED"
    url: https://console.aws.amazon.com/codebuild/home
    log_lines: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_calls import PipelineError
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_options import (
    ARGUMENT_SPEC,
    REQUIRED_IF,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_run import run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, required_if=REQUIRED_IF, supports_check_mode=True)
    try:
        result = run(module)
    except PipelineError as error:
        if error.result:
            module.fail_json(msg=str(error.message), **error.result)
        module.fail_json_aws_error(error)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
