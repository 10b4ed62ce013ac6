# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
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
# Parts of the content: what lies beside a template of one's own, and what the shared template provisions with.
_OWN_FILES = "files"
_PROVISIONING = frozenset({"playbook", "role", "hook"})


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


@dataclasses.dataclass(frozen=True)
class Before:
    """What there was before a build: what lies where its template's own files are, and which of it are results already."""

    paths: frozenset[str]
    results: frozenset[str]


def _path(options: BuildOptions) -> pathlib.Path:
    """Images of one name in two checkouts have results of their own."""
    place = fp.digest(os.path.realpath(options.chdir))[:16]
    return state_directory() / "outputs" / f"{options.name.replace('/', '_')}-{place}.json"


def _memory(options: BuildOptions) -> dict[str, str]:
    """The digests that results had when the build that wrote them ended, by absolute path."""
    files = read_json(_path(options)).get("files", {})
    return {os.path.normpath(os.path.join(options.chdir, name)): digest for name, digest in files.items()}


def _digest(file: str) -> str | None:
    return fp.part_of_files([file]).digest if os.path.lexists(file) and not os.path.isdir(file) else None


def _remembered(options: BuildOptions) -> frozenset[str]:
    """One that says something else by now was changed by somebody, while no build ran: it counts again."""
    return frozenset(file for file, digest in _memory(options).items() if _digest(file) in (None, digest))


def known_outputs(options: BuildOptions, template: Template) -> frozenset[str]:
    """Files that are results of builds and not what goes into them: they are no part of the fingerprint."""
    return written_by(template, options.chdir) | _remembered(options)


def look_before(options: BuildOptions, template: Template) -> Before:
    """What to compare with when the build has ended."""
    return Before(_present(options, template), _remembered(options))


def _present(options: BuildOptions, template: Template) -> frozenset[str]:
    """What is where a template of one's own has its files: in their directories, and beside them.

    The shared template writes nothing; what comes to playbooks, roles and hooks meanwhile is somebody's work.
    """
    if any(name.partition(" ")[0] in _PROVISIONING for name in options.content):
        return frozenset()
    counted = [template.path, *map(pathlib.Path, options.content.get(_OWN_FILES, ()))]
    inside = (file for path in counted if path.is_dir() for file in fp.walk(path))
    here = pathlib.Path(options.chdir)
    places = {here, *(path.parent for path in counted if path.parent.is_relative_to(here))}
    beside = (entry for directory in places for entry in directory.iterdir())
    return frozenset(str(path) for path in (*inside, *beside))


def _files(path: str) -> list[str]:
    return [str(file) for file in fp.walk(pathlib.Path(path))] if os.path.isdir(path) else [path]


def _elsewhere(options: BuildOptions, file: str) -> bool:
    """Whether a file belongs to something that the definition names besides its own files."""
    named = (path for name, paths in options.content.items() if name != _OWN_FILES for path in paths)
    return any(pathlib.Path(file).is_relative_to(path) for path in named)


def remember_outputs(options: BuildOptions, template: Template, before: Before) -> list[str]:
    """Keep in mind which files a build has made beside its template; the names of those that are new."""
    written = written_by(template, options.chdir)
    appeared = {file for path in _present(options, template) - before.paths for file in _files(path)}
    made = {file for file in appeared - written if not _elsewhere(options, file)}
    memory = _memory(options)
    digests = {file: _digest(file) or memory.get(file, "") for file in sorted(before.results | made)}
    if digests != memory:
        files = {os.path.relpath(file, options.chdir): digest for file, digest in digests.items()}
        write_private(_path(options), json.dumps({"files": files}))
    return [os.path.relpath(file, options.chdir) for file in sorted(made - before.results)]
