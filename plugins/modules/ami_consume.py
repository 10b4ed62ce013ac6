#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_consume

short_description: Take a version of an image that another account shares, and let a channel of this account name it

version_added: 1.0.0

description:
  - Runs with credentials of the account that uses an image, where M(golden.ami.ami_copy) and M(golden.ami.ami_share) run with those of the
    account that publishes it.
  - Finds the AMI that the publisher shares with this account, copies it when O(copy) says so, tags it on this account's side, lets Auto
    Scaling use the keys that it is encrypted with, and writes C(/golden/IMAGE/versions/VERSION) and C(/golden/IMAGE/CHANNEL) here. From then
    on launch templates, CloudFormation, Terraform and the lookup P(golden.ami.channel#lookup) of this account read them, and
    M(golden.ami.ami_promote) rolls the channel back.
  - Neither tags nor parameters of the publisher cross the border of its account. With O(publisher_role) they are read there. Without it
    O(version) has to be said, and the AMI is the one of the publisher that is called C(IMAGE-VERSION), or O(image_id).
  - The Region is the task's own, and the publisher's AMI has to be there. For other Regions run the task for each of them.
  - What can't work is told before anything is written. Grants come first, then the copy, then the tags, and the two parameters last, both
    or none of them.
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
      - RV(image_id) is V(none) while the copy that it will be is not there.
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
      - The channel of this account that is to name the version. It is created where it is not there yet.
    type: str
    required: true
  publisher_account:
    description:
      - The account that the image is built in. An AMI of any other one is not taken, whatever it is called.
    type: str
    required: true
  publisher_role:
    description:
      - The name of a role in the publisher's account that this task may enter, to read what its channels name and which tags its AMIs have.
        It needs C(ssm:GetParameters) on C(/golden/*) and C(ec2:DescribeImages), and no more.
    type: str
  publisher_channel:
    description:
      - The channel of the publisher to follow. Without it, the one that is called like O(channel).
    type: str
  version:
    description:
      - Take this version, whatever the publisher's channels name.
      - Required without O(publisher_role).
    type: str
  image_id:
    description:
      - The publisher's AMI in this Region, as somebody has told it. With O(publisher_role) its version is read there.
    type: str
  copy:
    description:
      - Whether this account gets a copy of its own, which stays when the publisher retires the AMI or takes the permission back.
      - Without it the channel names the publisher's AMI.
    type: bool
    default: false
  kms_key:
    description:
      - The KMS key of this account to encrypt the copy with, as id, alias or ARN.
      - Without it a copy is encrypted when the source is, with the account's default key for EBS. Where that is a key of your own, name it
        here all the same, for O(autoscaling_role) gets grants on keys that are known.
    type: str
  name:
    description:
      - The name of the copy. Without it, the source's.
    type: str
  tags:
    description:
      - Further tags for the AMI on this account's side.
      - It has C(golden:image), C(golden:version), C(golden:complete) and C(golden:publisher), and with O(publisher_role) all that it has there.
    type: dict
    default: {}
    aliases: [resource_tags]
  autoscaling_role:
    description:
      - The name of Auto Scaling's service-linked role in this account. It gets a grant for each customer managed key that the AMI is encrypted
        with, O(kms_key) or the publisher's, without which its instances end as soon as they start.
      - AWS makes the role with the first Auto Scaling group, or by C(aws iam create-service-linked-role --aws-service-name
        autoscaling.amazonaws.com). It has to be there when a grant is needed.
      - Empty for no grants.
    type: str
    default: AWSServiceRoleForAutoScaling
  timeout:
    description:
      - How many seconds to wait for a copy at most.
    type: int
    default: 7200

notes:
  - 'Needs these actions in the consuming account: C(ec2:DescribeImages), C(ec2:DescribeSnapshots), C(ec2:CreateTags), C(ssm:GetParameter),
    C(ssm:GetParameters), C(ssm:GetParameterHistory), C(ssm:PutParameter) and C(ssm:DeleteParameter) on C(/golden/*); with O(copy)
    C(ec2:CopyImage), C(ec2:DeregisterImage) and C(ec2:DeleteSnapshot); for encrypted AMIs C(kms:DescribeKey), C(kms:ListGrants) and
    C(kms:CreateGrant), and for copies of them C(kms:Decrypt), C(kms:GenerateDataKeyWithoutPlaintext) and C(kms:ReEncrypt*) on both keys;
    with O(publisher_role) C(sts:AssumeRole).'

seealso:
  - module: golden.ami.ami_share
  - module: golden.ami.ami_copy
  - module: golden.ami.ami_promote
  - plugin: golden.ami.channel
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Follow the publisher's channel prod, with a copy of one's own
  golden.ami.ami_consume:
    image: wordpress
    channel: prod
    publisher_account: "111111111111"
    publisher_role: golden-reader
    copy: true
    kms_key: alias/images
    region: eu-west-1

- name: Take the version that somebody has named, as the publisher shares it
  golden.ami.ami_consume:
    image: wordpress
    channel: prod
    publisher_account: "111111111111"
    version: "20261121093000"
    region: eu-west-1
"""

RETURN = r"""
image:
  description: The name of the image.
  returned: success
  type: str
  sample: wordpress
channel:
  description: The channel of this account.
  returned: success
  type: str
  sample: prod
version:
  description: The version that it names now; in check mode, would name.
  returned: success
  type: str
  sample: "20261121093000"
image_id:
  description: The AMI that it names. V(none) in check mode when that is a copy which is not there yet.
  returned: success
  type: str
  sample: ami-0123456789abcdef0
source_image_id:
  description: The publisher's AMI.
  returned: success
  type: str
  sample: ami-0fedcba9876543210
publisher_account:
  description: The publisher.
  returned: success
  type: str
  sample: "111111111111"
copied:
  description: Whether a copy was made; in check mode, would be made.
  returned: success
  type: bool
  sample: true
steps:
  description: What was done about each thing, and why.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(grant), V(copy), V(tag) or V(parameter).
      returned: success
      type: str
    resource:
      description: The key, the AMI or the parameter.
      returned: success
      type: str
    action:
      description: >-
        V(none) when it is as it should be; V(grant), V(copy), V(replace) for a copy that failed, V(update) for the tags of a copy, V(wait) for
        one that is being made, V(tag), V(create) or V(move).
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - kind: parameter
      resource: /golden/wordpress/prod
      action: move
      reason: it names ami-0a1b2c3d4e5f60718
table:
  description: The same as RV(steps), a line for each that a person can read, with the reason at the end.
  returned: success
  type: list
  elements: str
  sample:
    - parameter  /golden/wordpress/prod  move  it names ami-0a1b2c3d4e5f60718
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.consume_run import ARGUMENT_SPEC, MUTUALLY_EXCLUSIVE, run
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_result import CopyError
from ansible_collections.golden.ami.plugins.module_utils._ami.moving import ChannelError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC, mutually_exclusive=MUTUALLY_EXCLUSIVE, supports_check_mode=True
    )
    try:
        result = run(module)
    except (ChannelError, CopyError) as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
