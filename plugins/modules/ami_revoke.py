#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_revoke

short_description: Take a version out of use everywhere, with all that is made from it, or give it back

version_added: 1.0.0

description:
  - Tells who uses a version of an image, then moves the channels that name it to the last good version, disables its AMIs and takes away the
    permissions that other accounts have on them and on their snapshots.
  - Its AMIs are known by their tags C(golden:image) and C(golden:version), in all Regions and accounts that are named. What is made from
    them is known by the tag C(golden:source-ami) and by what EC2 tells of an AMI's source.
  - Nothing is deleted. What is taken away is written down before, in the SSM parameter C(/golden/IMAGE/revoked/AMI) beside the AMI, and
    O(state=restored) gives it back. The AMIs get the tag C(golden:revoked), which M(golden.ami.ami_promote) obeys.
  - Instances that run stay; RV(images) tells them.
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
      - RV(images) tells who would be hit.
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
  version:
    description:
      - The version.
    type: str
    required: true
  state:
    description:
      - Whether the version is taken out of use, or given back what a revocation took from it.
      - A channel is moved back only where it still names what the revocation moved it to.
    type: str
    choices:
      - revoked
      - restored
    default: revoked
  descendants:
    description:
      - Whether the AMIs that are made from it, and from those, are meant as well. Without it they are told, with a warning, and stay.
    type: bool
    default: false
  reason:
    description:
      - Why, for people, at most 200 characters. It is in the tag and in the record.
    type: str
    default: ''
  timeout:
    description:
      - Seconds to wait until the channels that were moved read back.
    type: int
    default: 120

notes:
  - A channel that had no other good version keeps naming the revoked one, with a warning. Nothing can be launched by it then.
  - What could not be read, and so may use the AMIs unseen, is in RV(unread).

seealso:
  - module: golden.ami.ami_promote
"""

EXAMPLES = r"""
- name: See who would be hit
  golden.ami.ami_revoke:
    image: debian-base
    version: "20261121.093000"
    descendants: true
  check_mode: true
  diff: true

- name: Take a version out of use, and all that is made from it, in two Regions and two accounts
  golden.ami.ami_revoke:
    image: debian-base
    version: "20261121.093000"
    descendants: true
    reason: has the key of a test in /root
    regions:
      - eu-west-1
      - us-east-1
    accounts:
      - "111111111111"
      - "222222222222"

- name: It was a false alarm
  golden.ami.ami_revoke:
    image: debian-base
    version: "20261121.093000"
    descendants: true
    state: restored
"""

RETURN = r"""
image:
  description:
    - The name of the image.
  returned: success
  type: str
  sample: debian-base
version:
  description:
    - The version.
  returned: success
  type: str
  sample: "20261121.093000"
images:
  description:
    - The AMIs of the version and those made from it, with who uses them.
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
      description: The id of the AMI.
      returned: success
      type: str
    image:
      description: The image that it is an artifact of, V(none) when its tags don't tell.
      returned: success
      type: str
    version:
      description: Its version, V(none) when its tags don't tell.
      returned: success
      type: str
    kind:
      description: V(version), or V(descendant) when it is made from the version.
      returned: success
      type: str
    action:
      description: V(revoke), V(restore), or V(keep) when nothing is done to it.
      returned: success
      type: str
    reason:
      description: Why it is among them.
      returned: success
      type: str
    shared_with:
      description: The accounts, organizations, units and groups that it is shared with, or was when it was revoked.
      returned: success
      type: list
      elements: str
    references:
      description: What uses it, such as instances, launch templates, Auto Scaling groups and parameters.
      returned: success
      type: list
      elements: dict
      contains:
        kind:
          description: What it is, like V(instance).
          returned: success
          type: str
        id:
          description: Its id or name.
          returned: success
          type: str
        detail:
          description: More of it.
          returned: success
          type: str
        account:
          description: The account.
          returned: success
          type: str
        region:
          description: The Region.
          returned: success
          type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      image: debian-base
      version: "20261121.093000"
      kind: version
      action: revoke
      reason: it is version 20261121.093000 of debian-base
      shared_with:
        - "333333333333"
      references: []
channels:
  description:
    - The channels that are moved.
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
      description: The AMI that it named before.
      returned: success
      type: str
    former_version:
      description: The version of that, V(none) when it is not known.
      returned: success
      type: str
    action:
      description: V(move).
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0fedcba9876543210
      channel: prod
      version: "20261114.101500"
      former_image_id: ami-0123456789abcdef0
      former_version: "20261121.093000"
      action: move
      reason: 20261121.093000 is revoked, 20261114.101500 is the last good version
table:
  description:
    - The same as RV(images) and RV(channels), a line for each that a person can read, with the reason at the end.
  returned: success
  type: list
  elements: str
  sample:
    - "111111111111/eu-west-1  base/1.1  ami-0123456789abcdef0  revoke  2 references  it is version 1.1 of base"
unread:
  description:
    - Where it could not be read what uses the AMIs.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: What was to be read, like V(launch-templates).
      returned: success
      type: str
    account:
      description: The account.
      returned: success
      type: str
    region:
      description: The Region.
      returned: success
      type: str
    reason:
      description: Why it could not be read.
      returned: success
      type: str
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.moving import ChannelError
from ansible_collections.golden.ami.plugins.module_utils._ami.revoke_run import ARGUMENT_SPEC, run
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import PartlyDoneError


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except (ChannelError, PartlyDoneError) as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
