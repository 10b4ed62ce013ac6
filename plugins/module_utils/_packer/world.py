# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import json
import os
import pathlib
import typing as t

from .._ami.artifacts import OwnImage, find_own_images
from .._ami.base import resolve_base
from .._ami.cloud import Cloud
from . import fingerprint as fp
from .bases import Base
from .beside import definition_files
from .environment import environment_content
from .environment_reads import content_reads, sensitive_reads
from .options import BuildOptions
from .outputs import known_outputs
from .plan import Memory, Plan, Request, counts, decide
from .progress import Duration
from .state import read_json, state_directory, write_private
from .template import Template
from .variables import RESERVED
from .versions import Versions

# The variable by which the collection's own template takes what is for Ansible.
_FOR_ANSIBLE = "ansible_variables"


@dataclasses.dataclass(frozen=True)
class World:
    """What there is before a build: read once."""

    template: Template
    versions: Versions
    base: Base
    images: list[OwnImage]

    @property
    def source_ami(self) -> str | None:
        """The AMI that the build starts from; several with commas between them."""
        return self.base.text()


def read_world(
    cloud: Cloud, options: BuildOptions, template: Template, versions: Versions, find_base: c.Callable[[], Base]
) -> World:
    """At most two calls, one for the base, one for the image's own AMIs, besides those of a template that finds its base."""
    base = Base(resolve_base(cloud, options.source_ami)) if options.source_ami else find_base()
    return World(template, versions, base, find_own_images(cloud, options.name))


def content_parts(options: BuildOptions, template: Template) -> fp.Parts:
    """The parts that come from files and values of the user's."""
    results = known_outputs(options, template)
    # What else belongs to the definition counts only where content names it.
    apart = results | definition_files(template.path)
    files = fp.part_of_files([template.path] if template.path.is_dir() else template.files, apart).items
    selected = {"only": ",".join(options.only), "except": ",".join(options.excluded)}
    parts = {"template": fp.part_of({**files, **{name: value for name, value in selected.items() if value}})}
    for name, paths in options.content.items():
        part = fp.part_of_files(paths, results)
        # A directory that has nothing but results in it was not there before the first build.
        if part.items:
            parts[name] = part
    if options.requirements:
        parts["requirements"] = fp.part_of_files(options.requirements.files)
    # What the template declares sensitive is so by whatever option it is given.
    secret = {*options.secret_variables, *(template.sensitive & set(options.variables))}
    variables = {k: v for k, v in options.variables.items() if k not in secret}
    parts["variables"] = fp.part_of_values(spread(variables), secret)
    if options.var_files:
        parts["var_files"] = fp.part_of_files(options.var_files)
    environment = _environment_part(options, template)
    if environment.items:
        parts["environment"] = environment
    return parts


def spread(variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """What a template hands on to Ansible has names of the user's own, by which a change is told."""
    inner = variables.get(_FOR_ANSIBLE)
    if not isinstance(inner, dict):
        return variables
    others = {name: value for name, value in variables.items() if name != _FOR_ANSIBLE}
    return {**others, **{f"{_FOR_ANSIBLE}.{name}" if name in others else name: inner[name] for name in inner}}


def _environment_part(options: BuildOptions, template: Template) -> fp.Part:
    """Variables of an HCL template that no option sets may come from the environment; and templates read it by name."""
    placed = {name for placement in options.placements for name in placement}
    ours = {*RESERVED, "region", *(["source_ami"] if options.source_ami else [])}
    open_ = template.declared - ours - placed - set(options.variable_names) if template.hcl else frozenset[str]()
    values, secret = environment_content(
        os.environ,
        options.environment,
        variables=open_,
        sensitive=template.sensitive,
        reads=content_reads(template),
        sensitive_reads=sensitive_reads(template),
    )
    return fp.part_of_values(values, secret)


def all_parts(options: BuildOptions, world: World) -> fp.Parts:
    parts = content_parts(options, world.template)
    parts["base"] = fp.part_of(world.base.items())
    tools = {"packer": world.versions.packer, "ansible": world.versions.ansible, **world.versions.plugins}
    parts["tools"] = fp.part_of(tools)
    return parts


def make_plan(options: BuildOptions, world: World, now: datetime.datetime) -> Plan:
    request = Request(options.name, options.region, now, options.force, options.max_age, world.base.known)
    latest = next((image for image in reversed(world.images) if counts(image)), None)
    memory = recall(options.name, latest.tags["golden:fingerprint"]) if latest else {}
    return decide(request, world.images, all_parts(options, world), memory)


def _memory_path(image: str, fingerprint: str) -> pathlib.Path:
    return state_directory() / "fingerprints" / image.replace("/", "_") / f"{fingerprint}.json"


def recall(image: str, fingerprint: str) -> Memory:
    """The digests by file of an earlier build, when it was made on this machine."""
    parts: Memory = read_json(_memory_path(image, fingerprint)).get("parts", {})
    return parts


def remember(image: str, fingerprint: str, parts: fp.Parts) -> None:
    content = {"parts": {name: part.items for name, part in parts.items()}}
    write_private(_memory_path(image, fingerprint), json.dumps(content, indent=1))


def _durations_path(image: str) -> pathlib.Path:
    return state_directory() / "durations" / f"{image.replace('/', '_')}.json"


def earlier_durations(image: str) -> list[Duration]:
    """How long the steps of the last good build took, to tell what is left."""
    steps: list[dict[str, t.Any]] = read_json(_durations_path(image)).get("steps", [])
    return [Duration(step["step"], float(step["seconds"])) for step in steps]


def remember_durations(image: str, durations: list[Duration]) -> None:
    content = {"steps": [dataclasses.asdict(duration) for duration in durations]}
    write_private(_durations_path(image), json.dumps(content))
