# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which SSM parameters a template reads, and a copy of it that has their values instead.

In HCL2 the data source C(amazon-parameterstore) reads them. Legacy JSON has no way of its own: what is written there, or
in its variable files, as C({{ssm `/x`}}) or as the whole value C(resolve:ssm:/x), stands for a parameter.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import os
import pathlib
import re
import typing as t

from . import hcl
from .copies import Additions, copy_template, write_copy
from .declarations import listed
from .errors import PackerError
from .places import line_of
from .state import write_private
from .template import File, Template, read_text

KIND = "amazon-parameterstore"
# A parameter in another Region than the others is another parameter.
Key = tuple[str, str]

_REFERENCE = re.compile(rf"\bdata\.{KIND}\.(?P<label>[^\W\d][\w-]*)\.(?P<attribute>[a-z_]+)")
_LEGACY = re.compile(
    r"\{\{-?\s*ssm\s+(?P<quote>[`\"'])(?P<name>[^`\"'\s]+)(?P=quote)\s*-?\}\}|^resolve:ssm:(?P<whole>\S+)$"
)


@dataclasses.dataclass(frozen=True)
class Read:
    """A parameter that is read, and where: C(label) is the data source's name, none in legacy JSON."""

    name: str
    region: str
    place: str
    label: str = ""

    @property
    def key(self) -> Key:
        return (self.region, self.name)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """What a parameter was when it was read."""

    value: str
    version: int
    arn: str
    type: str

    def attribute(self, name: str, place: str) -> str:
        """What an attribute of the data source gives."""
        values = {"value": self.value, "version": str(self.version), "arn": self.arn}
        if name not in values:
            raise PackerError(f"{place}: the data source {KIND} has no attribute {name}, but {', '.join(values)}.")
        return values[name]


@dataclasses.dataclass(frozen=True)
class Copy:
    """What a build without access takes: the template, and its variable files in their order."""

    template: pathlib.Path
    var_files: tuple[pathlib.Path, ...]


def reads_of(template: Template, var_files: c.Iterable[pathlib.Path] = ()) -> list[Read]:
    """Each read, in the order of the files."""
    if template.legacy is not None:
        texts = {path: read_text(path) for path in (template.path, *var_files)}
        return [one for path, text in texts.items() for one in _legacy_reads(path, text)]
    return [one for file in template.parsed for one in _file_reads(file)]


def _legacy_reads(path: pathlib.Path, text: str) -> c.Iterator[Read]:
    for value in _strings(_json(path, text)):
        for found in _LEGACY.finditer(value):
            name = _legacy_name(found)
            at = text.find(name)
            yield Read(name, "", f"{path}:{line_of(text, max(at, 0))}")


def _legacy_name(found: re.Match[str]) -> str:
    return found["name"] or found["whole"]


def _file_reads(file: File) -> c.Iterator[Read]:
    if file.content is not None:
        for label, body in _json_sources(file.content):
            yield _read(str(file.path), label, body.get("name"), body.get("region"))
        return
    for block in _sources(file):
        name, region = (block.body.expression(attribute) for attribute in ("name", "region"))
        label = block.labels[1] if len(block.labels) > 1 else ""
        literal = None if region is None else hcl.string(region) or False
        yield _read(f"{file.path}:{block.line}", label, hcl.string(name), literal)


def _read(place: str, label: str, name: t.Any, region: t.Any) -> Read:
    if not isinstance(name, str) or not name or "${" in name:
        raise PackerError(
            f"{place}: data {KIND} {label}: its name is an expression, which only Packer can work out."
            " Write the parameter's name there, to have its value in a file."
        )
    if region is not None and (not isinstance(region, str) or "${" in region):
        raise PackerError(f"{place}: data {KIND} {label}: its region is an expression: write the Region's name there.")
    return Read(name, region or "", place, label)


def _sources(file: File) -> list[hcl.Block]:
    return [block for block in file.body.of_kind("data") if block.labels[:1] == (KIND,)]


def _json_sources(content: dict[str, t.Any]) -> c.Iterator[tuple[str, dict[str, t.Any]]]:
    for kinds in listed(content.get("data")):
        for labels in listed(kinds.get(KIND)):
            for label, body in labels.items():
                for one in listed(body):
                    yield str(label), one


def _strings(value: t.Any) -> c.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _json(path: pathlib.Path, text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise PackerError(f"{path} is not JSON: {error}") from None


def write_with_values(
    template: Template,
    var_files: c.Sequence[pathlib.Path],
    values: c.Mapping[Key, Parameter],
    root: pathlib.Path,
) -> Copy:
    """Write a copy of a template, and of its variable files, that reads no parameter; readable by nobody else."""
    if template.legacy is not None:
        changed = dataclasses.replace(template, legacy=_legacy_values(template.legacy, values))
        path = copy_template(changed, Additions(), root / "template").path
        return Copy(path, tuple(_var_file(number, one, values, root) for number, one in enumerate(var_files)))
    by_label = {read.label: values[read.key] for read in reads_of(template)}

    def native(file: File) -> str:
        return with_references(hcl.apply(file.text, [hcl.blanked(file.text, one) for one in _sources(file)]), by_label)

    def from_json(file: File) -> dict[str, t.Any]:
        found = _mapped(_without_sources(file.content or {}), lambda text: with_references(text, by_label))
        return t.cast("dict[str, t.Any]", found)

    directory = write_copy(template, root / "template", native, from_json)
    path = directory if template.path.is_dir() else directory / template.path.name
    return Copy(path, tuple(pathlib.Path(os.path.abspath(one)) for one in var_files))


def with_references(text: str, by_label: c.Mapping[str, Parameter]) -> str:
    """Text of HCL with the values where the data sources were referred to."""

    def value(found: re.Match[str]) -> str:
        label, attribute = found["label"], found["attribute"]
        if label not in by_label:
            return found[0]  # Packer says that there is no such data source.
        return hcl.quote(by_label[label].attribute(attribute, f"data.{KIND}.{label}.{attribute}"))

    return _REFERENCE.sub(value, text)


def _without_sources(content: dict[str, t.Any]) -> dict[str, t.Any]:
    kept = [{kind: body for kind, body in one.items() if kind != KIND} for one in listed(content.get("data"))]
    rest = {name: value for name, value in content.items() if name != "data"}
    return {**rest, "data": kept} if any(kept) else rest


def _legacy_values(value: t.Any, values: c.Mapping[Key, Parameter]) -> t.Any:
    return _mapped(value, lambda text: _LEGACY.sub(lambda found: values["", _legacy_name(found)].value, text))


def _var_file(number: int, path: pathlib.Path, values: c.Mapping[Key, Parameter], root: pathlib.Path) -> pathlib.Path:
    target = root / "variables" / f"{number}-{path.name}"
    write_private(target, json.dumps(_legacy_values(_json(path, read_text(path)), values), indent=2) + "\n")
    return target


def _mapped(value: t.Any, change: c.Callable[[str], str]) -> t.Any:
    if isinstance(value, dict):
        return {name: _mapped(one, change) for name, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    return change(value) if isinstance(value, str) else value
