#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_test

short_description: Test a machine that is there, such as the builder of an image

version_added: 1.0.0

description:
  - Runs tests of an image on a machine, with the engines, the variables and the files that M(golden.ami.ami_test) uses on instances
    of an AMI. In a playbook of Packer's Ansible provisioner a failing test ends the build before there is an AMI.
  - The shared template does that with the suites of a definition that have C(builder) in C(run_on). A template of your own calls this
    module itself, on the control side.
  - What it brings to the machine is gone when it ends. What is wrong with a test file is told before anything is brought.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes

attributes:
  check_mode:
    support: full
    details:
      - Reads the test files, and does not log in.
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    support: full
    details:
      - It changes nothing.

options:
  host:
    description:
      - The address of the machine, seen from the host of the task.
    type: str
    required: true
  port:
    description:
      - The port of its SSH.
    type: int
    default: 22
  user:
    description:
      - Who logs in. This user needs C(sudo) without a password.
    type: str
    required: true
  private_key_file:
    description:
      - The private key of that user.
    type: path
    required: true
  suites:
    description:
      - The tests. All of them run, in this order, also when one of the first has failed.
    type: list
    elements: dict
    required: true
    suboptions:
      engine:
        description:
          - What runs them. As O(golden.ami.ami_test#module:suites[].engine), but for InSpec.
        type: str
        choices: [goss, testinfra, ansible]
        required: true
      path:
        description:
          - A file or a directory, as O(golden.ami.ami_test#module:suites[].path).
        type: path
        required: true
      name:
        description:
          - What they are called in reports and messages. Without it, the name of the file without its ending.
        type: str
  name:
    description:
      - What the machine is called in reports and messages.
    type: str
    default: machine
  variables:
    description:
      - The variables of the build, so that a test asserts what was asked for. Those whose names look secret are in no command line, log or
        report.
    type: dict
    default: {}
  roles_path:
    description:
      - Where the roles of playbooks are looked for.
    type: list
    elements: path
    default: []
  timeout:
    description:
      - Seconds that each suite may take.
    type: int
    default: 600
  results_dir:
    description:
      - Where JUnit files and logs go. Those of an earlier run on a machine of this O(name) go.
    type: path
    required: true
  goss:
    description:
      - The program goss, for the architecture of the machine. The entry point C(goss) of the role P(golden.ami.packer#role) brings one.
    type: path
    default: goss

seealso:
  - module: golden.ami.ami_test
"""

EXAMPLES = r"""
# In a playbook that Packer runs, before the role golden.ami.sysprep.
- name: Make no image of a builder that fails its tests
  golden.ami.machine_test:
    host: "{{ hostvars['default'].ansible_host }}"
    user: "{{ hostvars['default'].ansible_user }}"
    private_key_file: "{{ ansible_ssh_private_key_file }}"
    suites:
      - engine: goss
        path: tests/goss.yaml
      - engine: testinfra
        path: tests/test_site.py
    variables:
      greeting: "{{ greeting }}"
    name: builder
    results_dir: test-results
  delegate_to: localhost
  become: false
"""

RETURN = r"""
suites:
  description: What ran. Empty in check mode.
  returned: when the tests ran
  type: list
  elements: dict
  contains:
    name:
      description: The suite.
      returned: success
      type: str
    engine:
      description: What ran it.
      returned: success
      type: str
    tests:
      description: How many tests it has.
      returned: success
      type: int
    failures:
      description: How many of them failed.
      returned: success
      type: int
    errors:
      description: How many could not be run.
      returned: success
      type: int
    skipped:
      description: How many were skipped.
      returned: success
      type: int
    seconds:
      description: How long it took.
      returned: success
      type: float
    junit:
      description: The JUnit file.
      returned: success
      type: str
    log:
      description: The file with all that it printed.
      returned: success
      type: str
  sample:
    - name: goss
      engine: goss
      tests: 12
      failures: 0
      errors: 0
      skipped: 0
      seconds: 0.8
      junit: /home/me/web/test-results/builder-build-goss.xml
      log: /home/me/web/test-results/builder-build-goss.log
failures:
  description: Each failing test, with its suite and why.
  returned: when the tests ran
  type: list
  elements: str
  sample: []
table:
  description: The same for a person, a line for each suite; in check mode what would run.
  returned: when the tests ran
  type: list
  elements: str
  sample:
    - goss  passed  12/12  0.8 s
results_dir:
  description: Where the reports are.
  returned: when the tests ran
  type: str
  sample: /home/me/web/test-results
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.machine_options import ARGUMENT_SPEC
from ansible_collections.golden.ami.plugins.module_utils._testing.machine_run import run


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except TestError as error:
        module.fail_json(msg=str(error), **error.result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
