#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codepipeline_info

short_description: Read pipelines of AWS CodePipeline with their state, executions and approvals

version_added: 1.0.0

description:
  - Reads pipelines as M(golden.ami.codepipeline) would have them, what is in their stages now, their last executions, and which approvals
    wait.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.info_module
  - golden.ami._attributes.actiongroup_aws
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

options:
  names:
    description:
      - The names of the pipelines. One that is not there is left out. Without any, all of the Region.
    type: list
    elements: str
    default: []
    aliases: [name]
  filters:
    description:
      - Only pipelines that pass all of these.
    type: dict
    suboptions:
      name:
        description:
          - A pattern of names, like V(web-*).
        type: str
      pipeline_type:
        description:
          - The type.
        type: str
        choices: [V1, V2]
      execution_mode:
        description:
          - The execution mode.
        type: str
        choices: [SUPERSEDED, QUEUED, PARALLEL]
      tags:
        description:
          - Tags with their values.
        type: dict
        default: {}
  include:
    description:
      - What to read. Each part but V(declaration) costs a call for each pipeline; V(state) and V(approvals) share one.
    type: list
    elements: str
    choices: [declaration, tags, state, executions, approvals]
    default: [declaration, tags, state, executions, approvals]
  executions:
    description:
      - How many of the last executions to read, 100 at most.
    type: int
    default: 5

notes:
  - It needs C(codepipeline:GetPipeline), and C(codepipeline:ListPipelines) without O(names). By what O(include) says,
    C(codepipeline:ListTagsForResource), C(codepipeline:GetPipelineState), C(codepipeline:ListPipelineExecutions), and for the approvals of
    pipelines of mode V(PARALLEL) C(codepipeline:ListPipelineExecutions) and C(codepipeline:ListActionExecutions).

seealso:
  - module: golden.ami.codepipeline
  - module: golden.ami.codepipeline_execution
"""

EXAMPLES = r"""
- name: Read a pipeline
  golden.ami.codepipeline_info:
    names:
      - wordpress
  register: found

- name: Say which approvals wait in the pipelines of a team
  golden.ami.codepipeline_info:
    filters:
      tags:
        team: web
    include:
      - approvals

- name: Read how the last execution of each pipeline ended
  golden.ami.codepipeline_info:
    include:
      - executions
    executions: 1
"""

RETURN = r"""
pipelines:
  description:
    - The pipelines. Parts that O(include) does not have are not there.
  returned: success
  type: list
  elements: dict
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
      description: The version.
      returned: success
      type: int
    created:
      description: When it was created, UTC. V(none) when AWS does not say it.
      returned: success
      type: str
    updated:
      description: When it was updated, UTC. V(none) when AWS does not say it.
      returned: success
      type: str
    tags:
      description: The tags.
      returned: when asked for
      type: dict
    declaration:
      description:
        - The pipeline in the words of the options of M(golden.ami.codepipeline), with AWS's defaults. It has the triggers that AWS adds by
          itself, too.
      returned: when asked for
      type: dict
    state:
      description: The stages as they are now.
      returned: when asked for
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          returned: success
          type: str
        execution_id:
          description: The execution that is or was in it last, V(none) when there was none.
          returned: success
          type: str
        status:
          description: How that stands, V(none) when there was none.
          returned: success
          type: str
        inbound_execution_ids:
          description: The executions that wait to enter.
          returned: success
          type: list
          elements: str
        transition_enabled:
          description: Whether executions may enter.
          returned: success
          type: bool
        disabled_reason:
          description: Why they may not, V(none) when they may.
          returned: success
          type: str
        actions:
          description: The actions.
          returned: success
          type: list
          elements: dict
          contains:
            name:
              description: The name.
              returned: success
              type: str
            status:
              description: The status, V(none) when it has not run yet.
              returned: success
              type: str
            since:
              description: Since when, UTC. V(none) when it has not run yet.
              returned: success
              type: str
            summary:
              description: What was said of it, V(none) when nothing.
              returned: success
              type: str
            error_code:
              description: The code of the error, V(none) without one.
              returned: success
              type: str
            error_message:
              description: The error, V(none) without one.
              returned: success
              type: str
            external_execution_id:
              description: What the provider calls it, V(none) without a name.
              returned: success
              type: str
            external_execution_url:
              description: Where to look at it, V(none) without an address.
              returned: success
              type: str
            updated_by:
              description: Who changed it last, V(none) when that is not known.
              returned: success
              type: str
            revision:
              description: Of sources, the revision that it took. V(none) of others.
              returned: success
              type: str
    executions:
      description: The last executions, newest first.
      returned: when asked for
      type: list
      elements: dict
      contains:
        id:
          description: The id.
          returned: success
          type: str
        status:
          description: The status.
          returned: success
          type: str
        status_summary:
          description: What AWS says of that, V(none) when it says nothing.
          returned: success
          type: str
        started:
          description: When it was started, UTC. V(none) when that is not known.
          returned: success
          type: str
        updated:
          description: When it changed last, UTC. V(none) when that is not known.
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
        stop_reason:
          description: Why it was stopped, V(none) of others.
          returned: success
          type: str
        trigger:
          description: What started it, as C(type) and C(detail).
          returned: success
          type: dict
        revisions:
          description: The revisions of its sources. C(action), C(revision), C(summary) and C(url) of each.
          returned: success
          type: list
          elements: dict
    approvals:
      description: The approvals that wait. Their tokens are not told.
      returned: when asked for
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
  sample:
    - name: wordpress
      arn: arn:aws:codepipeline:eu-west-1:111111111111:wordpress
      version: 3
      created: "2026-11-21T09:30:00Z"
      updated: "2026-11-21T09:45:00Z"
      approvals:
        - stage: Approve
          action: look
          execution_id: 0b1c2d3e-0000-4000-8000-000000000000
          since: "2026-11-21T10:00:00Z"
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_info_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
