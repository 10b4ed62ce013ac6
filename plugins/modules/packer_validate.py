#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packer_validate

short_description: Check a Packer template

version_added: 1.0.0

description:
  - Has Packer check a template together with its variables, and returns what it says as data.
  - Nothing is called on AWS for it. Variables that a build would set, like C(source_ami), get stand-ins.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._packer
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._attributes.info_module
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

requirements:
  - Packer 1.8.0 or newer

seealso:
  - module: golden.ami.packer_build
"""

EXAMPLES = r"""
- name: Check a template with a variable
  golden.ami.packer_validate:
    template: images/web/template
    variables:
      package_version: "6.1"
  register: check

- name: Say what is wrong, as an editor can jump to it
  ansible.builtin.fail:
    msg: "{{ item.file }}:{{ item.line }}: {{ item.summary }}"
  loop: "{{ check.diagnostics | selectattr('severity', 'eq', 'error') }}"
"""

RETURN = r"""
valid:
  description:
    - Whether Packer would build the template. An invalid template does not fail the task.
  returned: success
  type: bool
  sample: true
diagnostics:
  description:
    - What Packer has to say, in the order in which it says it.
  returned: success
  type: list
  elements: dict
  contains:
    severity:
      description: Either V(error) or V(warning).
      returned: success
      type: str
    summary:
      description: What it is about.
      returned: success
      type: str
    detail:
      description: What Packer explains about it.
      returned: success
      type: str
    file:
      description: The file, V(none) where the value of a variable was given by an option or the environment.
      returned: success
      type: str
    line:
      description: The line in the file, V(none) where it is not known.
      returned: success
      type: int
    remedy:
      description: What can be done against an error. Empty for a warning.
      returned: success
      type: str
  sample:
    - severity: error
      summary: Unsupported argument
      detail: An argument named "typ" is not expected here. Did you mean "type"?
      file: images/web/template/variables.pkr.hcl
      line: 3
      remedy: Correct it there.
raw:
  description:
    - What Packer printed.
  returned: success
  type: str
  sample: The configuration is valid.
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.options import ARGUMENT_SPEC
from ansible_collections.golden.ami.plugins.module_utils._packer.validate import run


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
