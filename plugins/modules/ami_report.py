#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_report

short_description: A report on images, as a page, as Markdown and as data

version_added: 1.0.0

description:
  - Reads of images in all their places what versions there are, how old, with which tests, made from what; what channels name; who may use
    the AMIs and who does; what changed inside from version to version; and what pruning would take.
  - Writes that as one HTML page that needs no network, as Markdown and as JSON, each of the same data. AWS is only read.
  - What cannot be read is named with the reason, in all three. It never looks as if there were none.
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
  diff_mode:
    support: full
    details:
      - Shows the Markdown, and a digest of each file.
  idempotent:
    support: full
    details:
      - A report that differs in nothing but the time at which it was made is left as it is. Ages are told in words, and differ
        as soon as these do.

options:
  images:
    description:
      - The images to report on.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name of the image, as in the tag C(golden:image) of its AMIs.
        type: str
        required: true
      description:
        description:
          - What the image is, for the reader.
        type: str
        default: ""
      parent:
        description:
          - The name of the image that it is made from. The report says when there is a newer one of it.
        type: str
      follows:
        description:
          - The channel of O(images[].parent) that it is made from. Without one the newest complete AMI counts.
        type: str
      search:
        description:
          - How it finds its base, where the definition has C(base.owners) and C(base.name) instead of C(base.image). What this finds counts.
        type: dict
        suboptions:
          owners:
            description:
              - Whose AMIs to look among, as C(Owners) of EC2's DescribeImages.
            type: list
            elements: str
            required: true
          name:
            description:
              - The name of the AMI; C(*) and C(?) match. The newest one counts.
            type: str
            required: true
          architecture:
            description:
              - Only AMIs of this architecture.
            type: str
      regions:
        description:
          - The Regions where it is. Without any, the task's own.
        type: list
        elements: str
        default: []
      accounts:
        description:
          - The numbers of the accounts where it is, twelve digits each, quoted. Without any, that of the task's credentials.
        type: list
        elements: str
        default: []
      role_name:
        description:
          - The name of the role that is assumed in another account.
        type: str
        default: OrganizationAccountAccessRole
      retention:
        description:
          - By which options M(golden.ami.ami_prune) would be called for this image, such as C(keep) and C(max_age), or as C(retention)
            has them in a definition. C(copies) is V(true) if it is not given.
        type: dict
        default: {}
  changes:
    description:
      - Of how many versions of each image the report tells what changed since the one before. M(golden.ami.ami_test) finds that out.
    type: int
    default: 5
  directory:
    description:
      - Where to write C(report.html), C(report.md) and C(report.json). Without it nothing is written.
      - It has to be empty, not there yet, or to have such a report already. Other files in it stay as they are.
    type: path

notes:
  - Names, tags and reasons are others' text, and escaped in the page and in Markdown. The page forbids the browser to load or run anything.

seealso:
  - module: golden.ami.ami_info
  - module: golden.ami.ami_diff
  - module: golden.ami.ami_prune
  - module: golden.ami.image_lineage_info
"""

EXAMPLES = r"""
- name: Report on two images
  golden.ami.ami_report:
    images:
      - name: base
        retention:
          keep: 3
      - name: web
        parent: base
        regions:
          - eu-west-1
          - us-east-1
    directory: report
  register: report

- name: Say what could not be read
  ansible.builtin.debug:
    msg: "{{ report.report.not_read }}"
"""

RETURN = r"""
report:
  description:
    - The data of the report.
  returned: success
  type: dict
  contains:
    kind:
      description: What C(report.json) is known by.
      returned: success
      type: str
    format:
      description: The number of its form, which another one gets when it changes.
      returned: success
      type: int
    generated:
      description: When it was made, UTC. The time of the former report, if that differs in nothing else.
      returned: success
      type: str
    images:
      description:
        - Each image with its C(name), C(description), C(parent), whether it is C(behind), and C(places).
        - C(versions) are the newest first, each with C(created), C(age), C(tests), C(revoked), C(channels), C(sources) and C(amis). Each of
          these has what M(golden.ami.ami_info) tells of it, C(users) with C(users_not_read), and what C(pruning) would do with it.
        - C(channels) are by account and Region, C(changes) as M(golden.ami.ami_diff) tells them.
        - C(pruning) has C(counts) by action, and those that would be C(taken). It is V(none) where that is not known.
      returned: success
      type: list
      elements: dict
    lineage:
      description: Which version was made from which, as C(nodes) and C(edges).
      returned: success
      type: dict
    not_read:
      description: What could not be read, with account, Region and reason.
      returned: success
      type: list
      elements: dict
files:
  description:
    - The paths of the three files. Empty without O(directory).
  returned: success
  type: list
  elements: str
  sample:
    - report/report.json
    - report/report.html
    - report/report.md
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._report.run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
