# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: image
short_description: The definition of an image, checked and completed
version_added: 1.0.0
author:
  - golden.ami contributors (@golden-ami)
description:
  - Reads C(images/<name>/image.yml), holds it against the collection's JSON Schema, and returns it with
    its defaults, absolute paths, and the files that the image is made from.
  - A mistake is told with file, line and key, and all mistakes at once.
  - C(images) in the working directory comes before the images of the collection.
requirements:
  - jsonschema (Python library)
options:
  _terms:
    description:
      - The names of images. The path of a Packer template that no definition names, such as V(./packer-web.json), is an image of its own.
    type: list
    elements: string
    required: true
  directories:
    description:
      - Directories that hold images, in the order in which they are searched.
      - Without it, C(images) in the working directory and then the images of the collection.
    type: list
    elements: path
"""

EXAMPLES = r"""
- name: Say what the image is made from
  ansible.builtin.debug:
    msg: "{{ lookup('golden.ami.image', 'wordpress').base }}"
"""

RETURN = r"""
_raw:
  description:
    - One definition for each name.
  type: list
  elements: dict
  contains:
    name:
      description: The image's name.
      type: str
    description:
      description: The description of its AMIs.
      type: str
    file:
      description: The definition's file.
      type: str
    directory:
      description: The directory of that file, where a build runs.
      type: str
    base:
      description: What the image is made from.
      type: dict
    parent:
      description: The image that it is made from, or V(none).
      type: str
    provision:
      description: How the base becomes the image, with the absolute path of the playbook.
      type: dict
    hooks:
      description: What runs before and after, each hook with its name and what to run.
      type: dict
    hook_names:
      description: The names of the hooks, by when they run. Empty without hooks.
      type: dict
    requirements:
      description: The Galaxy requirements file of the build, or V(none).
      type: str
    template:
      description: The absolute path of a Packer template of its own, or V(none) for the shared one.
      type: str
    variables:
      description: Values for variables of the template.
      type: dict
    var_files:
      description: The absolute paths of variable files for Packer.
      type: list
      elements: str
    only:
      description: The builds of the template to work on. Empty for all.
      type: list
      elements: str
    except:
      description: The builds of the template to leave out.
      type: list
      elements: str
    builder:
      description: The machine that the image is built on.
      type: dict
    placements:
      description: Instance type and subnet of the builder, in order of preference.
      type: list
      elements: dict
    max_age:
      description: Seconds after which an unchanged image is built again, or V(none).
      type: int
    timeout:
      description: Seconds that a build may take.
      type: int
    tags:
      description: Further tags of AMIs and snapshots.
      type: dict
    distribution:
      description: Where versions go, and who may use them.
      type: dict
    channels:
      description: The channels by name, each with its C(gates) and, where it is deployed to, C(deploy), with durations in seconds.
      type: dict
    retention:
      description: Which versions stay. Ages are in days, V(none) where age does not matter.
      type: dict
    tests:
      description: How its AMIs are tested, each suite with its absolute path. C(timeout) is in seconds.
      type: dict
    content:
      description: The files and directories that the image is made from, by the name of the part.
      type: dict
    roles_path:
      description: Where roles without a collection are looked for, in this order.
      type: list
      elements: str
    notes:
      description: What a person should know, such as roles that can't be followed.
      type: list
      elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import Reader
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            reader = Reader(self.get_option("directories"))
            return [reader.load(str(name)).definition for name in terms]
        except DefinitionError as error:
            raise AnsibleLookupError(str(error)) from error
        except ModuleNotFoundError as error:
            raise AnsibleLookupError(missing_required_lib(error.name)) from error
