# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import json
import os
import pathlib
import re
import typing as t

from . import fingerprint as fp
from . import hcl
from .options import BuildOptions
from .state import read_json, state_directory, write_private
from .template import Template

# What post-processors write when a template does not say what.
_DEFAULT_OUTPUT = {"manifest": "packer-manifest.json"}
_PATH_ROOT = re.compile(r"\$\{\s*path\.root\s*\}|\{\{\s*template_dir\s*\}\}")
_WRITERS = ("manifest", "checksum", "compress")


def _step_outputs(kind: str, settings: c.Callable[[str], str | None]) -> c.Iterator[str]:
    """The file that one post-processor or provisioner writes on this machine, as the template names it."""
    if kind in _WRITERS:
        output = settings("output") or _DEFAULT_OUTPUT.get(kind)
        if output:
            yield output
    if kind == "file" and settings("direction") == "download":
        destination = settings("destination")
        if destination:
            yield destination


def _native(text: str, directory: str) -> c.Iterator[str]:
    """Of a file in native syntax. Names that are put together from variables are not known here."""
    bodies = [hcl.parse(text)]
    while bodies:
        for block in bodies.pop().blocks:
            bodies.append(block.body)
            if block.kind in ("post-processor", "provisioner") and block.labels:
                yield from _step_outputs(block.labels[0], _expressions(block.body, directory))


def _expressions(body: hcl.Body, directory: str) -> c.Callable[[str], str | None]:
    return lambda name: hcl.string(_rooted(body.expression(name), directory))


def _rooted(value: t.Any, directory: str) -> str | None:
    return _PATH_ROOT.sub(lambda _found: directory, value) if isinstance(value, str) else None


def _objects(value: t.Any) -> c.Iterator[dict[str, t.Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _strings(step: dict[str, t.Any], directory: str) -> c.Callable[[str], str | None]:
    return lambda name: _rooted(step.get(name), directory)


def _json(content: dict[str, t.Any], directory: str) -> c.Iterator[str]:
    for step in _objects(content):
        if isinstance(step.get("type"), str):
            yield from _step_outputs(step["type"], _strings(step, directory))
        for kind in {*_WRITERS, "file"} & step.keys():
            for body in _objects(step[kind]):
                yield from _step_outputs(kind, _strings(body, directory))


def written_by(template: Template, directory: str) -> frozenset[str]:
    """The files that a template says it writes on this machine; relative ones start where Packer runs."""
    found: list[str] = []
    for file in template.files:
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.name.endswith(".json"):
            found += _json(json.loads(text), str(file.parent))
        else:
            found += _native(text, str(file.parent))
    plain = (name for name in found if "${" not in name and "{{" not in name)
    return frozenset(os.path.normpath(os.path.join(directory, name)) for name in plain)


def _path(image: str) -> pathlib.Path:
    return state_directory() / "outputs" / f"{image.replace('/', '_')}.json"


def _remembered(options: BuildOptions) -> frozenset[str]:
    names = read_json(_path(options.name)).get("files", [])
    return frozenset(os.path.normpath(os.path.join(options.chdir, name)) for name in names)


def known_outputs(options: BuildOptions, template: Template) -> frozenset[str]:
    """Files that are results of builds and not what goes into them: they are no part of the fingerprint."""
    return written_by(template, options.chdir) | _remembered(options)


def present(options: BuildOptions, template: Template) -> frozenset[str]:
    """What is where content is: the files in directories that count, and all that lies beside what counts."""
    counted = [template.path, *(pathlib.Path(path) for listed in options.content.values() for path in listed)]
    inside = (file for path in counted if path.is_dir() for file in fp.walk(path))
    here = pathlib.Path(options.chdir)
    places = {here, *(path.parent for path in counted if path.parent.is_relative_to(here))}
    beside = (entry for directory in places for entry in directory.iterdir())
    return frozenset(str(path) for path in (*inside, *beside))


def _files(path: str) -> list[str]:
    return [str(file) for file in fp.walk(pathlib.Path(path))] if os.path.isdir(path) else [path]


def remember_outputs(options: BuildOptions, template: Template, before: frozenset[str]) -> list[str]:
    """Keep in mind which files a build has made beside its template; the names of those that are new."""
    known = known_outputs(options, template)
    made = {file for path in present(options, template) - before for file in _files(path)}
    new = sorted(made - known)
    if new:
        names = [os.path.relpath(file, options.chdir) for file in sorted(_remembered(options).union(new))]
        write_private(_path(options.name), json.dumps({"files": names}))
    return [os.path.relpath(file, options.chdir) for file in new]
