#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_record

short_description: Record a version of an image in each Region and account that has an AMI of it

version_added: 1.0.0

description:
  - Writes the SSM parameter C(/golden/IMAGE/versions/VERSION) of data type C(aws:ec2:image) in each place where an AMI of the version
    is, as M(golden.ami.packer_build) does where it builds. M(golden.ami.ami_promote) finds the AMI by it, and so does whoever pins a
    version.
  - The AMIs are found by the tags C(golden:image), C(golden:version) and C(golden:complete), which copies by M(golden.ami.ami_copy)
    have as well.
  - A version is recorded once. A parameter that names something else is not overwritten, but refused before anything is written.
  - A place without an available AMI of it gives a warning.
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
      - The version. Of one with several AMIs in a Region each is recorded below it, as C(VERSION/BUILDER), and the copies by the names
        that they have in common with those that are recorded where they were built. So one of O(regions) has to be that Region.
      - One of these alone is named as C(VERSION/BUILDER).
    type: str
    required: true
  timeout:
    description:
      - Seconds to wait until all that was written reads back. AWS looks at the AMI after it has taken the parameter.
    type: int
    default: 120

seealso:
  - module: golden.ami.ami_copy
  - module: golden.ami.ami_promote
"""

EXAMPLES = r"""
- name: Copy a version to two Regions
  golden.ami.ami_copy:
    image_ids:
      - ami-0123456789abcdef0
    regions:
      - eu-west-1
      - eu-central-1

- name: Let those who pin a version find it there
  golden.ami.ami_record:
    image: wordpress
    version: "20261121093000-2ca060"
    regions:
      - eu-west-1
      - eu-central-1
"""

RETURN = r"""
parameter:
  description:
    - The name of the parameter. Of a version with several AMIs in a Region, what theirs are below.
  returned: success
  type: str
  sample: /golden/wordpress/versions/20261121093000-2ca060
records:
  description:
    - What the parameter names, for each place, and for each AMI where a Region has several.
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
    parameter:
      description: The parameter.
      returned: success
      type: str
    image_id:
      description: The AMI that it names; in check mode, would name. V(none) where there is none.
      returned: success
      type: str
    action:
      description: V(record), V(keep) where it is recorded already, or V(none) where there is nothing to record.
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      parameter: /golden/wordpress/versions/20261121093000-2ca060
      image_id: ami-0123456789abcdef0
      action: record
      reason: ami-0123456789abcdef0 is not recorded
table:
  description:
    - The same as RV(records), a line for each that a person can read, with the reason at the end.
  returned: success
  type: list
  elements: str
  sample:
    - 111111111111/eu-west-1  ami-0123456789abcdef0  record  ami-0123456789abcdef0 is not recorded
done:
  description:
    - What was written, in the form of RV(records).
  returned: when a call that writes failed
  type: list
  elements: dict
  sample: []
not_done:
  description:
    - What was not written, in the form of RV(records), with C(error) in AWS's words where a call was tried.
  returned: when a call that writes failed
  type: list
  elements: dict
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.recording import ARGUMENT_SPEC, run
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import ResultError


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
