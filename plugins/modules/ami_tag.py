#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_tag

short_description: Tag AMIs and their snapshots

version_added: 1.0.0

description:
  - Sets tags of AMIs and of the snapshots of their disks, in many Regions and accounts at once. Tags of the same text go to all
    resources of a place in one call.
  - All that EC2 would refuse (too many tags, texts that are too long, names that begin with C(aws:)) is refused before the first call
    that writes.
  - When a call fails, the result says what was done and what was not. Running it again does the rest.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._own_amis
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
  tags:
    description:
      - The tags, as a dictionary. Values are texts; a number or a truth value becomes one.
    type: dict
    required: true
  purge_tags:
    description:
      - Whether to remove tags that are not in O(tags).
      - Tags of AWS itself, which begin with C(aws:), stay, and so do those by which this collection knows its artifacts, which
        begin with C(golden:). O(tags) can give the latter another value.
    type: bool
    default: false
  snapshots:
    description:
      - Whether to tag the snapshots as well.
    type: bool
    default: true

notes:
  - In each place costs a call to describe AMIs and one to describe snapshots, and at most one to remove and one to set tags.

seealso:
  - module: golden.ami.ami_info
"""

EXAMPLES = r"""
- name: Say whose AMIs these are, in two Regions
  golden.ami.ami_tag:
    image_ids:
      - ami-0123456789abcdef0
      - ami-0123456789abcdef1
    regions:
      - eu-west-1
      - us-east-1
    tags:
      team: web

- name: Give a version exactly these tags, wherever it is
  golden.ami.ami_tag:
    image: wordpress
    version: 20261121093000-2ca060
    accounts:
      - "111111111111"
      - "222222222222"
    tags:
      team: web
      cost-centre: "4711"
    purge_tags: true
"""

RETURN = r"""
images:
  description:
    - The AMIs with their tags as they are now; in check mode, as they would be.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account that the AMI is in.
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
    tags:
      description: Its tags.
      returned: success
      type: dict
    snapshots:
      description: Its snapshots, with their C(snapshot_id) and C(tags). None unless O(snapshots) is true.
      returned: success
      type: list
      elements: dict
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      tags:
        team: web
      snapshots:
        - snapshot_id: snap-0123456789abcdef0
          tags:
            team: web
actions:
  description:
    - What was done, or in check mode would be, one entry for each AMI and kind of action.
  returned: success
  type: list
  elements: dict
  contains: &line
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
    action:
      description: V(tag) or V(untag).
      returned: success
      type: str
    resources:
      description: All that the call was about, of this AMI and others.
      returned: success
      type: list
      elements: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      action: tag
      resources:
        - ami-0123456789abcdef0
        - snap-0123456789abcdef0
      reason: "set: team"
done:
  description:
    - What was done, in the form of RV(actions).
  returned: when a call that writes failed
  type: list
  elements: dict
  contains: *line
  sample: []
not_done:
  description:
    - What was not done, in the form of RV(actions), with C(error) in AWS's words where a call was tried.
  returned: when a call that writes failed
  type: list
  elements: dict
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import ResultError
from ansible_collections.golden.ami.plugins.module_utils._ami.tag_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except ResultError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
