#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codebuild_build

short_description: Start, follow, retry and stop CodeBuild builds

version_added: 1.0.0

description:
  - Starts a build of a CodeBuild project, shows its phases and the lines of its log while it runs, and gives what came of it.
  - A build that does not succeed fails the task, with the phase, CodeBuild's words and the last 30 lines of the log.
  - When the task is interrupted (Ctrl-C, TERM, or a terminal that is closed), a build that it has started and waits for is stopped, and
    its id is told. One that somebody else started runs on.
  - When O(wait_timeout) is over, the build runs on, and the result says what it has reached.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._codebuild.overrides
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

attributes:
  check_mode:
    support: full
    details:
      - Starts, retries and stops nothing, and does not wait. It says what it would do, and expects that a build succeeds.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Each run with O(state=started) or O(state=retried) starts a build, unless O(idempotency_token) says that it is the same one.
      - With O(state=stopped) a build that has ended already is left alone.

options:
  state:
    description:
      - V(started) starts a build of O(project).
      - V(retried) starts a build like the one of O(build_id), with what that was started with.
      - V(finished) waits for the build of O(build_id), whoever has started it.
      - V(stopped) ends the build of O(build_id).
    type: str
    choices: [started, retried, finished, stopped]
    default: started
  project:
    description:
      - The name of the project. Required with O(state=started).
    type: str
  build_id:
    description:
      - The id of a build, which is PROJECT:UUID. Required but with O(state=started).
    type: str
  overrides:
    description:
      - What this build does otherwise than the project says. With O(state=started) only.
    type: dict
  idempotency_token:
    description:
      - With the same token, the same project and the same overrides CodeBuild starts no second build for five minutes, but gives the
        first one. Without it each run has a token of its own.
    type: str
  wait:
    description:
      - Whether to wait for the end of the build. Without, the task is done when the build is started, and succeeds.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait. The default is the time that CodeBuild lets a build wait for a machine. How long the build itself may
        take is the project's affair.
    type: int
    default: 28800
  log_path:
    description:
      - A file on the host of the task to which phases and lines are added while the build runs.
      - On a local connection they are shown as well, and without this option the file is in
        C(~/.local/state/golden.ami/logs).
    type: path

notes:
  - Asks CodeBuild how the build is every second at first, and every five seconds later, and each time CloudWatch Logs for new lines.
  - It needs the permissions C(codebuild:StartBuild), C(codebuild:RetryBuild), C(codebuild:StopBuild) and C(codebuild:BatchGetBuilds) on
    the project, in check mode C(codebuild:BatchGetProjects), and C(logs:GetLogEvents) on the log group. Without the last there is a
    warning, and phases are all that is shown.

seealso:
  - module: golden.ami.codebuild_project
  - name: CodeBuild's API
    description: What each of the overrides means to CodeBuild.
    link: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
"""

EXAMPLES = r"""
- name: Build another branch, and show how it goes
  golden.ami.codebuild_build:
    project: web-image
    overrides:
      source_version: refs/heads/next
      environment_variables:
        - name: PACKER_SCRIPT
          value: packer-wordpress
  register: built

- name: Tell what it has made
  ansible.builtin.debug:
    msg: "{{ built.build.exported_variables.AMI_ID }} by build {{ built.build.number }}"

- name: Start one and go on
  golden.ami.codebuild_build:
    project: web-image
    wait: false
  register: started

- name: Wait for it later
  golden.ami.codebuild_build:
    state: finished
    build_id: "{{ started.build.id }}"
    wait_timeout: 3600

- name: End one
  golden.ami.codebuild_build:
    state: stopped
    build_id: web-image:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
"""

RETURN = r"""
build:
  description:
    - The build as it was last seen. It is there when the task fails, too, but for tasks that are refused.
    - V(none) in check mode with O(state=started) and O(state=retried).
  returned: success
  type: dict
  contains:
    id:
      description: Its id.
      returned: success
      type: str
    arn:
      description: Its ARN.
      returned: success
      type: str
    number:
      description: Its number among the builds of the project. V(none) while it has none.
      returned: success
      type: int
    project:
      description: The name of the project.
      returned: success
      type: str
    status:
      description: V(IN_PROGRESS), V(SUCCEEDED), V(FAILED), V(FAULT), V(TIMED_OUT) or V(STOPPED).
      returned: success
      type: str
    complete:
      description: Whether it is over.
      returned: success
      type: bool
    current_phase:
      description: The phase that it is in. V(none) while it is in none.
      returned: success
      type: str
    phases:
      description: The phases so far.
      returned: success
      type: list
      elements: dict
      contains: &phase
        name:
          description: Its name.
          returned: success
          type: str
        status:
          description: How it ended. V(none) while it goes on.
          returned: success
          type: str
        seconds:
          description: How long it took. V(none) while it goes on.
          returned: success
          type: int
        message:
          description: What CodeBuild says of it. V(none) if that is nothing.
          returned: success
          type: str
    failed_phase:
      description: The first phase that did not succeed. V(none) if all did.
      returned: success
      type: dict
      contains: *phase
    exit_status:
      description: V(0) of a build that succeeded, else that of the command that failed. V(none) where CodeBuild tells none.
      returned: success
      type: int
    source_version:
      description: What was to be built. V(none) where the project leaves it open.
      returned: success
      type: str
    resolved_source_version:
      description: The commit, or the version of the object, that is built. V(none) until it is known.
      returned: success
      type: str
    initiator:
      description: Who has started it. V(none) if CodeBuild does not say.
      returned: success
      type: str
    start_time:
      description: When it began. V(none) if CodeBuild does not say.
      returned: success
      type: str
    end_time:
      description: When it ended. V(none) while it runs.
      returned: success
      type: str
    seconds:
      description: How long it took. V(none) while it runs.
      returned: success
      type: float
    log:
      description: Where its log is.
      returned: success
      type: dict
      contains:
        group:
          description: The log group. V(none) until there is one.
          returned: success
          type: str
        stream:
          description: The log stream. V(none) until there is one.
          returned: success
          type: str
        url:
          description: The log on AWS's console. V(none) without one.
          returned: success
          type: str
        s3_url:
          description: The log in S3. V(none) without one.
          returned: success
          type: str
    last_lines:
      description: The last 30 lines of the log, if the task waited.
      returned: success
      type: list
      elements: str
    exported_variables:
      description: The variables that the buildspec exports. Those that are secret by their name have no value here.
      returned: success
      type: dict
    artifacts_location:
      description: Where its artifacts are. V(none) without any.
      returned: success
      type: str
    report_arns:
      description: The ARNs of its test reports.
      returned: success
      type: list
      elements: str
  sample:
    id: web-image:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    number: 7
    status: SUCCEEDED
    exit_status: 0
    exported_variables:
      AMI_ID: ami-0123456789abcdef0
actions:
  description:
    - What was done, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(start), V(retry) or V(stop).
      returned: success
      type: str
    project:
      description: The name of the project.
      returned: success
      type: str
    build_id:
      description: The id of the build. V(none) of one that would be started.
      returned: success
      type: str
    reason:
      description: Why, or how it differs from what the project says.
      returned: success
      type: str
  sample:
    - action: start
      project: web-image
      build_id: web-image:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
      reason: as the project says
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import ResultError
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_build_options import (
    ARGUMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    REQUIRED_IF,
)
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_build_run import run


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC,
        required_if=REQUIRED_IF,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ResultError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
