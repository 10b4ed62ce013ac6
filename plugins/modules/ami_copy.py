#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_copy

short_description: Copy AMIs to many Regions and accounts at once

version_added: 1.0.0

description:
  - Copies AMIs to each of the Regions O(regions) in each of the accounts O(accounts), all at the same time, and waits for all of
    them together.
  - There is one copy of an AMI in a place, however often the task runs. An AMI that EC2 says was copied from it, that has the tag
    C(golden:source-copy) with its Region and id, or whose tags C(golden:image), C(golden:version) and C(golden:fingerprint) are
    those of the source, is that copy, whoever made it. A copy that is still being made is waited for. One that this module began
    and that failed is removed and made anew.
  - The description, the tags of the AMI and those of each snapshot are the source's, and O(tags) beside them. They are written in
    the account that the copy belongs to. A copy that lacks some of them gets them; what else it has stays.
  - For another account the source and its snapshots have to be shared with it, which O(share) does; then that account copies it,
    entered by the role O(role_name), and owns the copy. The permissions stay, and are in RV(shared).
  - An AMI whose tests failed, by its tag C(golden:tested), is not copied until they have passed (M(golden.ami.ami_test)).
  - What can't work is refused before anything is written, an AMI that is encrypted with the AWS-managed key and is to go to another
    account above all.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._places
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

attributes:
  check_mode:
    support: full
    details:
      - RV(copies) says what would be copied, and why.
  diff_mode:
    support: full
  idempotent:
    support: full

options:
  image_ids:
    description:
      - The ids of the AMIs to copy. They are looked for with the task's own credentials.
    type: list
    elements: str
    required: true
  source_region:
    description:
      - The Region that they are in. Without it, the task's own.
    type: str
  name:
    description:
      - The name of the copy, when one AMI is copied. Without it a copy has the source's name.
      - A copy that is there already keeps its name.
    type: str
  description:
    description:
      - The description of the copies. Without it a copy gets the source's.
    type: str
  tags:
    description:
      - Tags for the copies and their snapshots, beside those of the source, or instead of them where they are called the same.
    type: dict
    default: {}
    aliases: [resource_tags]
  encrypted:
    description:
      - Whether the copies are to be encrypted, with the account's default key where O(kms_keys) has none. Without it a copy is
        encrypted when the source is, or when there is a key for it.
      - In the source's own Region and account nothing is copied unless the source is not encrypted as asked for; then O(name) is
        needed.
    type: bool
  kms_keys:
    description:
      - The KMS key of each Region, by the name of the Region, as id, alias or ARN. It is looked for in the account that the copy
        belongs to; a key of another account needs its ARN.
      - With this each of the Regions needs a key. There may be keys for others too.
    type: dict
    default: {}
  completion_minutes:
    description:
      - Within how many minutes each copy has to be complete, which AWS bills. A multiple of 15 from 15 to 2880.
      - Needs a botocore that knows C(SnapshotCopyCompletionDurationMinutes).
    type: int
  share:
    description:
      - Whether to share the AMI and its snapshots with an account that can't read them yet. With V(false) this has to be done
        before, by M(golden.ami.ami_share), and is refused where it was not.
    type: bool
    default: true
  on_failure:
    description:
      - What becomes of a copy that fails.
      - With V(rollback) it is removed with its snapshots, with V(keep) it stays to be looked at until the task runs again. The copies
        in other places stay either way, and the module fails at the end and says which are there.
    type: str
    choices: [rollback, keep]
    default: rollback
  wait:
    description:
      - Whether to wait until the copies are available. With V(false) the task ends when EC2 knows them; tags that differ from
        snapshot to snapshot are written by a later run where EC2 does not name the snapshots yet.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds to wait at most. Then the module fails and says which copies are there. Those that are not are not
        removed; running again waits for them.
    type: int
    default: 7200

