#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packer_build

short_description: Build a machine image with Packer, when something changed

version_added: 1.0.0

description:
  - Builds an AMI with Packer, unless one is there that was made of just the same things and is young enough.
  - What goes into an image has a fingerprint of several parts, so that the reason for a build can be named, like C(role common changed
    (tasks/main.yml)). Parts are the template, each entry of O(content), the variables, the variable files, the base AMI, and the
    versions of Packer, its plugins and ansible-core. Fingerprint and parts are tags of the AMI.
  - Whatever ends the build (a failed provisioner, a timeout, an interrupted or killed play), Packer is made to clean up, and what it
    leaves nevertheless is found by the tags of the run, removed, or reported as a failure with ids, even when Packer itself reports
    success. What a killed module leaves is removed by the next build.
  - While it runs the steps are shown, with the time that is left where an earlier build is known. That needs a local connection.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._packer
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

requirements:
  - Packer 1.8.0 or newer

attributes:
  check_mode:
    support: full
    details:
      - The template is validated, and RV(reason) says whether and why it would be built. Nothing is touched. When plugins are missing
        the template is not validated, with a warning.
  diff_mode:
    support: full
    details:
      - Shows the digests of the parts of the fingerprint.
  idempotent:
    support: partial
    details:
      - Not with O(force=true).
      - Not where the base that a template finds by itself cannot be asked for beforehand; a warning says why.
      - Not for templates that make something else than AMIs.

