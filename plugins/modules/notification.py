#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: notification

short_description: Tell the subscribers of a topic something

version_added: 1.0.0

description:
  - Publishes a message to a topic of SNS.
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
    support: none
  idempotent:
    support: none
    details:
      - Each run sends a message.

options:
  topic_arn:
    description:
      - The ARN of the topic.
    type: str
    required: true
  subject:
    description:
      - What it is about, as in the subject of a mail. SNS takes 100 printable ASCII characters; what is more, or none of these, is
        left out.
    type: str
    required: true
  msg:
    description:
      - The message. SNS takes 256 KiB; of a longer one the middle is left out, and it says so.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell those who have to know
  golden.ami.notification:
    topic_arn: arn:aws:sns:eu-west-1:111111111111:wordpress-pipeline
    subject: "wordpress: build failed"
    msg: "The build failed in task 'Install nginx'."
"""

RETURN = r"""
message_id:
  description:
    - What SNS calls the message. V(none) in check mode.
  returned: success
  type: str
  sample: 6f0c2f5e-0d5b-4f39-9a51-1d5bd6a3c0de
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._pipeline.notification import publish, short, subject_of


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "topic_arn": {"type": "str", "required": True},
            "subject": {"type": "str", "required": True},
            "msg": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    message_id = None
    try:
        if not module.check_mode:
            subject, message = subject_of(params["subject"]), short(params["msg"])
            message_id = publish(module.client("sns"), params["topic_arn"], subject, message)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=True, message_id=message_id)


if __name__ == "__main__":
    main()
