#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_lineage_info

short_description: Which AMIs of images that are made from other images are behind

version_added: 1.0.0

description:
  - Looks for the newest complete AMI of each image, for the AMI of its parent that it was made from, and for the one that it would be
    made from now.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.info_module
  - golden.ami._attributes.actiongroup_aws
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

options:
  images:
    description:
      - The images to look at.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name of the image, as in the tag C(golden:image) of its AMIs.
        type: str
        required: true
      parent:
        description:
          - The name of the image that it is made from.
        type: str
        required: true
      channel:
        description:
          - The channel of O(images[].parent) that it follows. Without one it follows the newest complete AMI.
        type: str
      search:
        description:
          - How it finds its base, where the definition has C(base.owners) and C(base.name) instead of C(base.image). It follows what this
            finds.
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
      descendants:
        description:
          - The names of images that are made from it in turn, to be told with it when it is behind.
        type: list
        elements: str
        default: []
  just_made:
    description:
      - The AMIs that parents have by their definitions, by the parent's name, where that is known already. EC2 may tell of a new AMI
        only after a while, and one that is still good need not be the newest.
    type: dict
    default: {}

notes:
  - Costs one call to EC2, another for each different O(images[].search), and one to SSM for up to ten channels.

seealso:
  - module: golden.ami.packer_build
"""

EXAMPLES = r"""
- name: See whether web has to be built again because of its base
  golden.ami.image_lineage_info:
    images:
      - name: web
        parent: base
  register: lineage

- name: Say so
  ansible.builtin.debug:
    msg: "{{ lineage.behind }}"
"""

RETURN = r"""
images:
  description:
    - What there is of each image, in the order of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the image.
      returned: success
      type: str
    parent:
      description: The name of the image that it is made from.
      returned: success
      type: str
    ami_id:
      description: Its newest complete AMI. V(none) when it was never built.
      returned: success
      type: str
    source_ami:
      description: The AMI that this one was made from. V(none) when there is none, or when its tags do not tell.
      returned: success
      type: str
    parent_ami:
      description: The AMI that it would be made from now. V(none) when there is none.
      returned: success
      type: str
    behind:
      description: Whether these differ.
      returned: success
      type: bool
    message:
      description: That in words, and what to do. V(none) when it is not behind.
      returned: success
      type: str
  sample:
    - name: web
      parent: base
      ami_id: ami-0123456789abcdef0
      source_ami: ami-0123456789abcdef1
      parent_ami: ami-0123456789abcdef2
      behind: true
      message: >-
        web is behind: it was made from ami-0123456789abcdef1 of base, the newest is ami-0123456789abcdef2.
        Build it: -e image=web, or -e rebuild_children=true
behind:
  description:
    - The messages of those that are behind.
  returned: success
  type: list
  elements: str
"""


import dataclasses
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._ami.lineage import (
    SEARCH_OPTION,
    Descent,
    read_lineages,
    read_search,
)

ARGUMENT_SPEC = {
    "images": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "parent": {"type": "str", "required": True},
            "channel": {"type": "str"},
            "search": SEARCH_OPTION,
            "descendants": {"type": "list", "elements": "str", "default": []},
        },
    },
    "just_made": {"type": "dict", "default": {}},
}


def _descent(search: dict[str, t.Any] | None, descendants: list[str], **image: t.Any) -> Descent:
    return Descent(**image, search=read_search(search), descendants=tuple(descendants))


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    descents = [_descent(**image) for image in module.params["images"]]
    try:
        cloud = Cloud(module.client, module.region)
        found = read_lineages(cloud, descents, module.params["just_made"])
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(
        changed=False,
        images=[dataclasses.asdict(one) for one in found],
        behind=[one.message for one in found if one.message],
    )


if __name__ == "__main__":
    main()