notes:
  - EC2 is asked for all the AMIs of a place by one call, at most as often as botocore's own waiter would ask. How long the newest copy
    of the same image took (by the times of its snapshots, found by the tag C(golden:image)) and how far the snapshots of this one
    are, in per cent, say when it is likely to be ready, and then EC2 is asked more often. Where neither is known it is asked every
    15 seconds.
  - 'Needs these actions in the source account: C(ec2:DescribeImages), C(ec2:DescribeSnapshots), C(ec2:DescribeRegions),
    C(ec2:ModifyImageAttribute), C(ec2:ModifySnapshotAttribute), C(kms:DescribeKey), C(sts:AssumeRole), and in each target account
    C(ec2:DescribeImages), C(ec2:DescribeSnapshots), C(ec2:CopyImage), C(ec2:CreateTags), C(ec2:ModifyImageAttribute),
    C(ec2:DeregisterImage), C(ec2:DeleteSnapshot), C(kms:DescribeKey).'

seealso:
  - module: golden.ami.ami_share
  - module: golden.ami.packer_build
"""

EXAMPLES = r"""
- name: Copy a new version to two more Regions
  golden.ami.ami_copy:
    image_ids:
      - ami-0123456789abcdef0
    regions:
      - eu-west-1
      - ap-southeast-2

- name: Give another account a copy of its own, encrypted with its key
  golden.ami.ami_copy:
    image_ids:
      - ami-0123456789abcdef0
    accounts:
      - "222222222222"
    regions:
      - us-east-1
      - eu-west-1
    kms_keys:
      us-east-1: alias/golden
      eu-west-1: alias/golden
    tags:
      owner: platform

- name: Have the copies within half an hour
  golden.ami.ami_copy:
    image_ids:
      - ami-0123456789abcdef0
      - ami-0123456789abcdef1
    regions:
      - eu-west-1
    completion_minutes: 30
    timeout: 2400
  register: copied

- name: Say where they are
  ansible.builtin.debug:
    msg: "{{ copied.copies | map(attribute='image_id') }}"
"""

RETURN = r"""
copies:
  description:
    - Each AMI in each place, in the order of O(accounts), O(regions) and O(image_ids). When the module fails too.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account that the copy belongs to.
      returned: success
      type: str
    region:
      description: The Region that it is in.
      returned: success
      type: str
    image_id:
      description: The copy. V(none) where there is none, as in check mode.
      returned: success
      type: str
    source_image_id:
      description: What it was copied from.
      returned: success
      type: str
    source_region:
      description: The Region of that.
      returned: success
      type: str
    name:
      description: Its name.
      returned: success
      type: str
    state:
      description: Its state as EC2 says it, V(absent) where there is none.
      returned: success
      type: str
    action:
      description:
        - V(none), V(wait) for one that is being made, V(update) for one that lacks tags or the description, V(copy), or V(replace) for
          one that failed.
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
    snapshot_ids:
      description: Its snapshots, as far as EC2 names them.
      returned: success
      type: list
      elements: str
    seconds:
      description: After how many seconds it was noticed to be ready. V(none) where there was nothing to wait for.
      returned: success
      type: float
    message:
      description: What went wrong. V(none) where nothing did.
      returned: success
      type: str
    rolled_back:
      description: Whether it failed and was removed.
      returned: success
      type: bool
  sample:
    - account: "222222222222"
      region: eu-west-1
      image_id: ami-0123456789abcdef1
      source_image_id: ami-0123456789abcdef0
      source_region: us-east-1
      name: web-20261121.1
      state: available
      action: copy
      reason: there is no copy of it
      snapshot_ids:
        - snap-0123456789abcdef1
      seconds: 312.5
      message: null
      rolled_back: false
table:
  description:
    - The same as RV(copies), a line for each that a person can read, with the reason at the end. When the module fails too.
  returned: success
  type: list
  elements: str
  sample:
    - 222222222222/eu-west-1  ami-0123456789abcdef1  copy of ami-0123456789abcdef0  available  there is no copy of it
shared:
  description:
    - The permissions that were given so that other accounts can copy; in check mode, that would be.
  returned: success
  type: list
  elements: dict
  contains:
    image_id:
      description: The AMI.
      returned: success
      type: str
    snapshot_id:
      description: Its snapshot, when the permission is that of making volumes of it. V(none) for that of launching the AMI.
      returned: success
      type: str
    accounts:
      description: Who got it.
      returned: success
      type: list
      elements: str
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_result import CopyError
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except CopyError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
