#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: build_sweep

short_description: Remove what killed builds left, and what failed builds kept

version_added: 1.0.0

description:
  - Removes what builds of M(golden.ami.packer_build) left when they were killed and could not clean up, or could not remove, as the
    next build does it by itself; and with O(kept=true) also what they kept because of O(golden.ami.packer_build#module:on_error=keep).
  - Knows such builds by the records of this user on this machine. Builds that run, and those of another cloud, profile or account,
    are not touched. What nothing proves to come from such a build is not removed, but named.
  - An AMI whose build ended before it was complete goes as well, with its snapshots and the record of its version.
  - Fails, and names the ids, when something could not be removed.
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
      - RV(removed) says what would be removed.
  diff_mode:
    support: full
  idempotent:
    support: full

options:
  images:
    description:
      - Only builds of these images. Without any, those of all.
    type: list
    elements: str
    default: []
  kept:
    description:
      - Whether to remove as well what was kept for a look at it.
    type: bool
    default: false

notes:
  - Without such builds nothing is called on AWS.

seealso:
  - module: golden.ami.packer_build
"""

EXAMPLES = r"""
- name: Remove what killed builds left
  golden.ami.build_sweep:

- name: Remove the builder of an image as well that was kept for debugging
  golden.ami.build_sweep:
    images:
      - web
    kept: true
"""

RETURN = r"""
removed:
  description:
    - What was removed; in check mode, what would be.
  returned: always
  type: list
  elements: dict
  contains:
    region:
      description: The Region.
      returned: success
      type: str
    type:
      description: What it is, in the words of EC2's tags, like V(instance) or V(security-group).
      returned: success
      type: str
    id:
      description: Its id.
      returned: success
      type: str
  sample:
    - region: eu-west-1
      type: instance
      id: i-0123456789abcdef0
left:
  description:
    - What is still there, in the form of RV(removed). Then the module fails.
  returned: always
  type: list
  elements: dict
  sample: []
runs:
  description:
    - The builds of which nothing is left now, so that their records and private keys went.
  returned: always
  type: list
  elements: str
  sample:
    - golden-20261121093000-2ca060
kept:
  description:
    - The builds that kept something, which stays.
  returned: always
  type: list
  elements: dict
  contains:
    run_id:
      description: What the build was called in tags.
      returned: success
      type: str
    image:
      description: The name of the image.
      returned: success
      type: str
    since:
      description: Since when, UTC.
      returned: success
      type: str
    ssh:
      description: The command by which one logs in. V(none) when none is known.
      returned: success
      type: str
    resources:
      description: What was kept, in the form of RV(removed).
      returned: success
      type: list
      elements: dict
  sample: []
foreign:
  description:
    - The builds that were killed or kept something in another AWS account, which stays.
  returned: always
  type: list
  elements: dict
  contains:
    run_id:
      description: What the build was called in tags.
      returned: success
      type: str
    image:
      description: The name of the image.
      returned: success
      type: str
    account:
      description: The AWS account.
      returned: success
      type: str
    record:
      description: The file with the record.
      returned: success
      type: str
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.sweep import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except PackerError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
