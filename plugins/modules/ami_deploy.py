#!/usr/bin/python
# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_deploy

short_description: Let a stage have a version of an image once its instances are healthy, or leave all as it was

version_added: 1.0.0

description:
  - Gives the launch template of a stage a new version with the AMI, launches an instance from that version in the stage's account, and asks
    how it is. When all that O(health) names is healthy, that version becomes the template's default and the channel is moved as by
    M(golden.ami.ami_promote), with its gates, locks and history. The gates are asked before anything is launched, and once more then.
  - When it is not, the new version is removed, the default version and the channel stay where they are, and the module fails with what was
    asked, what was answered, and the last lines of the console.
  - With O(auto_scaling_group) the instances of that group are replaced by an instance refresh instead, and asked while that goes on. When
    they are not healthy the group goes back, and the module waits for that.
  - The instance, and the key pair of a playbook, are temporary. They are removed whatever happens, and carry the run's id, by which
    M(golden.ami.build_sweep) finds them when the module was killed. So does the next deployment to the same stage.
  - What is wrong with the options, an account that cannot be entered, an AMI that is not there, a gate that is closed, a group that cannot be
    rolled back, a target group that is not there and a playbook that cannot be read are told before anything is changed, in check mode too.
author:
  - golden.ami contributors (@golden-ami)
extends_documentation_fragment:
  - golden.ami._attributes
  - golden.ami._attributes.actiongroup_aws
  - golden.ami._gates
  - golden.ami._places
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3

attributes:
  check_mode:
    support: full
    details:
      - Launches nothing, and expects that the instances would be healthy.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Where the default version of the launch template, the group and the channel have the AMI already, nothing is launched or asked.

