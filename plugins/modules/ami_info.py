#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_info

short_description: What there is to know of AMIs

version_added: 1.0.0

description:
  - Tells of AMIs what their life depends on; who may use them and their snapshots, what they were made from, when they were launched
    last, whether they are deprecated, protected and encrypted, and on demand who uses them.
  - Looks in many Regions and accounts at once.
  - What cannot be read is listed in RV(not_read), with the reason. It never looks as if there were none.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.info_module
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._places
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

options:
  image_ids:
    description:
      - The ids of AMIs. They are shown deprecated and disabled as well. Those that are nowhere are listed in RV(missing).
    type: list
    elements: str
    default: []
  names:
    description:
      - The names of AMIs, where C(*) stands for any text and C(?) for any character.
    type: list
    elements: str
    default: []
  filters:
    description:
      - Filters of EC2's own, by name, each with a text or a list of texts.
      - See U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html).
    type: dict
    default: {}
  image:
    description:
      - The name of an image, as in the tag C(golden:image) of its AMIs.
    type: str
  version:
    description:
      - A version of O(image). It is shown deprecated and disabled as well.
    type: str
  channel:
    description:
      - A channel of O(image). The AMI that it names is shown, in whichever state, whoever owns it. A place where it is not gives a
        warning, and where it is in none of them that is an error.
    type: str
  owners:
    description:
      - Whose AMIs these are, as account numbers, V(self), V(amazon) or V(aws-marketplace). With an empty list anybody's.
    type: list
    elements: str
    default: [self]
  include_deprecated:
    description:
      - Whether to show deprecated AMIs.
    type: bool
    default: false
  include_disabled:
    description:
      - Whether to show disabled AMIs.
    type: bool
    default: false
  permissions:
    description:
      - Whether to read who may use the AMIs and their snapshots. That is one call for each of them, several at a time.
    type: bool
    default: true
  ancestry:
    description:
      - Whether to read from which AMIs each was made, back to the first. That is one call for each, several at a time.
    type: bool
    default: false
  references:
    description:
      - Whether to read what uses the AMIs, in all places that O(regions) and O(accounts) name. These are instances, launch templates,
        Auto Scaling groups and launch configurations, SSM parameters that are no secrets, spot requests and fleets, EC2 fleets, recipes
        of EC2 Image Builder, and what EC2's usage reports tell of other accounts, where somebody has ordered one.
    type: bool
    default: false

notes:
  - The parameters below C(/golden/<image>/versions) are the record of an AMI's own version, and no reference to it.

seealso:
  - module: golden.ami.ami_tag
  - module: golden.ami.ami_share
"""

EXAMPLES = r"""
- name: See who uses what is in production
  golden.ami.ami_info:
    image: wordpress
    channel: prod
    references: true
    regions:
      - eu-west-1
      - us-east-1
  register: production

- name: Say so
  ansible.builtin.debug:
    msg: "{{ production.images | map(attribute='references') | flatten }}"

- name: List all AMIs of an image in two accounts, without a call for each
  golden.ami.ami_info:
    image: wordpress
    include_deprecated: true
    include_disabled: true
    permissions: false
    accounts:
      - "111111111111"
      - "222222222222"
