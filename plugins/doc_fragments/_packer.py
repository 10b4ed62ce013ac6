# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # What both Packer modules take
    DOCUMENTATION = r"""
options:
  template:
    description:
      - "The template: a directory of HCL2 files, one C(.pkr.hcl) or C(.pkr.json) file, or a legacy C(.json) file."
    type: path
    required: true
  source_ami:
    description:
      - Which AMI the build starts from. It is resolved to an id, which the template gets as the variable C(source_ami),
        where it declares one.
      - Without it a template finds its base by itself.
    type: dict
    suboptions:
      id:
        description:
          - The id of an AMI.
          - Exactly one of O(source_ami.id), O(source_ami.ssm_parameter), O(source_ami.name), and O(source_ami.image) must be given.
        type: str
      ssm_parameter:
        description:
          - An SSM parameter whose value is the id of an AMI.
        type: str
      owners:
        description:
          - "Whose AMIs count: account ids, or the aliases V(self), V(amazon), and V(aws-marketplace)."
          - Required with O(source_ami.name). Without owners anyone could slip in an AMI of a good name.
        type: list
        elements: str
      name:
        description:
          - The name of the AMI, where C(*) and C(?) stand for any characters. The newest of those that match is used.
        type: str
      architecture:
        description:
          - Which architecture the AMI must have, like V(x86_64) or V(arm64). Only used with O(source_ami.name).
        type: str
      image:
        description:
          - The name of another image that this collection built in the same account and Region. Its newest complete AMI is used,
            or the one that O(source_ami.channel) names.
        type: str
      channel:
        description:
          - "A channel of O(source_ami.image): the SSM parameter C(/golden/IMAGE/CHANNEL) holds the AMI."
        type: str
  variables:
    description:
      - Values for variables of the template. Lists and maps stay what they are in HCL2; a legacy template, which knows strings
        only, gets them as JSON.
      - A variable that the template does not declare is an error.
      - The values reach Packer in a file that only its owner can read, never on a command line.
      - Where the template declares them, the variables C(source_ami), C(region), C(golden_image), C(golden_version),
        C(golden_ami_name), C(golden_run_tags), C(golden_tags), C(golden_manifest), C(golden_roles_directory), and
        C(golden_collections_directory) are set by this module. Values for C(source_ami) and C(region) that are given here win;
        those that begin with C(golden_) are refused.
    type: dict
    default: {}
  local_variables:
    description:
      - Like O(variables), for values that say where things are on this machine and not what goes into the image, such as the path of
        a playbook. They are no part of a fingerprint, so two checkouts in different places agree.
    type: dict
    default: {}
  secret_variables:
    description:
      - Like O(variables), for values that nobody must see. They are taken out of every line before it reaches a log, the
        screen, or a result.
      - Values shorter than four characters are not looked for in lines.
    type: dict
    default: {}
  var_files:
    description:
      - Variable files for Packer. What is in O(variables) wins over them.
    type: list
    elements: path
    default: []
  only:
    description:
      - Only work on the builds of these names. Packer's patterns can be used.
    type: list
    elements: str
    default: []
  except:
    description:
      - Leave out the builds and post-processors of these names.
    type: list
    elements: str
    default: []
  init:
    description:
      - Whether to run C(packer init) when a plugin that an HCL2 template requires is not there, or not in a version that it wants.
        It downloads from GitHub.
      - Without a way to the internet install the plugins beforehand, and set O(packer_plugin_path).
    type: bool
    default: true
  chdir:
    description:
      - The directory that Packer runs in. Relative paths in templates start there. The default is where the module runs.
      - An AMI's tag C(golden:commit) is the commit of the Git checkout that this directory is in.
    type: path
  environment:
    description:
      - Environment variables for Packer and what it starts, on top of what the module gives it.
      - With O(endpoint_url) Packer gets none of the AWS settings of the caller's environment, but the endpoint, the Region, and
        the keys that this module itself uses. Otherwise the standard AWS credential chain is passed on.
      - They are part of the fingerprint of an image, and so are inherited C(PKR_VAR_*) of variables that the template declares and
        no option sets. Names that look secret (such as C(*_TOKEN), C(*PASSWORD*) and C(*SECRET*)), and variables that the template
        declares as sensitive, count by name only, and their values are taken out of every line.
    type: dict
    default: {}
  timeout:
    description:
      - End Packer after this many seconds. It is given time to clean up then. Without it there is no limit for a build, and one
        of 300 seconds for a validation.
    type: int
  packer_executable:
    description:
      - The Packer to run, as a path or as a name to be found in E(PATH).
    type: path
    default: packer
  packer_plugin_path:
    description:
      - Where Packer's plugins are. The default is E(PACKER_PLUGIN_PATH), and else Packer's own default.
    type: path
"""
