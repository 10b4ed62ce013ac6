# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: packer_script
short_description: The image that PACKER_SCRIPT means
version_added: 1.0.0
author:
  - golden.ami contributors (@golden-ami)
description:
  - Finds the one image or Packer template that a pipeline's variable C(PACKER_SCRIPT) names.
  - It may be the name of an image, the path of a template, or a template's base name, such as V(packer-wordpress) for
    C(packer-wordpress.json), C(packer-wordpress.pkr.hcl), or a directory C(packer-wordpress).
  - It is looked for in the working directory first, then in C(images/*/), and then in the images of the collection. The first place
    that has it counts. Where a place has it twice, or none has it, the error lists what there is.
options:
  _terms:
    description:
      - What C(PACKER_SCRIPT) says.
    type: list
    elements: string
    required: true
  directories:
    description:
      - Directories that hold images, in the order in which they are searched.
      - Without it, C(images) in the working directory and then the images of the collection.
    type: list
    elements: path
seealso:
  - plugin: golden.ami.image
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Say what would be built
  ansible.builtin.debug:
    msg: "{{ lookup('golden.ami.packer_script', lookup('ansible.builtin.env', 'PACKER_SCRIPT')) }}"
"""

RETURN = r"""
_raw:
  description:
    - For each term what the playbooks of this collection take as C(image), which is an image's name, or the absolute path of a
      template that no definition names.
  type: list
  elements: str
"""

import typing as t
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import Reader
from ansible_collections.golden.ami.plugins.plugin_utils._definition._script import find_script
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        directories = [path.resolve() for path in Reader(self.get_option("directories")).directories]
        try:
            return [find_script(str(term), Path.cwd(), directories).image for term in terms]
        except DefinitionError as error:
            raise AnsibleLookupError(str(error)) from error
