# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pipeline
short_description: What the pipeline of an image is made of
version_added: 1.0.0
author:
  - golden.ami contributors (@golden-ami)
description:
  - Derives from the definition of an image the stages of its pipeline, its CodeBuild projects, its EventBridge rules, and the roles of
    all these with the least that they work with. Nothing is called, and what AWS would refuse is refused here.
options:
  _terms:
    description:
      - The definitions of images, as from P(golden.ami.image#lookup).
    type: list
    elements: dict
    required: true
  project_name:
    description:
      - The name of the pipeline, of which all other names are made.
    type: str
    required: true
  artefact_bucket_name:
    description:
      - The bucket in which the stages find what the others made.
    type: str
    required: true
  source_repository:
    description:
      - The CodeCommit repository; with O(source_connection) OWNER/NAME.
    type: str
    required: true
  source_branch:
    description:
      - The branch whose pushes start it.
    type: str
    default: main
  source_connection:
    description:
      - The ARN of a connection to GitHub, GitLab or Bitbucket, instead of CodeCommit.
    type: str
    default: ""
  environment_vars:
    description:
      - Variables of all builds. C(PACKER_SCRIPT) is required.
    type: dict
    required: true
  stages:
    description:
      - The stages, in the order source, validate, build, test, approve, distribute, deploy, promote. Without any, those that the
        definition has something to do for.
      - Stage deploy goes through the channels that have C(deploy), up to O(channel), and takes the place of promote for that one.
    type: list
    elements: str
    default: []
  channel:
    description:
      - The channel that is promoted to. Without it, the last one of the definition.
    type: str
    default: ""
  subnets:
    description:
      - The subnets that builds run in. Without it, in a network of CodeBuild's.
    type: list
    elements: str
  instance_profile_role:
    description:
      - The role of the definition's instance profile, which builds hand on.
    type: str
    default: ""
  scheduled:
    description:
      - Whether a schedule starts the pipeline.
    type: bool
    default: false
  account:
    description:
      - The account of the pipeline.
    type: str
    required: true
  region:
    description:
      - Its Region.
    type: str
    required: true
  partition:
    description:
      - The partition of the Region.
    type: str
    default: aws
"""

EXAMPLES = r"""
- name: Say what the pipeline may do
  ansible.builtin.debug:
    msg: "{{ lookup('golden.ami.pipeline', lookup('golden.ami.image', 'wordpress'), project_name='wordpress', region='eu-west-1',
      account='111111111111', artefact_bucket_name='wordpress-artefacts', source_repository='images',
      environment_vars={'PACKER_SCRIPT': 'wordpress'}).roles }}"
"""

RETURN = r"""
_raw:
  description:
    - One for each definition.
  type: list
  elements: dict
  contains:
    names:
      description: What its parts are called, C(key_alias), C(topic), C(pipeline_role) and their ARNs.
      type: dict
    roles:
      description: The roles, each with C(name), C(service) and C(statements).
      type: list
      elements: dict
    projects:
      description: The CodeBuild projects, each with C(name), C(service_role), C(log_group) and C(environment_variables).
      type: list
      elements: dict
    stages:
      description: The stages, as golden.ami.codepipeline takes them.
      type: list
      elements: dict
    rules:
      description: The EventBridge rules, each with C(name), C(description), C(pattern) and C(target).
      type: list
      elements: dict
    channel:
      description: The channel that is promoted to. Empty without one.
      type: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.ami.plugins.module_utils._pipeline.declaration import PipelineProblem, Wishes, declare
from ansible_collections.golden.ami.plugins.module_utils._pipeline.names import NameProblem, Names, Place
from ansible_collections.golden.ami.plugins.module_utils._pipeline.rules import declare_rules


class LookupModule(LookupBase):
    def run(
        self, terms: list[dict[str, t.Any]], variables: dict[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [self._declare(definition) for definition in terms]
        except (NameProblem, PipelineProblem) as error:
            raise AnsibleLookupError(str(error)) from error

    def _declare(self, definition: dict[str, t.Any]) -> dict[str, t.Any]:
        connection = self.get_option("source_connection")
        repository = self.get_option("source_repository")
        names = Names(
            project=self.get_option("project_name"),
            place=Place(self.get_option("account"), self.get_option("region"), self.get_option("partition")),
            bucket=self.get_option("artefact_bucket_name"),
            # Of a repository elsewhere the name alone says what is built.
            repository=repository.rpartition("/")[2] if connection else repository,
            branch=self.get_option("source_branch"),
        )
        subnets = self.get_option("subnets")
        wishes = Wishes(
            environment=self.get_option("environment_vars"),
            stages=tuple(self.get_option("stages")),
            connection=connection,
            full_repository=repository,
            channel=self.get_option("channel"),
            subnets=None if subnets is None else tuple(subnets),
            instance_profile_role=self.get_option("instance_profile_role"),
            scheduled=self.get_option("scheduled"),
        )
        told = ("key_alias", "topic", "topic_arn", "pipeline_role", "pipeline_arn", "bucket", "repository")
        return {
            **declare(wishes, definition, names),
            "rules": declare_rules(names, push=not connection),
            "names": {name: getattr(names, name) for name in told},
        }
