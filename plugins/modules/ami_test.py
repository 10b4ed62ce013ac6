#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_test

short_description: Boot AMIs on a matrix of instances, and test what has booted

version_added: 1.0.0

description:
  - Launches an instance of an AMI for each instance type, subnet and user data, all at a time, and waits until they are really ready,
    that is until cloud-init is done, systemd is running and ports answer. Then it runs the tests of the image, restarts the instances,
    and runs the tests again.
  - Tests are files of goss, testinfra, InSpec (or Cinc Auditor) or Ansible. What is wrong with a test file is told before anything is
    launched, as far as that can be known.
  - Writes a JUnit file for each suite, phase and instance, and C(summary.json), and says by tags of the AMI, in every place, that it is
    tested. The gate C(tested) of M(golden.ami.ami_promote) reads that.
  - An AMI that failed stays, and is quarantined. M(golden.ami.ami_share), M(golden.ami.ami_copy) and M(golden.ami.ami_promote) refuse
    it until its tests have passed.
  - Keeps what is inside the version in SSM parameters, as the first instance tells it.
  - Instances, security group and key pair are temporary. They are removed whatever happens, and carry the run's id, by which
    M(golden.ami.build_sweep) finds them when the module was killed.
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
    details:
      - Launches nothing. The test files are read, and RV(cells) and RV(table) say what would be launched. It expects that the tests pass.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - AMIs on which the same tests have passed on the same matrix are not tested again, unless O(force) is true.