"""

RETURN = r"""
images:
  description:
    - The AMIs, by place, oldest first. One that several of the accounts see is told where it is owned.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account that sees the AMI, which is its owner's unless that one is not looked at.
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
    name:
      description: Its name.
      returned: success
      type: str
    description:
      description: Its description.
      returned: success
      type: str
    state:
      description: Its state, like V(available) or V(disabled).
      returned: success
      type: str
    owner:
      description: The account that owns it.
      returned: success
      type: str
    architecture:
      description: Its architecture.
      returned: success
      type: str
    image:
      description: The name of the image that it is an artifact of. V(none) when it is of none.
      returned: success
      type: str
    version:
      description: Its version. V(none) when it has none.
      returned: success
      type: str
    tags:
      description: Its tags.
      returned: success
      type: dict
    created:
      description: When it was made, UTC.
      returned: success
      type: str
    age_days:
      description: How many whole days ago.
      returned: success
      type: int
    last_launched:
      description: When it was launched last, UTC, which EC2 knows a day later. V(none) when it is not known to have been.
      returned: success
      type: str
    deprecated:
      description: Whether it is deprecated by now.
      returned: success
      type: bool
    deprecated_at:
      description: When it is deprecated, UTC. V(none) when it is not planned.
      returned: success
      type: str
    protected:
      description: Whether it is protected from deregistration.
      returned: success
      type: bool
    public:
      description: Whether everybody may launch it.
      returned: success
      type: bool
    encrypted:
      description: Whether all its disks are encrypted.
      returned: success
      type: bool
    size:
      description: The size of its disks together, in GiB.
      returned: success
      type: int
    launch_permissions:
      description:
        - Who may launch it. C(accounts), C(organizations), C(organizational_units) and C(public). V(none) when it was not read.
      returned: success
      type: dict
    snapshots:
      description:
        - Its disks. C(snapshot_id), C(device), C(size) in GiB, C(encrypted), C(kms_key_id), C(tags), and in C(volume_permissions)
          who may make volumes of the snapshot. V(none) stands for what was not read, and where there is no key.
      returned: success
      type: list
      elements: dict
    source_image_id:
      description: The AMI that it was copied or made from, as EC2 knows it. V(none) when it does not.
      returned: success
      type: str
    source_region:
      description: The Region of that one.
      returned: success
      type: str
    source_ami:
      description: The AMI that its build started from, as its tag C(golden:source-ami) says. V(none) when it has none.
      returned: success
      type: str
    ancestry:
      description:
        - The AMI and those that it comes from, each with C(image_id), C(created), C(owner_alias), C(source_image_id) and
          C(source_region). V(none) unless O(ancestry) is true and it was read.
      returned: success
      type: list
      elements: dict
    references:
      description:
        - What uses it, each with its C(kind), C(id), C(detail), C(account) and C(region). The kinds are V(instance), V(launch-template),
          V(launch-template-version) (an old one that nothing uses), V(auto-scaling-group), V(launch-configuration), V(ssm-parameter),
          V(spot-fleet), V(spot-request), V(fleet), V(image-recipe), V(container-recipe) and V(account). V(none) unless O(references)
          is true.
      returned: success
      type: list
      elements: dict
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      name: wordpress 20261121093000-2ca060
      description: ""
      state: available
      owner: "111111111111"
      architecture: x86_64
      image: wordpress
      version: 20261121093000-2ca060
      tags:
        golden:image: wordpress
        golden:version: 20261121093000-2ca060
      created: "2026-11-21T09:34:12Z"
      age_days: 3
      last_launched: null
      deprecated: false
      deprecated_at: null
      protected: false
      public: false
      encrypted: false
      size: 8
      launch_permissions:
        accounts:
          - "222222222222"
        organizations: []
        organizational_units: []
        public: false
      snapshots: []
      source_image_id: ami-0123456789abcdef1
      source_region: eu-west-1
      source_ami: ami-0123456789abcdef1
      ancestry: null
      references:
        - kind: ssm-parameter
          id: /golden/wordpress/prod
          detail: channel prod of wordpress
          account: "111111111111"
          region: eu-west-1
missing:
  description:
    - Those of O(image_ids) that are in none of the places, or not of O(owners).
  returned: success
  type: list
  elements: str
  sample: []
not_read:
  description:
    - What could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account that was asked.
      returned: success
      type: str
    region:
      description: The Region.
      returned: success
      type: str
    image_id:
      description: The AMI that it is about. V(none) when it is about all in that place.
      returned: success
      type: str
    what:
      description: What was not read.
      returned: success
      type: str
    reason:
      description: Why not.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: null
      what: "references: auto-scaling-groups"
      reason: >-
        Failed to describe the Auto Scaling groups: An error occurred (AccessDenied) when calling the DescribeAutoScalingGroups operation
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.info_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
