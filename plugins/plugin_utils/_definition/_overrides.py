# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that one build gives to variables of its images, held against what the definitions and templates declare.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, Problem, Source

if t.TYPE_CHECKING:
    from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import Loaded

_NAME = "golden_variables"
# What a build itself tells the shared template.
_NOT_OPEN = ("golden_", "ansible_", "source_ami", "region", "playbook", "ssh_from_anywhere")


def read_variables(given: t.Any) -> dict[str, t.Any]:
    """A mapping, or the text of a JSON object, as it comes from a command line. Raises DefinitionError for all else."""
    value = given
    if isinstance(given, str) and given.strip():
        try:
            value = json.loads(given)
        except ValueError as error:
            message = f'expected a JSON object such as {{"release": "2"}}, found {given!r}: {error}'
            raise DefinitionError([Problem(_NAME, 0, "", message)]) from error
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        message = f'expected a JSON object such as {{"release": "2"}}, found {_schema.kind(value)}'
        raise DefinitionError([Problem(_NAME, 0, "", message)])
    return {str(name): content for name, content in value.items()}


def override(images: list[Loaded], given: dict[str, t.Any], shared_template: str) -> None:
    """Give each of the images those variables that it declares. One that none declares is an error, so is another type."""
    taken: set[str] = set()
    problems: list[Problem] = []
    declared = {image.definition["name"]: _template_variables(image, shared_template) for image in images if given}
    for image in images if given else []:
        own = image.definition["provision"]["variables"] if "provision" in image.definition else {}
        for name, value in given.items():
            if name in own:
                taken.add(name)
                problems.extend(_type_problem(image.source, name, own[name], value))
                own[name] = value
            elif name in declared[image.definition["name"]]:
                taken.add(name)
                image.definition["variables"][name] = value
    problems.extend(_unknown(name, images, declared) for name in given if name not in taken)
    if problems:
        raise DefinitionError(problems)


def _template_variables(image: Loaded, shared_template: str) -> list[str]:
    own = image.definition["template"]
    try:
        declared = load_template(own or shared_template).declared
    except PackerError as error:
        line = image.source.line_of(("template",))
        raise DefinitionError([Problem(image.source.file, line, "template", str(error))]) from error
    return sorted(name for name in declared if own or not name.startswith(_NOT_OPEN))


def _unknown(name: str, images: list[Loaded], declared: dict[str, list[str]]) -> Problem:
    known = []
    for image in images:
        source = image.source
        own = list(image.definition["provision"]["variables"]) if "provision" in image.definition else []
        if own:
            known.append(f"{', '.join(own)} ({source.file}:{source.line_of(('provision', 'variables'))})")
        template = declared[image.definition["name"]]
        known.append(f"{', '.join(template) or 'none'} (the template of {image.definition['name']})")
    names = ", ".join(image.definition["name"] for image in images)
    message = f"{names} declares no such variable. Declared are: {'; '.join(known)}. Correct the name, or declare it"
    return Problem(_NAME, 0, name, message)


def _type_problem(source: Source, name: str, declared: t.Any, value: t.Any) -> list[Problem]:
    if declared is None or _open_text(declared) or _same_type(declared, value):
        return []
    path = ("provision", "variables", name)
    place = f"declared in {source.file}:{source.line_of(path)}"
    message = f"expected {_schema.type_words(declared)} ({place}), found {_schema.kind(value)}"
    return [Problem(_NAME, 0, name, message)]


def _open_text(declared: t.Any) -> bool:
    """What a Jinja expression will be is known on the machine only."""
    return isinstance(declared, str) and "{{" in declared


def _same_type(declared: t.Any, value: t.Any) -> bool:
    if isinstance(declared, float) and isinstance(value, int) and not isinstance(value, bool):
        return True
    # Not by class: Ansible's own texts and lists are of classes that tell where they came from.
    return _schema.type_words(declared) == _schema.type_words(value)