options:
  suites:
    description:
      - The tests. They run in this order, on each instance, after the first boot and after the restart.
      - Without any, and without O(playbook), nothing is launched, and the AMI is not tagged as tested.
    type: list
    elements: dict
    default: []
    suboptions:
      engine:
        description:
          - What runs them.
          - V(goss) is brought to the instance and runs there as root.
          - V(testinfra), V(inspec) and V(ansible) run on the host of the task and reach the instance by SSH. They need pytest-testinfra in
            the module's Python, C(cinc-auditor) or C(inspec), or C(ansible-playbook).
        type: str
        choices: [goss, testinfra, inspec, ansible]
        required: true
      path:
        description:
          - A file or a directory. Of goss a file, or a directory with C(goss.yaml); of testinfra what pytest takes; of InSpec a profile or a
            file; of Ansible a playbook, for which the instance is the host C(default).
          - What is in the same directory is at hand for the tests, and a change in it is a reason to test again.
        type: path
        required: true
      run_on:
        description:
          - Where they run. Those that do not run on V(instance) are left to the build.
        type: list
        elements: str
        choices: [instance, builder]
        default: [instance]
      name:
        description:
          - What they are called in reports and messages. Without it, the name of the file without its ending.
        type: str
  instance_types:
    description:
      - Instance types. Each goes with the AMIs of its architecture.
    type: list
    elements: str
    default: [t3.small]
  subnet_ids:
    description:
      - Subnets, in each of which all are launched. Without any, the default subnet.
    type: list
    elements: str
    default: []
  user_data:
    description:
      - Files of user data. All are launched with each of them. Without any, they have none.
    type: list
    elements: path
    default: []
  ports:
    description:
      - TCP ports. An instance is ready when they answer on its address.
    type: list
    elements: int
    default: []
  reboot:
    description:
      - Whether to restart the instances and run the suites again.
    type: bool
    default: true
  playbook:
    description:
      - The playbook that made the image. It runs in check mode on the instances, and each task that would change something is a failing
        test. What the role P(golden.ami.sysprep#role) does once, before an AMI is made, is left out.
      - What a Galaxy requirements file brings for the build only is not at hand.
    type: path
  roles_path:
    description:
      - Where the roles of playbooks are looked for.
    type: list
    elements: path
    default: []
  timeout:
    description:
      - Seconds that each of these may take. Getting ready, each suite, and the restart.
    type: int
    default: 600
  variables:
    description:
      - The variables of the build, so that a test asserts what was asked for. goss has them as C(.Vars), testinfra as the fixture
        C(golden_variables), InSpec as inputs, and Ansible as extra variables.
    type: dict
    default: {}
  secret_variables:
    description:
      - Those that must not be seen. Tests get them with the others. They are in no command line, log or report.
    type: dict
    default: {}
  var_files:
    description:
      - Files of variables. Those of JSON are read; those of others, which only Packer can read, are not.
    type: list
    elements: path
    default: []
  results_dir:
    description:
      - Where JUnit files, logs and C(summary.json) go. Those of an earlier run go.
    type: path
    required: true
  ssh_username:
    description:
      - Who logs in. This user needs C(sudo) without a password.
    type: str
    default: admin
  ssh_interface:
    description:
      - How instances are reached. V(session_manager) needs O(instance_profile), the AWS CLI and its Session Manager plugin; it is refused
        where there is an O(endpoint_url), and has not been tried on AWS.
    type: str
    choices: [public_ip, private_ip, public_dns, private_dns, session_manager]
    default: public_ip
  public_ip:
    description:
      - Whether instances get a public address. Without it, as the subnet says.
    type: bool
  security_group_ids:
    description:
      - Security groups. Without any, a temporary one that lets O(allow_from) reach SSH and O(ports).
    type: list
    elements: str
    default: []
  allow_from:
    description:
      - From where SSH and O(ports) are reached, as CIDRs.
    type: list
    elements: str
    default: []
  instance_profile:
    description:
      - The IAM instance profile of the instances.
    type: str
  goss:
    description:
      - The program goss, for the architecture of the AMI. The entry point C(goss) of the role P(golden.ami.packer#role) brings one.
    type: path
    default: goss
  force:
    description:
      - Whether to test although the same tests have passed.
    type: bool
    default: false
  log_path:
    description:
      - Where to tell the steps of the run. The default is a file of its own for each in C(~/.local/state/golden.ami/logs/), or below
        E(XDG_STATE_HOME).
    type: path

notes:
  - Instances are launched in the task's own account and Region. AMIs that O(regions) and O(accounts) name besides are tagged as well.
  - An instance that cannot be launched, for want of capacity for example, says nothing about the AMI. The module fails then, and the AMI
    is not tagged.

seealso:
  - module: golden.ami.ami_promote
  - module: golden.ami.build_sweep
"""

EXAMPLES = r"""
- name: Test an AMI on two instance types
  golden.ami.ami_test:
    image_ids:
      - ami-0123456789abcdef0
    suites:
      - engine: goss
        path: images/web/tests/goss.yaml
      - engine: testinfra
        path: images/web/tests/test_site.py
    instance_types:
      - t3.small
      - m7i.large
    ports:
      - 80
    allow_from:
      - 203.0.113.7/32
    results_dir: test-results

- name: Test a version with the variables that it was built with
  golden.ami.ami_test:
    image: wordpress
    version: 20261121093000-2ca060
    suites:
      - engine: ansible
        path: images/wordpress/tests/verify.yml
    variables:
      wordpress_version: "6.1"
    allow_from:
      - 203.0.113.7/32
    results_dir: test-results
"""

RETURN = r"""
outcome:
  description:
    - V(passed), V(failed), V(incomplete) when instances could not be launched or AWS not be asked on, V(unchanged) when the same
      tests have passed before, V(untested) when there are none, or, in check mode, V(would test).
  returned: when the options were right
  type: str
  sample: passed
image:
  description: The name of the image. V(none) when the AMI does not say.
  returned: when the options were right
  type: str
  sample: wordpress
version:
  description: The version. V(none) when the AMI does not say.
  returned: when the options were right
  type: str
  sample: 20261121093000-2ca060
run_id:
  description: What the run is called in tags.
  returned: when the options were right
  type: str
  sample: golden-20261121093000-2ca060
digest:
  description: The digest of the tests and their matrix, as in the tag C(golden:tests).
  returned: when the options were right
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
cells:
  description: The instances with what became of them; in check mode, with what would be launched.
  returned: when the options were right
  type: list
  elements: dict
  contains:
    name:
      description: What it is called in reports.
      returned: success
      type: str
    image_id:
      description: The id of the AMI.
      returned: success
      type: str
    instance_type:
      description: The instance type.
      returned: success
      type: str
    subnet_id:
      description: The subnet. V(none) for the default one.
      returned: success
      type: str
    user_data:
      description: The file of its user data. V(none) when it has none.
      returned: success
      type: str
    instance_id:
      description: The id of the instance. V(none) when there was none.
      returned: when instances were launched
      type: str
    outcome:
      description: V(passed), V(failed), V(not launched) or V(broken off).
      returned: when instances were launched
      type: str
    not_launched:
      description: Why there was no instance. V(none) when there was one.
      returned: when instances were launched
      type: str
    broken_off:
      description: Why AWS could not be asked any more while the instance was tested. V(none) otherwise.
      returned: when instances were launched
      type: str
    ssh_seconds:
      description: Seconds from the launch until SSH answered. V(none) when it never did.
      returned: when instances were launched
      type: float
    ready_seconds:
      description: Seconds from the launch until it was ready. V(none) when it never was.
      returned: when instances were launched
      type: float
    reboot_seconds:
      description: Seconds from the restart until it was ready again. V(none) when it was not restarted, or never ready again.
      returned: when instances were launched
      type: float
    boot_seconds:
      description: Seconds that the instance says its boot took. V(none) when it does not say.
      returned: when instances were launched
      type: float
    disk_bytes:
      description: Bytes that are used on its root disk. V(none) when it does not say.
      returned: when instances were launched
      type: int
    suites:
      description:
        - What ran, with C(name), C(engine), C(phase) (V(boot) or V(reboot)), the numbers of C(tests), C(failures), C(errors) and
          C(skipped), C(seconds), and the files C(junit) and C(log).
        - C(ready) is the module's own suite about readiness, and C(check-mode) that about O(playbook).
      returned: when instances were launched
      type: list
      elements: dict
  sample:
    - name: t3.small
      image_id: ami-0123456789abcdef0
      instance_type: t3.small
      subnet_id: null
      user_data: null
failures:
  description: Each failing test, with where it failed and why.
  returned: when the options were right
  type: list
  elements: str
  sample: []
actions:
  description: The tags that were written, or in check mode would be, one entry for each AMI.
  returned: success
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
      description: V(tag).
      returned: success
      type: str
    resources:
      description: The AMI.
      returned: success
      type: list
      elements: str
    reason:
      description: What is set.
      returned: success
      type: str
  sample:
    - account: "111111111111"
      region: eu-west-1
      image_id: ami-0123456789abcdef0
      action: tag
      resources:
        - ami-0123456789abcdef0
      reason: "set: golden:tested, golden:tests"
table:
  description: The same for a person, a line for each suite on each instance.
  returned: when the options were right
  type: list
  elements: str
  sample:
    - t3.small  boot    goss  passed  12/12  0.8 s
results_dir:
  description: Where the reports are.
  returned: when the options were right
  type: str
  sample: /home/me/web/test-results
summary_path:
  description: The file with all of this as JSON.
  returned: when tests ran to their end
  type: str
  sample: /home/me/web/test-results/summary.json
log_path:
  description: The file with the steps of the run.
  returned: when the options were right
  type: str
  sample: /home/me/.local/state/golden.ami/logs/golden-20261121093000-2ca060.log
seconds:
  description: How long it took.
  returned: when instances were launched
  type: float
  sample: 94.2
leftovers:
  description: What could not be removed, with its C(region), C(type) and C(id). Then the module fails.
  returned: when instances were launched
  type: list
  elements: dict
  sample: []
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import ResultError
from ansible_collections.golden.ami.plugins.module_utils._testing.options import ARGUMENT_SPEC
from ansible_collections.golden.ami.plugins.module_utils._testing.run import run


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
