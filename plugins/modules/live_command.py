#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: live_command
version_added: 1.0.0
short_description: Run a command and show its progress while it runs
description:
  - Runs a command that takes minutes. Ansible shows nothing of a task before its end; this one shows the lines that the
    command appends to the file which the environment variable E(GOLDEN_PROGRESS_FILE) names.
  - When the command fails, what it wrote to standard error is the task's message.
  - When the command writes one JSON object to standard output, that is returned as RV(data), and its V(changed) is the
    task's.
  - Lines are shown on a local connection only. Elsewhere the command runs the same, silently.
options:
  argv:
    description: The command as a list of words. No shell is involved.
    type: list
    elements: str
    required: true
  chdir:
    description: Directory to run the command in.
    type: path
  progress_file:
    description:
      - File whose new lines are shown. It need not exist.
      - Without it a temporary file is used.
    type: path
author:
  - golden.ami contributors (@golden-ami)
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: partial
    details: The command is not run in check mode, and the task is skipped.
  diff_mode:
    description: Returns details on what has changed, when in diff mode.
    support: none
  idempotent:
    description: Running it twice in a row without changes in between does not make changes the second time.
    support: N/A
    details: That is the command's affair.
"""

EXAMPLES = r"""
- name: Compile something large
  golden.ami.live_command:
    argv: [/opt/build/compile, --all]
"""

RETURN = r"""
data:
  description: The JSON object that it wrote to standard output.
  returned: when it wrote one
  type: dict
  sample: {"changed": true}
rc:
  description: The command's exit status.
  returned: when the command was run
  type: int
  sample: 0
stdout:
  description: What it wrote to standard output.
  returned: when the command was run
  type: str
  sample: '{"changed": true}'
stderr:
  description: What it wrote to standard error.
  returned: when the command has succeeded
  type: str
  sample: ""
"""

import json

from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule) -> dict[str, object]:
    """Run the command, and return the task's result."""
    if module.check_mode:
        return {"changed": False, "skipped": True, "msg": "The command is not run in check mode."}
    progress_file: str | None = module.params["progress_file"]
    code, stdout, stderr = module.run_command(
        module.params["argv"],
        cwd=module.params["chdir"],
        environ_update={"GOLDEN_PROGRESS_FILE": progress_file} if progress_file else None,
        handle_exceptions=False,
    )
    if code != 0:
        words = stderr.strip() or stdout.strip() or f"{module.params['argv'][0]} ended with {code}."
        return {"failed": True, "changed": True, "rc": code, "stdout": stdout, "msg": words}
    result: dict[str, object] = {"changed": True, "rc": code, "stdout": stdout, "stderr": stderr}
    data = read_object(stdout)
    if data is not None:
        result |= {"data": data, "changed": bool(data.get("changed", True))}
    return result


def read_object(text: str) -> dict[str, object] | None:
    """The JSON object that a text is, or None."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "argv": {"type": "list", "elements": "str", "required": True},
            "chdir": {"type": "path"},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    if not module.params["argv"]:
        module.fail_json(msg="argv is empty: name the program to run, and what it is given.")
    try:
        result = run(module)
    except OSError as error:
        module.fail_json(msg=f"{module.params['argv'][0]} cannot be run: {error.strerror or error}.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
