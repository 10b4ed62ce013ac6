#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_prune

short_description: Retire AMIs that nobody needs, stage by stage

version_added: 1.0.0

description:
  - Takes old AMIs out of use in three stages, with days between them. An AMI is deprecated, then disabled, then deleted with its
    snapshots, with the SSM parameters that record its version and what is inside it, and with the one that M(golden.ami.ami_revoke)
    wrote.
  - Says for each AMI that it looked at why it stays or goes.
  - Keeps the newest of each image, what is younger than O(max_age), what a channel names or named last, what carries the tag
    C(golden:keep) with any value, what is protected from deregistration, what was launched within O(launched_within) days, and
    whatever something refers to. These are instances, launch templates, Auto Scaling groups, launch configurations, SSM
    parameters, spot requests and fleets, and recipes of EC2 Image Builder, in all accounts that O(accounts) names. Of other accounts
    it is what EC2's usage reports tell, where somebody has ordered one.
  - A source of references that cannot be read keeps every AMI of its Region, as it might have protected it. O(accept_unread) names
    sources that may be missing.
  - Just before AMIs are disabled, and again before they are deleted, it looks a second time at those, and at what refers to them. An
    AMI is disabled when it is deleted, so that nobody can launch it.
  - What fails stops the AMI that it is about. The module goes on with the others, and fails at the end with the list.
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
      - What somebody comes to use between the plan and the second look is kept in addition.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - Where O(max_count) or O(max_percent) stops a run, the next one goes on. As days pass, AMIs reach their next stage.

options:
  images:
    description:
      - The names of the images whose AMIs are looked at, as the tag C(golden:image) has them.
      - Give this, O(filters) or both. Without a scope the module refuses to work.
    type: list
    elements: str
    default: []
  filters:
    description:
      - Filters of EC2's DescribeImages by name, with a value or a list of values. Only AMIs of the account itself are looked at,
        whatever the filters say.
      - AMIs without the tag C(golden:image) count as those of one image, in each account, Region and architecture.
    type: dict
    default: {}
  keep:
    description:
      - How many of the newest AMIs of each image stay, in each account, Region and architecture. Those that nobody can launch are
        not counted. A revoked one (M(golden.ami.ami_revoke)) is not counted either, and does not stay as one of them.
    type: int
    default: 3
  max_age:
    description:
      - Days. An AMI that is younger stays as well, however many there are. Without it only O(keep) counts.
    type: int
  per_image:
    description:
      - By the name of an image, C(keep) and C(max_age) for it in place of O(keep) and O(max_age).
    type: dict
    default: {}
  keep_in_channel:
    description:
      - How many AMIs stay that a channel named before the one that it names, those that can be launched and are not revoked. The
        one that it names stays always.
    type: int
    default: 1
  max_age_in_channel:
    description:
      - Days. An AMI that a channel named within them stays as well.
    type: int
  per_channel:
    description:
      - By the name of a channel, C(keep) and C(max_age) for it in place of O(keep_in_channel) and O(max_age_in_channel).
    type: dict
    default: {}
  launched_within:
    description:
      - Days. An AMI from which an instance was launched within them stays, whoever launched it. EC2 tells that a day late.
      - With V(0) that is no reason to keep it.
    type: int
    default: 30
  disable_after:
    description:
      - Days between deprecation and disabling. With V(0) both happen in one run.
    type: int
    default: 14
  delete_after:
    description:
      - Days between disabling and deletion, from the time in the tag C(golden:disabled-at). With V(0) both happen in one run.
      - An AMI that somebody else disabled gets the tag, and its days count from then.
    type: int
    default: 14
  max_count:
    description:
      - How many AMIs a run takes a stage further at most. Those that are furthest come first, then the oldest.
    type: int
  max_percent:
    description:
      - The same in per cent of the AMIs that are looked at, rounded down.
    type: int
  copies:
    description:
      - Whether all AMIs of a version stand and fall together, in all O(regions) and O(accounts). What keeps one keeps all, at the
        second look as well, and O(keep) counts versions.
      - Otherwise each account and Region is looked at by itself.
    type: bool
    default: false
  launch_template_versions:
    description:
      - Whether versions of launch templates go together with the AMI that they name when they are neither the default nor the
        latest version and nothing uses them.
      - Otherwise they keep it.
    type: bool
    default: false
  orphaned_snapshots:
    description:
      - Whether to look for snapshots that no AMI uses, of the same tags as the AMIs. They are reported, not deleted.
    type: bool
    default: false
  accept_unread:
    description:
      - Sources that need not be readable, for a Region where a service is not used, or an older botocore that does not know it.
        RV(unread) still has them.
    type: list
    elements: str
    default: []
    choices:
      - instances
      - launch-templates
      - auto-scaling-groups
      - launch-configurations
      - ssm-parameters
      - spot-fleets
      - spot-requests
      - fleets
      - image-builder
      - usage-reports
      - channels
      - last-launched
      - other-accounts

