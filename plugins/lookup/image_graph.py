# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: image_graph
short_description: The definitions of several images, in the order in which to build them
version_added: 1.0.0
author:
  - golden.ami contributors (@golden-ami)
description:
  - Reads the definitions of images as P(golden.ami.image#lookup) does, and gives them in the order in which to build them, each behind
    all that it is made from (C(base.image)), otherwise in the order in which they were named.
  - A base by owner and name is such a parent when its owners are V(self) and its name finds what builds of another definition make,
    which is the image's name, a hyphen and fourteen digits. Of several the one with the shortest name is the parent, and a note says so.
  - A name twice, an image that would be made from itself, and a parent without a definition are told with file, line and key.
  - Values for one build and hooks for all images are held against the definitions here, before anything is started.
requirements:
  - jsonschema (Python library)
options:
  _terms:
    description:
      - The names of images, or the paths of Packer templates that no definition names, also several in one term with commas between.
    type: list
    elements: string
    required: true
  directories:
    description:
      - Directories that hold images, in the order in which they are searched.
      - Without it, C(images) in the working directory and then the images of the collection.
    type: list
    elements: path
  children:
    description:
      - Whether to add the images that are made from these, those that are made from them, and so on.
    type: bool
    default: false
  values:
    description:
      - Values of one build for variables of its images, as a dictionary or as the text of a JSON object. Each image that was named
        gets those that it declares in C(provision.variables), where a value has to be of the same type, or in its Packer template.
      - What none of the images declares is an error.
    type: raw
  hooks:
    description:
      - Hooks of all images, in the form of C(hooks) of a definition. Relative task files start in the working directory.
    type: raw
seealso:
  - plugin: golden.ami.image
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Say in which order these would be built
  ansible.builtin.debug:
    msg: "{{ query('golden.ami.image_graph', 'web,base', children=true) | map(attribute='name') }}"
"""

RETURN = r"""
_raw:
  description:
    - One definition for each image, as from P(golden.ami.image#lookup), with what a graph adds.
  type: list
  elements: dict
  contains:
    name:
      description: The image's name.
      type: str
    parent:
      description: The image that it is made from, or V(none).
      type: str
    requested:
      description: Whether it was named. V(false) for one that O(children) added.
      type: bool
    children:
      description:
        - The images that are made from it, whether they were named or not, with C(name), C(parent), C(channel), C(search) (how a base by
          owner and name is found) and C(descendants) (what is made from them in turn).
      type: list
      elements: dict
"""

import dataclasses
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _find, _graph, _lone, _nodes, _overrides
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import Definition, Loaded
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import SHARED_TEMPLATE, Reader
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [loaded.definition for loaded in self._load(_names(terms))]
        except DefinitionError as error:
            raise AnsibleLookupError(str(error)) from error
        except ModuleNotFoundError as error:
            raise AnsibleLookupError(missing_required_lib(error.name)) from error

    def _load(self, terms: list[str]) -> list[Loaded]:
        values = _overrides.read_variables(self.get_option("values"))
        reader = Reader(self.get_option("directories"), self.get_option("hooks"))
        for term in terms:
            if not _lone.is_path(term):
                _find.find_definition(term, reader.directories)
        # First of all, so that a mistake is told in full and not in the words of the graph.
        loaded = {term: reader.load(term) for term in dict.fromkeys(terms)}
        names = [loaded[term].definition["name"] for term in terms]
        requested = {image.definition["name"]: image for image in loaded.values()}
        nodes = _nodes.read_nodes(reader.directories, reader.schema)
        nodes |= {name: _graph.Node(name, file=requested[name].source.file) for name in _templates(loaded)}
        added = _graph.descendants(names, nodes) if self.get_option("children") else []
        order = _graph.in_order([*names, *added], nodes)
        _overrides.override([requested[name] for name in order if name in requested], values, str(SHARED_TEMPLATE))
        images = [requested.get(name) or reader.load(name) for name in order]
        for image in images:
            _place(image.definition, image.definition["name"] in requested, nodes)
        return images


def _templates(loaded: dict[str, Loaded]) -> list[str]:
    """The images that are templates without a definition, which no other image can know of by itself."""
    return [image.definition["name"] for term, image in loaded.items() if _lone.is_path(term)]


def _names(terms: list[t.Any]) -> list[str]:
    """Terms may be lists, as a variable may be one."""
    flat = [name for term in terms for name in (term if isinstance(term, list) else [term])]
    return [name.strip() for term in flat for name in str(term).split(",")]


def _place(definition: Definition, requested: bool, nodes: _graph.Nodes) -> None:
    children = _graph.children_of(definition["name"], nodes)
    definition["requested"] = requested
    definition["children"] = [
        {
            "name": child.name,
            "parent": definition["name"],
            "channel": child.channel,
            "search": dataclasses.asdict(child.search) if child.search else None,
            "descendants": _graph.descendants([child.name], nodes),
        }
        for child in children
    ]
    note = nodes[definition["name"]].note
    definition["notes"].extend([note] if note else [])
    definition["notes"].extend(
        f"{child.name} is made from {definition['name']}, but its definition has a mistake: {child.mistake}"
        for child in children
        if child.mistake
    )
