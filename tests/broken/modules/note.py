# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: note
short_description: Keep a note in an SSM parameter
version_added: 1.0.0
description:
  - A module that is as it should be. Tests break copies of it.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
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
  name:
    description: The name of the parameter.
    type: str
    required: true
  text:
    description: The note.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Keep a note
  golden.ami.note:
    name: /notes/today
    text: buy milk
"""

RETURN = r"""
text:
  description: The note.
  returned: success
  type: str
before:
  description: What it was before. V(none) when there was none.
  returned: success
  type: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import get_parameter


def main() -> None:
    spec = {"name": {"type": "str", "required": True}, "text": {"type": "str", "required": True}}
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    ssm = module.client("ssm")
    name, text = module.params["name"], module.params["text"]
    before = get_parameter(ssm, name)
    changed = before != text
    if changed and not module.check_mode:
        ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
    diff = {"before": {"text": before}, "after": {"text": text}}
    module.exit_json(changed=changed, text=text, before=before, diff=diff)


if __name__ == "__main__":
    main()