notes:
  - An AMI that is shared with accounts which O(accounts) does not name, with an organization or with everybody may be in use there, and
    stays. Take the permission back (M(golden.ami.ami_share)), name the accounts, or accept it with V(other-accounts) in
    O(accept_unread); then only O(launched_within) tells of such use.
  - EC2 takes the launch permissions of an AMI away when it is disabled.
  - A revoked AMI is disabled. Unless something else keeps it, it is deleted O(delete_after) days after it was revoked.
  - To keep an AMI for ever, give it the tag C(golden:keep), or turn on its deregistration protection.
  - Besides those of EC2 that it acts with, the module needs the permissions V(autoscaling:Describe*),
    V(ssm:DescribeParameters), V(ssm:GetParameters), V(ssm:GetParametersByPath) and V(ssm:GetParameterHistory).

seealso:
  - module: golden.ami.build_sweep
"""

EXAMPLES = r"""
- name: Show what would go, and why the rest stays
  golden.ami.ami_prune:
    images:
      - wordpress
  check_mode: true
  register: plan

- name: Keep five AMIs and whatever is younger than 90 days, in two Regions and a second account
  golden.ami.ami_prune:
    images:
      - wordpress
      - database
    keep: 5
    max_age: 90
    per_image:
      database:
        keep: 10
    per_channel:
      prod:
        keep: 3
        max_age: 180
    regions:
      - eu-west-1
      - us-east-1
    accounts:
      - "111111111111"
      - "222222222222"
    copies: true
    max_percent: 20

- name: Retire AMIs of another tool, with stale versions of launch templates
  golden.ami.ami_prune:
    filters:
      tag:team: web
      name: web-*
    keep: 2
    disable_after: 7
    delete_after: 30
    launch_template_versions: true
    orphaned_snapshots: true
"""

RETURN = r"""
images:
  description:
    - Each AMI that was looked at, by account and Region, the newest of an image first.
  returned: always
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
    name:
      description: Its name.
      returned: success
      type: str
    image:
      description: The image that it is an AMI of. V(none) without the tag.
      returned: success
      type: str
    version:
      description: The version. V(none) without the tag.
      returned: success
      type: str
    created:
      description: When it was made, UTC.
      returned: success
      type: str
    state:
      description: Its state before, in EC2's words, and V(deprecated).
      returned: success
      type: str
    action:
      description: V(keep), V(deprecate), V(disable) or V(delete). With no days between stages it is the last one.
      returned: success
      type: str
    reason:
      description: Why it stays or goes.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      name: wordpress-20261121093000
      image: wordpress
      version: "20261121093000"
      created: "2026-11-21T09:34:12+00:00"
      state: available
      action: keep
      reason: channel prod of wordpress names it; one of the newest 3 of wordpress
counts:
  description:
    - How many AMIs had each action.
  returned: always
  type: dict
  sample:
    keep: 4
    deprecate: 1
    disable: 0
    delete: 1
table:
  description:
    - The same as RV(images), a line for each that a person can read, with the reason at the end.
  returned: always
  type: list
  elements: str
  sample:
    - 111111111111/eu-west-1  ami-0123456789abcdef0  wordpress 20261121093000  keep  channel prod of wordpress names it
deleted_snapshots:
  description:
    - The snapshots that went with their AMIs.
  returned: always
  type: list
  elements: str
  sample:
    - snap-0123456789abcdef0
left_snapshots:
  description:
    - Snapshots of deleted AMIs that are still there, as another AMI uses them. Others among them are in RV(failed_images).
  returned: always
  type: list
  elements: str
  sample: []
orphaned_snapshots:
  description:
    - Snapshots that no AMI uses. Nothing is done about them.
  returned: when O(orphaned_snapshots=true)
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
    snapshot_id:
      description: The id.
      returned: success
      type: str
    size:
      description: The size of its volume in GiB.
      returned: success
      type: int
    created:
      description: When it was begun, UTC.
      returned: success
      type: str
    description:
      description: What whoever made it said of it.
      returned: success
      type: str
  sample: []
unread:
  description:
    - What could not be read, and so keeps the AMIs of its Region.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: Which source of references, in the words of O(accept_unread).
      returned: success
      type: str
    account:
      description: In which account.
      returned: success
      type: str
    region:
      description: In which Region.
      returned: success
      type: str
    reason:
      description: Why not, in the words of AWS.
      returned: success
      type: str
    accepted:
      description: Whether O(accept_unread) names it, so that it keeps nothing.
      returned: success
      type: bool
  sample: []
failed_images:
  description:
    - The AMIs that could not be taken as far as planned. Then the module fails.
  returned: always
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
    action:
      description: How far it went.
      returned: success
      type: str
    error:
      description: What failed, in the words of AWS.
      returned: success
      type: str
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.prune import ARGUMENT_SPEC, run
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import PartlyDoneError


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except PartlyDoneError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
