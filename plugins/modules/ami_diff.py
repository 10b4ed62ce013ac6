#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_diff

short_description: What differs between two versions of an image

version_added: 1.0.0

description:
  - Compares what was inside two versions once they had booted. These are packages, services, listening ports, users, the operating system
    and its kernel. Tells boot time and disk use of both as well.
  - M(golden.ami.ami_test) looks into the instances that it boots, and keeps what it finds in SSM parameters below
    C(/golden/IMAGE/contents/VERSION). This module reads them. It boots nothing.
  - A part that is not known of one version is listed in RV(unknown), with the reason. It never looks as if nothing differed.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.info_module
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._places
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

options:
  image:
    description:
      - The name of the image.
    type: str
    required: true
  from:
    description:
      - A version, or a channel that names it. Of a version with several AMIs in a Region it is C(VERSION/BUILDER).
      - Of several places that O(regions) and O(accounts) name, the first counts that has something kept of the version, as copies of an
        AMI have the same inside.
    type: str
    required: true
  to:
    description:
      - Another one, likewise. Without it, the newest version of which something is kept.
    type: str

notes:
  - Of services it knows systemd's services, sockets and timers. Those that have no say in when they start are left out, unless they failed.
    It is a timer, a socket or the bus that starts them when it is time, and whether they run just then says nothing about the image.
  - A UDP port of the range from which the kernel chooses is C(ephemeral), as it is another one after each boot.
  - On the local cloud the kernel is that of the machine that runs it.

seealso:
  - module: golden.ami.ami_test
  - module: golden.ami.ami_promote
"""

EXAMPLES = r"""
- name: See what would become of production
  golden.ami.ami_diff:
    image: wordpress
    from: prod
  register: difference

- name: Say so in one line
  ansible.builtin.debug:
    msg: "{{ difference.summary }}"

- name: Write it down for those who approve
  ansible.builtin.copy:
    content: "{{ difference.markdown }}"
    dest: difference.md
    mode: "0644"

- name: Refuse a version that listens where the former one did not
  ansible.builtin.assert:
    that: difference.changes | selectattr('part', 'eq', 'ports') | selectattr('action', 'eq', 'added') | length == 0
    fail_msg: "{{ difference.table | join('\n') }}"

- name: Compare two versions
  golden.ami.ami_diff:
    image: wordpress
    from: "20261101093000-2ca060"
    to: "20261121093000-7d11e2"
    regions:
      - eu-west-1
"""

RETURN = r"""
from:
  description:
    - The version that O(from) means.
  returned: success
  type: dict
  contains: &side
    asked:
      description: What was asked for. Without O(to), the version.
      returned: success
      type: str
    version:
      description: The version.
      returned: success
      type: str
    image_id:
      description: The AMI whose instance was looked into.
      returned: success
      type: str
    when:
      description: When that was.
      returned: success
      type: str
    account:
      description: The account where it is kept.
      returned: success
      type: str
    region:
      description: The Region where it is kept.
      returned: success
      type: str
  sample: &sample
    asked: prod
    version: "20261101093000-2ca060"
    image_id: ami-0123456789abcdef0
    when: "2026-11-01T09:41:07+00:00"
    account: "111111111111"
    region: eu-west-1
to:
  description:
    - The version that O(to) means.
  returned: success
  type: dict
  contains: *side
  sample: *sample
differs:
  description:
    - Whether something differs, as far as it is known. What RV(measures) tells does not count.
  returned: success
  type: bool
changes:
  description:
    - What differs.
  returned: success
  type: list
  elements: dict
  contains:
    part:
      description: V(packages), V(services), V(ports), V(users), V(os) or V(kernel).
      returned: success
      type: str
    action:
      description: V(added), V(removed) or V(changed).
      returned: success
      type: str
    name:
      description: The name of the package, unit, user or field of C(/etc/os-release). Of a port, protocol, number and address.
      returned: success
      type: str
    before:
      description:
        - What it was in O(from). V(none) where it was not there.
        - Of a package, its version. Of a service, what happens at the next boot and what it does now. Of a port, the processes. Of a user,
          number and shell.
      returned: success
      type: str
    after:
      description: What it is in O(to), likewise. V(none) where it is not there any more.
      returned: success
      type: str
  sample:
    - part: packages
      action: added
      name: htop
      before: null
      after: 3.2.2-2
    - part: services
      action: removed
      name: nginx.service
      before: enabled/active
      after: null
    - part: ports
      action: changed
      name: tcp/80 everywhere
      before: nginx
      after: apache2
measures:
  description:
    - Figures of both versions, which are never quite the same.
  returned: success
  type: dict
  contains:
    boot_seconds:
      description:
        - Seconds from the start of the kernel until systemd had done all. In a container from the start of systemd.
        - In C(before) and C(after). V(none) where it is not known.
      returned: success
      type: dict
    disk_bytes:
      description: Bytes that the root file system had in use, likewise.
      returned: success
      type: dict
  sample:
    boot_seconds: {"before": 8.1, "after": 8.4}
    disk_bytes: {"before": 1305739264, "after": 1307836416}
unknown:
  description:
    - What could not be compared.
  returned: success
  type: list
  elements: dict
  contains:
    part:
      description: The part, or the figure.
      returned: success
      type: str
    version:
      description: The version of which it is not known.
      returned: success
      type: str
    reason:
      description: Why.
      returned: success
      type: str
  sample:
    - part: services
      version: "20261101093000-2ca060"
      reason: it has no systemd
summary:
  description:
    - One line.
  returned: success
  type: str
  sample: "wordpress 1.0 → 1.1: 1 package added (htop), 12 changed; 1 service removed (nginx.service); boot 8.1 s → 8.4 s"
markdown:
  description:
    - All of it as a page of Markdown. What comes from an instance stands in it as code.
  returned: success
  type: str
  sample: "## `wordpress`: `1.0` → `1.1`\n…"
table:
  description:
    - The same as RV(changes) and RV(unknown), a line for each that a person can read.
  returned: success
  type: list
  elements: str
  sample:
    - added    packages  htop               3.2.2-2
    - removed  services  nginx.service      enabled/active
    - changed  ports     tcp/80 everywhere  nginx → apache2
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._inside.diff_run import ARGUMENT_SPEC, run


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