options:
  image:
    description:
      - The name of the image.
    type: str
    required: true
  channel:
    description:
      - The channel of the stage, which is moved when the instances are healthy. It is created where it is not there yet.
    type: str
    required: true
  version:
    description:
      - The version. Of one with several AMIs in a Region, the version and the builder, as in C(VERSION/BUILDER).
    type: str
  from_channel:
    description:
      - Take the version that this channel of the image names, in the task's own account and Region when they are among the places, otherwise in
        the first of them.
    type: str
  image_id:
    description:
      - Take the version of this AMI, which is in the task's own account and Region when they are among the places, otherwise in the first of them.
    type: str
  expected_channels:
    description:
      - In check mode, channels that earlier stages of a chain would have moved by then. That the version soaked there for V(0) days is taken
        as given. Without meaning outside check mode.
    type: list
    elements: str
    default: []
  stage:
    description:
      - Where instances are launched, and where the launch template is.
    type: dict
    suboptions:
      account:
        description:
          - The number of the account. Without it, that of the task's credentials.
          - It uses its own AMI of the version where it is one of O(accounts), otherwise the one of the task's account, which has to be shared with it.
        type: str
      region:
        description:
          - The Region. Without it, the task's own.
        type: str
      role_name:
        description:
          - The role by which the account is entered. Without it, O(role_name).
        type: str
  launch_template:
    description:
      - The name of the launch template. When it is there, the new version is like its default version but for the AMI.
      - When it is not, it is made with what O(instance) says, and removed again when the instance is not healthy.
      - A template whose default version takes its AMI from an SSM parameter is refused, for that follows the channel by itself.
      - Who follows C($Latest) of it gets each candidate at once. Follow C($Default), or a version by its number.
    type: str
    required: true
  instance:
    description:
      - The settings of a launch template that is made.
    type: dict
    suboptions:
      instance_type:
        description:
          - The instance type.
        type: str
        default: t3.small
      subnet_id:
        description:
          - The subnet. Without it, the default subnet.
        type: str
      security_group_ids:
        description:
          - Security groups, which must let the task's machine reach what O(health) asks. Without any, the default one of the VPC.
        type: list
        elements: str
        default: []
      instance_profile:
        description:
          - The name of the IAM instance profile.
        type: str
      user_data:
        description:
          - A file of user data.
        type: path
  auto_scaling_group:
    description:
      - A group that launches from the launch template, by a version with a number, for AWS cannot roll back from C($Default) or C($Latest).
        Its instances are replaced by an instance refresh whose desired configuration is the new version.
    type: dict
    suboptions:
      name:
        description:
          - The name of the group.
        type: str
        required: true
      min_healthy_percentage:
        description:
          - How many per cent of the instances stay in service meanwhile.
        type: int
        default: 90
      instance_warmup:
        description:
          - Seconds until a new instance counts. Without it, as the group says.
        type: int
      checkpoint_percentages:
        description:
          - After how many per cent of the instances the refresh waits for O(auto_scaling_group.checkpoint_delay), the last V(100).
        type: list
        elements: int
        default: []
      checkpoint_delay:
        description:
          - Seconds that it waits at each checkpoint. Without it, an hour, as AWS has it.
        type: int
  health:
    description:
      - What is asked of the instances, in this order. The first that is not healthy in time decides.
    type: dict
    suboptions:
      status_checks:
        description:
          - Whether EC2's status checks of system and instance have to pass.
        type: bool
        default: true
      target_group:
        description:
          - The ARN of a target group of Elastic Load Balancing that must call the instance healthy. The instance is registered in it for
            as long as it is asked, and gets traffic then, so a listener's rule for tests should lead there.
          - Instances of a group are expected to be in it by themselves.
          - On the local cloud a target group really asks the instance. On AWS itself it has not been tried.
        type: str
      url:
        description:
          - A URL that the task's machine asks, without a proxy and without following where it leads.
        type: dict
        suboptions:
          url:
            description:
              - The URL. C({address}) in it stands for the address of the instance, and must be in it unless a group is asked.
            type: str
            required: true
          status:
            description:
              - The status that it must answer with.
            type: int
            default: 200
          must_say:
            description:
              - What must be in the answer, all of it, as it is written.
            type: list
            elements: str
            default: []
          must_not_say:
            description:
              - What must not be in it, such as the words of an error page that is answered with V(200).
            type: list
            elements: str
            default: []
          headers:
            description:
              - Headers of the question, such as C(Host).
            type: dict
            default: {}
          validate_certs:
            description:
              - Whether the certificate has to be good for the name that is asked.
            type: bool
            default: true
      playbook:
        description:
          - A playbook that runs once, for which the instance is the host C(default). It must not fail, and the port of SSH has to be open.
          - Not with O(auto_scaling_group).
        type: path
  address:
    description:
      - Which address of the instance is asked. One without a public address is asked by its private one.
    type: str
    choices:
      - public_ip
      - private_ip
    default: public_ip
  ssh_username:
    description:
      - Who logs in for O(health.playbook).
    type: str
    default: admin
  roles_path:
    description:
      - Where the roles of O(health.playbook) are looked for.
    type: list
    elements: path
    default: []
  bake_time:
    description:
      - Seconds for which the instances have to stay healthy. Status checks, target group and URL are asked again and again meanwhile.
    type: int
    default: 0
  timeout:
    description:
      - Seconds in which an instance has to be healthy. SSH and O(health.playbook), which come last, have as much again each.
    type: int
    default: 600
  keep_unhealthy:
    description:
      - Whether an instance that is not healthy stays, for a look at it. With O(health.playbook) the run's key leads into it.
      - M(golden.ami.build_sweep) with O(golden.ami.build_sweep#module:kept=true) removes it, with credentials of the stage's account.
      - Not with O(auto_scaling_group).
    type: bool
    default: false
  log_path:
    description:
      - Where to tell the steps of the run. The default is a file of its own for each in C(~/.local/state/golden.ami/logs/), or below
        E(XDG_STATE_HOME).
    type: path

notes:
  - It needs what M(golden.ami.ami_promote) needs, and in the stage's account C(ec2:DescribeLaunchTemplates),
    C(ec2:DescribeLaunchTemplateVersions), C(ec2:CreateLaunchTemplate), C(ec2:CreateLaunchTemplateVersion), C(ec2:ModifyLaunchTemplate),
    C(ec2:DeleteLaunchTemplate), C(ec2:DeleteLaunchTemplateVersions), C(ec2:RunInstances), C(ec2:TerminateInstances), C(ec2:CreateTags),
    C(ec2:DescribeInstances), C(ec2:DescribeInstanceStatus), C(ec2:DescribeInstanceTypes), C(ec2:DescribeImages), C(ec2:DescribeSubnets),
    C(ec2:DescribeTags), C(ec2:DescribeVolumes), C(ec2:DeleteVolume) and C(ec2:GetConsoleOutput); C(iam:PassRole) for a launch template
    with an instance profile; and as far as they are asked for those of key pairs, C(autoscaling:DescribeAutoScalingGroups),
    C(autoscaling:*InstanceRefresh*) and C(elasticloadbalancing:*Target*).
  - A group that AWS could not bring back keeps the version of the launch template that it may launch from, and the error says so.
  - A group with a mixed instances policy is refused.

seealso:
  - module: golden.ami.ami_promote
  - module: golden.ami.ami_test
  - module: golden.ami.build_sweep
"""

EXAMPLES = r"""
- name: Let dev have a version, once an instance of it serves its page
  golden.ami.ami_deploy:
    image: wordpress
    channel: dev
    version: "20261121093000-2ca060"
    launch_template: wordpress-dev
    health:
      url:
        url: "http://{address}/"
        must_say:
          - WordPress
        must_not_say:
          - Error establishing a database connection
    bake_time: 60

- name: Let production follow, in its own account and with its group
  golden.ami.ami_deploy:
    image: wordpress
    channel: prod
    from_channel: dev
    stage:
      account: "222222222222"
    launch_template: wordpress-prod
    auto_scaling_group:
      name: wordpress-prod
      checkpoint_percentages: [20, 100]
      checkpoint_delay: 600
    health:
      url:
        url: "http://{address}/"
        must_say:
          - WordPress
    bake_time: 1800
    gates:
      - tested: true
      - soaked:
          channel: dev
          days: 1
"""

RETURN = r"""
outcome:
  description:
    - V(deployed), V(unchanged) when the stage has the version, V(would deploy) in check mode, V(unhealthy), V(interrupted) or V(failed).
  returned: when the options were right
  type: str
  sample: deployed
image:
  description: The name of the image.
  returned: when the options were right
  type: str
  sample: wordpress
channel:
  description: The channel.
  returned: when the options were right
  type: str
  sample: dev
version:
  description: The version that the stage is to have.
  returned: when the options were right
  type: str
  sample: 20261121093000-2ca060
former_version:
  description: The version that the channel named before, V(none) when it is new or that is not known.
  returned: when the options were right
  type: str
  sample: 20261114093000-11aa22
account:
  description: The account of the stage.
  returned: when the options were right
  type: str
  sample: "222222222222"
region:
  description: The Region of the stage.
  returned: when the options were right
  type: str
  sample: eu-west-1
image_id:
  description: The AMI of the version that the stage uses.
  returned: when the options were right
  type: str
  sample: ami-0123456789abcdef0
launch_template:
  description: The launch template.
  returned: when the options were right
  type: dict
  contains:
    id:
      description: Its id. V(none) when it is not there yet.
      returned: success
      type: str
    name:
      description: Its name.
      returned: success
      type: str
    version:
      description: The version with the AMI. V(none) in check mode when there is none yet.
      returned: success
      type: str
    former_version:
      description: The version that was the default before. V(none) when there was no launch template.
      returned: success
      type: str
    former_image_id:
      description: The AMI of that. V(none) when there was no launch template.
      returned: success
      type: str
  sample:
    id: lt-0123456789abcdef0
    name: wordpress-dev
    version: "8"
    former_version: "7"
    former_image_id: ami-0fedcba9876543210
instance_id:
  description: The instance that was asked, which is gone by now. V(none) when there was none, or a group was refreshed.
  returned: when the options were right
  type: str
  sample: i-0123456789abcdef0
instance_refresh_id:
  description: The id of the last instance refresh. V(none) when there was none.
  returned: when the options were right
  type: str
  sample: null
checks:
  description: What was asked, in its order, with what was answered.
  returned: when the options were right
  type: list
  elements: dict
  contains:
    check:
      description: V(instance), V(status checks), V(target group), V(URL), V(playbook), V(instance refresh), V(rollback), or V(all) of an instance of a group.
      returned: success
      type: str
    healthy:
      description: Whether that was as it should be.
      returned: success
      type: bool
    said:
      description: What it answered.
      returned: success
      type: str
    instance_id:
      description: Which instance, or which group.
      returned: success
      type: str
    seconds:
      description: How long that took.
      returned: success
      type: float
  sample:
    - check: URL
      healthy: true
      said: http://192.0.2.7/ answered 200
      instance_id: i-0123456789abcdef0
      seconds: 12.3
console:
  description: The last lines of the console of an instance that was not healthy, as far as AWS has them.
  returned: when the options were right
  type: list
  elements: str
  sample: []
moves:
  description: What the channel names, for each place, as in M(golden.ami.ami_promote).
  returned: when the options were right
  type: list
  elements: dict
  sample: []
gates:
  description: What each gate says.
  returned: when the options were right
  type: list
  elements: dict
  sample: []
table:
  description: The same for people, a line for the launch template, the group, each place of the channel, and each check.
  returned: when the options were right
  type: list
  elements: str
  sample:
    - 111111111111/eu-west-1  launch template wordpress-dev  ami-0123456789abcdef0  move  from ami-0fedcba9876543210
run_id:
  description: What the run is called in tags.
  returned: when the options were right
  type: str
  sample: golden-deploy-20261121093000-2ca060
leftovers:
  description: What could not be removed.
  returned: when the options were right
  type: list
  elements: dict
  sample: []
log_path:
  description: Where the steps were told.
  returned: when the options were right
  type: str
  sample: /home/me/.local/state/golden.ami/logs/deploy-20261121093000-2ca060.log
"""


from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.golden.ami.plugins.module_utils._ami.moving import ChannelError
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import ResultError
from ansible_collections.golden.ami.plugins.module_utils._deploy.options import ARGUMENT_SPEC, MUTUALLY_EXCLUSIVE
from ansible_collections.golden.ami.plugins.module_utils._deploy.run import run


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC, mutually_exclusive=MUTUALLY_EXCLUSIVE, supports_check_mode=True
    )
    try:
        result = run(module)
    except (ChannelError, ResultError) as error:
        module.fail_json(msg=str(error), **error.result)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
