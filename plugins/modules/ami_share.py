#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_share

short_description: Share AMIs and their snapshots with accounts, organizations or everybody

version_added: 1.0.0

description:
  - Changes who may launch AMIs and, with it, who may make volumes of their snapshots, which is what it takes to copy an AMI. Works on
    many AMIs, Regions and accounts at once.
  - Refuses before the first write what could not work. That is an AMI that is encrypted with the AWS-managed key, and one that is
    encrypted with a customer managed key whose policy and grants do not let the targets use it; the statement that lacks is printed.
  - An AMI whose tests failed, by its tag C(golden:tested), is shared with nobody else until they have passed (M(golden.ami.ami_test)).
  - An AMI becomes public only with O(public=true), and only where block public access reads as off.
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
  state:
    description:
      - With V(add) the targets may use the AMIs besides those who may already.
      - With V(remove) they may not any more.
      - With V(exact) they may, and nobody else but the owner.
      - With V(private) nobody may but the owner. Then no target is named.
    type: str
    choices: [add, remove, exact, private]
    default: add
  targets:
    description:
      - Whom it is about. The owner of an AMI needs no permission and is left out.
    type: dict
    default: {}
    suboptions:
      accounts:
        description:
          - The numbers of accounts, twelve digits each, quoted.
        type: list
        elements: str
        default: []
      organizations:
        description:
          - The ARNs of organizations. EC2 lets these launch an AMI, but cannot share its snapshots with them.
        type: list
        elements: str
        default: []
      organizational_units:
        description:
          - The ARNs of organizational units. EC2 lets these launch an AMI, but cannot share its snapshots with them.
        type: list
        elements: str
        default: []
      organization_accounts:
        description:
          - Accounts that are looked up in AWS Organizations when the task runs, all the active ones. Only the management account and
            delegated administrators can look.
        type: dict
        suboptions:
          parent_id:
            description:
              - The id of the root or of the organizational unit whose accounts are meant. Without one, those of the whole organization.
            type: str
          recursive:
            description:
              - Whether accounts in the units below are meant as well.
            type: bool
            default: true
          exclude:
            description:
              - The numbers of accounts that are not meant.
            type: list
            elements: str
            default: []
  public:
    description:
      - Whether everybody is a target as well.
    type: bool
    default: false
  snapshots:
    description:
      - Whether to change the permissions of the snapshots as well.
    type: bool
    default: true
  key_access:
    description:
      - What to do when a customer managed key does not let the targets use it, V(refuse) to share or V(warn). A policy that cannot be
        read is a warning in both cases.
    type: str
    choices: [refuse, warn]
    default: refuse

notes:
  - Costs one call for each AMI and each snapshot to read its permissions, and one to change them; several at a time. A snapshot that
    gains and loses permissions takes two.
  - A key policy that names a role of an account counts as one for the account. A condition of a policy that cannot be judged, one on the
    address of the caller for example, counts as not met.

seealso:
  - module: golden.ami.ami_info
"""

EXAMPLES = r"""
- name: Let two accounts launch and copy an AMI
  golden.ami.ami_share:
    image_ids:
      - ami-0123456789abcdef0
    targets:
      accounts:
        - "222222222222"
        - "333333333333"

- name: Share a version with exactly the accounts that are in a unit now, in two Regions
  golden.ami.ami_share:
    image: wordpress
    version: 20261121093000-2ca060
    regions:
      - eu-west-1
      - us-east-1
    state: exact
    targets:
      organization_accounts:
        parent_id: ou-a1b2-c3d4e5f6

- name: Let a whole organization launch it
  golden.ami.ami_share:
    image_ids:
      - ami-0123456789abcdef0
    targets:
      organizations:
        - arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5

- name: Take it back from everybody
  golden.ami.ami_share:
    image_ids:
      - ami-0123456789abcdef0
    state: private
"""

RETURN = r"""
images:
  description:
    - The AMIs with who may use them now; in check mode, with who would.
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
    launch_permissions:
      description: Who may launch it. C(accounts), C(organizations), C(organizational_units) and C(public).
      returned: success
      type: dict
    snapshots:
      description: Its snapshots, with their C(snapshot_id) and C(volume_permissions). None unless O(snapshots) is true.
      returned: success
      type: list
      elements: dict
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      launch_permissions:
        accounts:
          - "222222222222"
        organizations: []
        organizational_units: []
        public: false
      snapshots:
        - snapshot_id: snap-0123456789abcdef0
          volume_permissions:
            accounts:
              - "222222222222"
            organizations: []
            organizational_units: []
            public: false
actions:
  description:
    - What was done, or in check mode would be, one entry for each call.
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
      description: V(modify-launch-permissions) or V(modify-volume-permissions).
      returned: success
      type: str
    resources:
      description: The AMI or snapshot whose permissions it is about.
      returned: success
      type: list
      elements: str
    reason:
      description: Who is added and who removed.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      action: modify-launch-permissions
      resources:
        - ami-0123456789abcdef0
      reason: add 222222222222
missing_key_statements:
  description:
    - The keys that do not let the targets use them, or of which that is not known, with what to add to their policies.
  returned: success, and when nothing is shared because of them
  type: list
  elements: dict
  contains:
    account:
      description: The account of the AMIs.
      returned: success
      type: str
    region:
      description: The Region.
      returned: success
      type: str
    key_id:
      description: The ARN of the key.
      returned: success
      type: str
    statements:
      description: What to add to its policy.
      returned: success
      type: list
      elements: dict
    unread:
      description: Why the policy is not known. V(none) when it is.
      returned: success
      type: str
  sample: []
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
from ansible_collections.golden.ami.plugins.module_utils._ami.share_run import ARGUMENT_SPEC, run
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
