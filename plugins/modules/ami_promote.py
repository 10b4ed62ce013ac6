#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_promote

short_description: Let a channel of an image name another version, in every Region and account at once

version_added: 1.0.0

description:
  - Moves a channel of an image, such as V(dev) or V(prod), to a version that exists. Nothing is built or copied.
  - A channel is the SSM parameter C(/golden/IMAGE/CHANNEL) of data type C(aws:ec2:image) in each place. Launch templates, CloudFormation,
    Terraform and the lookup P(golden.ami.channel#lookup) read it.
  - Moves it in all places or in none. When one of them fails, what was written in the others is written back. It is done when all reads back.
  - One at a time moves the channels of an image; who comes second fails at once and changes nothing. The lock is the SSM parameter
    C(/golden/IMAGE/locks/promote) in each place. When its owner is dead or late, the next one takes it over.
  - A version whose tests failed, by the tag C(golden:tested) of one of its AMIs, is refused whatever is asked for, and so is one that is
    revoked. Build one that passes, or correct the tests and test it again with M(golden.ami.ami_test).
  - The history of the parameter, of which SSM keeps 100 entries, tells who moved the channel, when, from which version and to which.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._gates
  - golden.ami._places
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
  image:
    description:
      - The name of the image.
    type: str
    required: true
  channel:
    description:
      - The name of the channel. With O(state=promoted) it is created where it is not there yet.
      - V(contents), V(locks), V(revoked) and V(versions) are no channels.
    type: str
    required: true
  state:
    description:
      - With V(promoted) the channel is to name what O(version), O(from_channel) or O(image_id) says.
      - With V(rolled_back) it is to name the former version, the last one before it that still exists everywhere and is not revoked. When it
        was the last move already that went back, nothing changes; to go back further, name O(version).
      - A rollback has no gates but that the version is not revoked and did not fail its tests.
    type: str
    choices:
      - promoted
      - rolled_back
    default: promoted
  version:
    description:
      - The version. Of one with several AMIs in a Region, the version and the builder, as in C(VERSION/BUILDER).
    type: str
  from_channel:
    description:
      - Take the version that this channel of the image names, in the task's own account and Region when they are among the places, otherwise in
        the first of them.
    type: str
  image_id:
    description:
      - Take the version of this AMI, which is in the task's own account and Region when they are among the places, otherwise in the first of them.
    type: str
  timeout:
    description:
      - Seconds to wait until all that was written reads back. AWS looks at the AMI after it has taken the parameter.
    type: int
    default: 120

notes:
  - It needs C(ssm:GetParameter), C(ssm:GetParameters), C(ssm:GetParameterHistory), C(ssm:GetParametersByPath), C(ssm:PutParameter) and
    C(ssm:DeleteParameter) on C(/golden/*), and C(ec2:DescribeImages), in each account.

seealso:
  - module: golden.ami.ami_revoke
  - plugin: golden.ami.channel
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Promote a version to dev
  golden.ami.ami_promote:
    image: wordpress
    channel: dev
    version: "20261121.093000"

- name: Promote what is in test to prod, in two Regions and two accounts, once it has shown that it is good
  golden.ami.ami_promote:
    image: wordpress
    channel: prod
    from_channel: test
    regions:
      - eu-west-1
      - us-east-1
    accounts:
      - "111111111111"
      - "222222222222"
    gates:
      - tested: true
      - soaked:
          channel: test
          days: 3
      - scan:
          max_severity: medium
      - approved:
          by:
            - alice
            - bob
      - base_not_eol:
          date: "2028-06-30"

- name: Go back to the former version
  golden.ami.ami_promote:
    image: wordpress
    channel: prod
    state: rolled_back
"""

RETURN = r"""
image:
  description:
    - The name of the image.
  returned: success
  type: str
  sample: wordpress
channel:
  description:
    - The name of the channel.
  returned: success
  type: str
  sample: prod
version:
  description:
    - The version that the channel names now; in check mode, would name.
  returned: success
  type: str
  sample: "20261121.093000"
former_version:
  description:
    - The version that it named before, V(none) when it is new or that is not known.
  returned: success
  type: str
  sample: "20261114.101500"
moves:
  description:
    - What the channel names, for each place.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account.
      returned: success
      type: str
    region:
      description: The Region.
      returned: success
      type: str
    image_id:
      description: The AMI that the channel names now.
      returned: success
      type: str
    channel:
      description: The name of the channel.
      returned: success
      type: str
    version:
      description: Its version.
      returned: success
      type: str
    former_image_id:
      description: The AMI that it named before, V(none) when the channel is new there.
      returned: success
      type: str
    former_version:
      description: The version of that, V(none) when it is not known.
      returned: success
      type: str
    action:
      description: V(create), V(move), or V(keep) when nothing changes there.
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      channel: prod
      version: "20261121.093000"
      former_image_id: ami-0fedcba9876543210
      former_version: "20261114.101500"
      action: move
      reason: promoted to 20261121.093000 from 20261114.101500
table:
  description:
    - The same as RV(moves), a line for each that a person can read, with the reason at the end.
  returned: success
  type: list
  elements: str
  sample:
    - 111111111111/eu-west-1  wordpress/prod  ami-0123456789abcdef0  move  promoted to 20261121.093000 from 20261114.101500
gates:
  description:
    - What each gate says. It is told as well when the module fails because of them. V(not_quarantined) is there when tests failed.
  returned: success
  type: list
  elements: dict
  contains:
    gate:
      description: The gate.
      returned: success
      type: str
    passed:
      description: Whether it is passed.
      returned: success
      type: bool
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - gate: not_revoked
      passed: true
      reason: it is not revoked in any of the places
passed_over:
  description:
    - With O(state=rolled_back), the versions that come before that in the history and cannot be used, with the reason.
  returned: success
  type: list
  elements: str
  sample: []
history:
  description:
    - The last ten moves of the channel before this one, the newest first, in the task's own place when it is one of them, otherwise in the first.
  returned: success
  type: list
  elements: dict
  contains:
    image_id:
      description: The AMI that it was moved to.
      returned: success
      type: str
    when:
      description: When, UTC.
      returned: success
      type: str
    what:
      description: Whether it was C(promoted) or C(rolled back), for example. V(none) when something else wrote the parameter.
      returned: success
      type: str
    version:
      description: The version of that AMI, V(none) when it was not written down.
      returned: success
      type: str
    former_version:
      description: The version before it, V(none) when there was none or it was not written down.
      returned: success
      type: str
    by:
      description: The ARN of who moved it, V(none) when it is not known.
      returned: success
      type: str
  sample:
    - image_id: ami-0fedcba9876543210
      when: "2026-11-14T10:30:00Z"
      what: promoted
      version: "20261114.101500"
      former_version: "20261107.100000"
      by: arn:aws:sts::111111111111:assumed-role/pipeline/build
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.moving import ChannelError
from ansible_collections.golden.ami.plugins.module_utils._ami.promotion import ARGUMENT_SPEC, MUTUALLY_EXCLUSIVE, run


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC, mutually_exclusive=MUTUALLY_EXCLUSIVE, supports_check_mode=True
    )
    try:
        result = run(module)
    except ChannelError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
