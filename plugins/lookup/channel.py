# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: channel
short_description: The AMI that a channel of an image names
version_added: 1.0.0
author:
  - golden.ami contributors (@golden-ami)
description:
  - Reads the SSM parameter C(/golden/IMAGE/CHANNEL), which M(golden.ami.ami_promote) moves, in the account and Region of the connection.
  - Runs on the control side, where the C(environment) of a play does not reach. Hand it the connection by its options, or by the environment
    of ansible-playbook, as with the lookups of amazon.aws.
  - Where the inventory says C(golden_cloud=local), it asks the local cloud and nothing else, whatever the caller's environment says. Where it
    says C(golden_cloud=aws), an endpoint that the environment names is left out.
options:
  _terms:
    description:
      - The names of images.
    type: list
    elements: string
    required: true
  channel:
    description:
      - The name of the channel.
    type: string
    required: true
extends_documentation_fragment:
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
seealso:
  - module: golden.ami.ami_promote
"""

EXAMPLES = r"""
- name: Launch an instance of what is in production
  amazon.aws.ec2_instance:
    name: web
    image_id: "{{ lookup('golden.ami.channel', 'wordpress', channel='prod', region='eu-west-1') }}"
    instance_type: t3.small
    region: eu-west-1

- name: Say what is in test of two images
  ansible.builtin.debug:
    msg: "{{ query('golden.ami.channel', 'wordpress', 'database', channel='test', region='eu-west-1', profile='images') }}"
"""

RETURN = r"""
_raw:
  description:
    - The id of an AMI for each image.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase
from ansible_collections.golden.ami.plugins.module_utils._ami import calls
from ansible_collections.golden.ami.plugins.module_utils._ami.base import channel_parameter
from ansible_collections.golden.ami.plugins.module_utils._ami.channels import check_channel, check_image
from ansible_collections.golden.ami.plugins.module_utils._ami.steps import why
from ansible_collections.golden.ami.plugins.plugin_utils._connection import LocalCloudError, ssm_client


class LookupModule(AWSLookupBase):
    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        # A play's variables for a connection are empty where the cloud needs none.
        kwargs = {name: value for name, value in kwargs.items() if value != ""}
        super().run(terms, variables, **kwargs)
        channel = self.get_option("channel")
        try:
            for image in terms:
                check_image(str(image))
            check_channel(channel)
            names = {image: channel_parameter(str(image), channel) for image in terms}
            ssm, where = ssm_client(self, variables or {}, kwargs)
            found = calls.get_parameters(ssm, list(dict.fromkeys(names.values())))
        except LocalCloudError as error:
            raise AnsibleLookupError(str(error)) from error
        except AnsibleAWSError as error:
            told = why(error) if isinstance(error, calls.AmiError) else str(error)
            raise AnsibleLookupError(told) from error
        missing = [image for image in terms if names[image] not in found]
        if missing:
            raise AnsibleLookupError(
                f"{', '.join(missing)} has no channel {channel} in {where}: there is no SSM parameter"
                f" {', '.join(names[image] for image in missing)}. Promote a version to it with golden.ami.ami_promote, or name"
                " another channel or Region."
            )
        return [found[names[image]] for image in terms]