options:
  name:
    description:
      - The name of the image. It is the tag C(golden:image) of its AMIs, by which they are found again, and the first part of the
        AMI's name.
      - It is made of letters, digits, dots, hyphens and underscores, with slashes between its parts. With O(record=false) it may
        also have what else EC2 allows in the name of an AMI, such as spaces and brackets.
    type: str
    required: true
  content:
    description:
      - "What else goes into the image: a dictionary of a name to a list of files and directories. Each entry is a part of the
        fingerprint. C(.git), caches, backups of editors, and C(tests) in the directory of a role do not count."
      - Neither do files that builds write in these directories or beside the template. Those are known from the template's own
        post-processors and downloads, and from earlier builds on this machine, which name them in a warning when they first see them.
    type: dict
    default: {}
  requirements:
    description:
      - A requirements file of Ansible Galaxy. Its roles and collections go into a directory of the run before anything is launched, and
        only when there is something to build. It is a part of the fingerprint, and so are archives and directories on this machine
        that it names. Sources that are named by a relative path start in its directory.
      - Ansible provisioners find them before all others, for Packer gets E(ANSIBLE_ROLES_PATH) and E(ANSIBLE_COLLECTIONS_PATH).
        Templates get the directories as C(golden_roles_directory) and C(golden_collections_directory), where they declare these.
      - C(ansible-galaxy) is that of the Ansible which runs this module, or the first in E(PATH). It is given 15 minutes, or O(timeout)
        where that is less.
    type: path
  placements:
    description:
      - "Where the instance may run, in order of preference: each entry is a dictionary of variables of the template, such as
        C({instance_type: t3.small, subnet_id: subnet-0123456789abcdef0}). When EC2 has no capacity for one, the next is tried."
      - They are no part of the fingerprint.
    type: list
    elements: dict
    default: []
  force:
    description:
      - Build even when nothing changed.
    type: bool
    default: false
  max_age:
    description:
      - Build when the AMI is older than this many seconds, though nothing changed. Without it age does not matter.
    type: int
  version:
    description:
      - The version of the image. The default is the time in UTC, as C(YYYYMMDDHHMMSS), so that versions sort by time.
      - It is made of the same as O(name), but has no slashes.
    type: str
  tags:
    description:
      - Tags for the AMIs and their snapshots, in addition to C(Name), C(BuildDate), C(BuildNumber), C(CodeBuildProject), C(BuiltBy),
        and those that begin with C(golden:). Except for most of the latter they can be replaced here.
      - Templates get them as the variable C(golden_tags); where a template does not use it, the AMIs and snapshots are tagged after
        they were made.
    type: dict
    default: {}
  record:
    description:
      - Whether to write the version to the SSM parameter C(/golden/NAME/versions/VERSION), of the data type C(aws:ec2:image), and
        to keep builds on other machines away meanwhile (O(lock_timeout)).
    type: bool
    default: true
  on_error:
    description:
      - What becomes of the instance when a provisioner fails.
      - With V(keep) it stays for a look at it, with all that it needs, and the message ends with the command by which one logs in
        (RV(ssh)). M(golden.ami.build_sweep) with O(golden.ami.build_sweep#module:kept=true) removes it; nothing else does, and
        the next builds say so. A build that fails elsewhere, or is interrupted, is cleaned up all the same.
      - The key for that is made for the build, and tags name its run. Templates get it as the variables C(golden_keypair_name) and
        C(golden_private_key_file), which are empty otherwise; where a template does not declare them, it is put into a copy of it.
    type: str
    choices:
      - cleanup
      - keep
      - run-cleanup-provisioner
    default: cleanup
  parallel_builds:
    description:
      - How many builds of the template run at the same time. V(0), like Packer's default, means all.
    type: int
  lock_timeout:
    description:
      - Only one build of an image runs at a time in a Region of an account. For so many seconds this one waits for another to
        end; with V(0) it fails at once and says which one that is.
      - When the other has made just the same image, this one is content with it, with O(force=true) as well.
      - On one machine this is a matter of a file. Across machines it is one of the SSM parameter C(/golden/NAME/locks/build),
        with O(record=true) only. A build that was killed does not hold others up on its machine; on other machines it does
        until its O(timeout) for each of its O(placements) (twelve hours without one) and half an hour have passed, or the
        parameter is removed. A build that takes longer than that can lose its lock to one on another machine, so give one that
        takes longer than twelve hours an O(timeout).
    type: int
    default: 3600
  log_path:
    description:
      - Where to keep the log. The default is a file of its own for each build in C(~/.local/state/golden.ami/logs/), or below
        E(XDG_STATE_HOME).
    type: path

notes:
  - "Templates need not know of this collection. One that lacks something is run from a temporary copy that has it: a C(manifest)
    post-processor in each build that can make AMIs (unless it declares C(golden_manifest)), and the tag C(golden:run) in the
    C(run_tags) of its Amazon sources (unless it declares C(golden_run_tags) and hands that over itself), by which temporary things
    are found again. What is beside the template is linked, and C(path.root) and C({{template_dir}}) mean the original directory.
    C(packer validate) runs on the original, so that messages name its files and lines."
  - The result is read from the manifest, and from Packer's machine-readable messages for AMIs that post-processors make; nothing is
    read from log text. Where several builds of a Region use one source, an artifact goes by what Packer calls the build.
  - "Without O(source_ami) the base is what the template itself finds: C(source_ami), C(source_ami_filter) or a data source of each
    Amazon source that O(only) and O(except) leave in. Packer is asked for it by a build of nothing in a copy of the template; legacy
    JSON is turned into HCL for that. An id in so many words needs no question. When AWS says that there is no such AMI, nothing is
    built; when the question itself is not possible, the base counts as changed."
  - A C(source_ami_filter) or C(data "amazon-ami") without owners is refused, for anybody could publish an AMI of that name, and so is
    a template with a variable that has neither a default nor a value.
  - An unchanged image costs at most two calls to AWS, besides those by which Packer finds a template's own base, and a build at most
    ten more than Packer's own, for one Region. While Packer says nothing, STS is asked now and then whether the credentials have
    expired.
  - When credentials expire, the build is ended, for Packer would repeat each of its calls for a minute and a half. What is left is named
    then, and M(golden.ami.build_sweep) removes it with new ones.
  - O(record) needs C(ssm:GetParameter), C(ssm:PutParameter) and C(ssm:DeleteParameter) on C(/golden/*).

seealso:
  - module: golden.ami.build_sweep
  - module: golden.ami.packer_validate
"""

EXAMPLES = r"""
# The template is the collection's own, or any that declares the variables it needs.
- name: Build the image when its playbook, a role, the base, or the tools changed
  golden.ami.packer_build:
    name: web
    template: images/web/template
    source_ami:
      ssm_parameter: /aws/service/debian/release/12/latest/amd64
    variables:
      instance_type: t3.small
      subnets:
        - subnet-0123456789abcdef0
    content:
      playbook:
        - images/web/playbook.yml
      role common:
        - roles/common
  register: build

# Security updates come in even when nothing of ours changed.
- name: Build at least once a week
  golden.ami.packer_build:
    name: web
    template: images/web/template
    source_ami:
      owners:
        - "136693071363"
      name: debian-12-amd64-*
      architecture: x86_64
    max_age: 604800

- name: Give a build a secret
  golden.ami.packer_build:
    name: web
    template: images/web/template
    source_ami:
      id: ami-0123456789abcdef0
    secret_variables:
      licence_key: "{{ licence_key }}"
"""

RETURN = r"""
reason:
  description:
    - Why it was built, or why not, in one sentence.
  returned: always, when the state of things could be read
  type: str
  sample: >-
    ami-0123456789abcdef0 (version 20261121093000) is still good: nothing changed since 2026-11-21 09:34 UTC.
image:
  description:
    - The name of the image.
  returned: always, when the state of things could be read
  type: str
  sample: web
version:
  description:
    - The version of the AMI that was made, or that is still good. V(none) when check mode would build.
  returned: always, when the state of things could be read
  type: str
  sample: "20261121093000"
artifacts:
  description:
    - The AMIs that were made, or the one that is still good.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the build in the template.
      returned: success
      type: str
    builder:
      description: The type of the builder. V(none) for an AMI that is still good.
      returned: success
      type: str
    region:
      description: The Region of the AMI.
      returned: success
      type: str
    ami_id:
      description: The id of the AMI.
      returned: success
      type: str
    snapshot_ids:
      description: The ids of its snapshots.
      returned: success
      type: list
      elements: str
  sample:
    - name: base
      builder: amazon-ebs
      region: eu-west-1
      ami_id: ami-0123456789abcdef0
      snapshot_ids:
        - snap-0123456789abcdef0
fingerprint:
  description:
    - The digest of everything that goes into the image. Secrets count by name only.
  returned: always, when the state of things could be read
  type: str
  sample: 0b8ea6bd02aef3471a4ef2b90c343b8832b122b21921b3cada8fb002ecce2126
fingerprint_parts:
  description:
    - A digest of each part of it.
  returned: always, when the state of things could be read
  type: dict
  sample:
    template: 4821864a15c976af
    role common: 30bdafdbbfd7c107
source_ami:
  description:
    - The AMI that the build starts from; several with commas between them. V(none) when there is none, or when it is not known.
  returned: always, when the state of things could be read
  type: str
  sample: ami-0123456789abcdef0
source_amis:
  description:
    - The AMIs that a template finds by itself, by what Packer calls the builds. Empty with O(source_ami), and when they are not known.
  returned: always, when the state of things could be read
  type: dict
  sample:
    amazon-ebs.web: ami-0123456789abcdef0
versions:
  description:
    - The versions of the tools.
  returned: always, when the state of things could be read
  type: dict
  contains:
    packer:
      description: Packer's.
      returned: success
      type: str
    plugins:
      description: Those of its plugins, by source.
      returned: success
      type: dict
    ansible:
      description: That of ansible-core.
      returned: success
      type: str
  sample:
    packer: 1.16.0
    plugins:
      github.com/hashicorp/amazon: 1.8.2
    ansible: 2.21.5
durations:
  description:
    - How long each step took. Empty when nothing was built.
  returned: always, when the state of things could be read
  type: list
  elements: dict
  contains:
    step:
      description: The step.
      returned: success
      type: str
    seconds:
      description: Seconds.
      returned: success
      type: float
  sample:
    - step: Provision
      seconds: 94.2
profile_path:
  description:
    - A file of JSON with all steps of the build, also of one that failed. V(none) when nothing was built.
    - "It has C(image), C(version), C(run), C(fingerprint), C(outcome) (V(built), V(failed), V(kept) or V(interrupted)), C(began)
      (UTC, ISO 8601), C(seconds) and C(steps). Each step has C(name), C(kind), C(start) (seconds since C(began)), C(seconds),
      C(builder) (the build in the template; none for what the module does), and C(provisioner) (its number, from 1)."
    - Kinds are V(start), V(prepare), V(launch), V(connect), V(provisioner), V(task) (of an Ansible provisioner, within its step),
      V(stop), V(snapshot) (what Packer calls creating the AMI), V(copy), V(tag), V(cleanup), V(post-processor), V(verify) and V(record).
  returned: always, when the state of things could be read
  type: str
  sample: /home/me/.local/state/golden.ami/profiles/web/20261121093000.json
profile_table:
  description:
    - The longest steps and the slowest Ansible tasks, as lines for a person.
  returned: always, when the state of things could be read
  type: list
  elements: str
  sample:
    - "Provision with Ansible                                       63.9 s"
ssh:
  description:
    - The command by which one logs in to what O(on_error=keep) kept; several lines for several instances. V(none) when nothing
      was kept, or when the instance does not know the key.
  returned: always, when the state of things could be read
  type: str
  sample: ssh -i /home/me/.local/state/golden.ami/keys/golden-20261121093000-2ca060 -o StrictHostKeyChecking=accept-new admin@192.0.2.7
run_id:
  description:
    - What the run was called in tags. V(none) when nothing was built.
  returned: always, when the state of things could be read
  type: str
  sample: golden-20261121093000-2ca060
log_path:
  description:
    - The log of the build. V(none) when nothing was built.
  returned: always, when the state of things could be read
  type: str
  sample: /home/me/.local/state/golden.ami/logs/build-20261121093000-2ca060.log
leftovers:
  description:
    - What the build left and could not be removed, or, with O(on_error=keep), was kept.
    - Where EC2 could not be asked what is left, what Packer said it made (security groups and key pairs by their names); and an AMI
      that could not be completed, with its snapshots.
  returned: always, when the state of things could be read
  type: list
  elements: dict
  contains:
    region:
      description: The Region.
      returned: success
      type: str
    type:
      description: What it is, in the words of EC2's tags, like V(instance) or V(security-group).
      returned: success
      type: str
    id:
      description: Its id.
      returned: success
      type: str
  sample: []
removed:
  description:
    - What the build left and this module removed, in the form of RV(leftovers).
  returned: failure of a build
  type: list
  elements: dict
last_lines:
  description:
    - The end of the log.
  returned: failure of a build
  type: list
  elements: str
rc:
  description:
    - Packer's exit status; negative when a signal ended it.
  returned: failure of a build
  type: int
  sample: 1
diagnostics:
  description:
    - What is wrong with the template, as RV(golden.ami.packer_validate#module:diagnostics).
  returned: when the template is not valid
  type: list
  elements: dict
raw:
  description:
    - What Packer printed about the template.
  returned: when the template is not valid
  type: str
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._packer.build import run
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.options import BUILD_ARGUMENT_SPEC


def main() -> None:
    module = AnsibleAWSModule(argument_spec=BUILD_ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except PackerError as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
