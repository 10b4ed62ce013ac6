# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Temporary copies of templates, with what the user's own lacks. Everything that they refer to stays where it is."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import os
import pathlib
import re
import typing as t

from . import hcl
from .declarations import listed
from .keep import KeyPair
from .settings import JsonSettings, NativeSettings, Settings
from .sources import LAUNCHING, all_sources, build_kinds, builds_in, labelled, overrides_in
from .state import make_private, write_private
from .template import File, Template, is_read_in_a_directory, parse_file

# By this name C(except) could leave it out; no pattern that is meant for the user's own does.
MANIFEST = "golden_manifest"
# With one of these a source has its own way in.
_OWN_WAY_IN = ("ssh_keypair_name", "ssh_private_key_file", "ssh_agent_auth", "ssh_password")
_TEMPLATE_DIR = re.compile(r"\{\{\s*template_dir\s*\}\}")


@dataclasses.dataclass(frozen=True)
class Additions:
    """What a copy is to have: a manifest of what was made, tags for what lives as long as the run, a way in."""

    manifest: pathlib.Path | None = None
    run_tags: dict[str, str] = dataclasses.field(default_factory=dict)
    key_pair: KeyPair | None = None

    def __bool__(self) -> bool:
        return bool(self.manifest or self.run_tags or self.key_pair)


@dataclasses.dataclass(frozen=True)
class TemplateCopy:
    """A copy: C(path) is what Packer is to run, C(directory) where it is, in the shadow tree below C(root).

    Without C(root) in front, a path in the tree is the original's. C(tagged) is whether the run tags are in it, and
    C(key_pairs) names the sources that got the key pair, as C(amazon-ebs.web).
    """

    path: pathlib.Path
    directory: pathlib.Path
    root: pathlib.Path
    tagged: bool = False
    key_pairs: tuple[str, ...] = ()


def copy_template(template: Template, additions: Additions, root: pathlib.Path) -> TemplateCopy:
    """Write a copy with additions into a directory of its own."""
    if template.legacy is not None:
        return _copy_legacy(template, additions, root)
    work = _HclCopy(template, additions)
    directory = write_copy(template, root, work.native, work.json)
    path = directory if template.path.is_dir() else directory / template.path.name
    return TemplateCopy(path, directory, root, _tagged(template, additions), tuple(work.key_pairs))


def _tagged(template: Template, additions: Additions) -> bool:
    """Whether there was something to tag: all that launches instances is."""
    return bool(additions.run_tags) and any(source.kind in LAUNCHING for source in all_sources(template))


Native = c.Callable[[File], str]
Json = c.Callable[[File], dict[str, t.Any]]


def write_copy(
    template: Template, root: pathlib.Path, native: Native, from_json: Json, *, as_directory: bool = False
) -> pathlib.Path:
    """Write an HCL template's files as two functions change them, in a shadow tree; returns the directory they are in.

    The functions get files in which C(path.root) is the original directory by its name. When the copy of a single file
    is read C(as_directory), nothing else in it is HCL.
    """
    directory = shadow(template.directory, root)
    changed = {file.path: _changed(file, str(template.directory), native, from_json) for file in template.parsed}
    alone = as_directory and not template.path.is_dir()
    for entry in _beside(template, root):
        text = changed.get(entry)
        if text is not None:
            write_private(directory / entry.name, text)
        elif entry in changed or not (alone and is_read_in_a_directory(entry.name)):
            os.symlink(entry, directory / entry.name)
    return directory


def shadow(original: pathlib.Path, root: pathlib.Path) -> pathlib.Path:
    """Make the original's absolute path below a root, where all that is beside it and its parents is linked.

    For Packer looks for what C(file()) and its like name, such as C(../x), from the directory that the template is in.
    Returns the last directory of the path, with nothing in it.
    """
    make_private(root)
    # C(fileset()) follows links, and would go round.
    ours = (root, root.parent)
    above, directory = pathlib.Path(original.anchor), root
    for name in original.parts[1:]:
        for entry in _entries(above):
            if entry.name != name and entry not in ours:
                os.symlink(entry, directory / entry.name)
        above, directory = above / name, make_private(directory / name)
    return directory


def _beside(template: Template, root: pathlib.Path) -> list[pathlib.Path]:
    """What is in the template's directory, itself too; a file that may be read need not be listed."""
    beside = [entry for entry in _entries(template.directory) if entry not in (root, root.parent)]
    return list(dict.fromkeys([*(file.path for file in template.parsed), *beside]))


def _entries(directory: pathlib.Path) -> list[pathlib.Path]:
    """What is in a directory; of one that may be passed but not listed nothing is known."""
    try:
        return list(directory.iterdir())
    except PermissionError:
        return []


def _changed(file: File, root: str, native: Native, from_json: Json) -> str | None:
    """The text of a file's copy; None when it is the same."""
    if file.content is not None:
        content = from_json(dataclasses.replace(file, content=rooted(file.content, root)))
        return None if content == file.content else json.dumps(content, indent=2)
    text = native(parse_file(file.path, hcl.replace_path_root(file.text, root)))
    return None if text == file.text else text


def rooted(value: t.Any, root: str) -> t.Any:
    """A value of HCL's JSON form, where each string may have expressions, with C(path.root) by its name. Always a copy."""
    if isinstance(value, dict):
        return {rooted(name, root): rooted(one, root) for name, one in value.items()}
    if isinstance(value, list):
        return [rooted(one, root) for one in value]
    return hcl.replace_path_root(value, root, template=True) if isinstance(value, str) else value


def _escaped(values: c.Mapping[str, str]) -> dict[str, str]:
    """Texts for HCL's JSON form, where nothing in them is interpolated."""
    return {name: hcl.escape(value) for name, value in values.items()}


def _way_in(pair: KeyPair) -> dict[str, str]:
    return {"ssh_keypair_name": pair.name, "ssh_private_key_file": str(pair.private_key)}


def _needs_way_in(settings: t.Iterable[Settings]) -> bool:
    return not any(
        one.plain("communicator") in ("none", "winrm") or any(one.has(name) for name in _OWN_WAY_IN) for one in settings
    )


class _HclCopy:
    """Adds to the files of an HCL template."""

    def __init__(self, template: Template, additions: Additions) -> None:
        self._add = additions
        self.key_pairs: list[str] = []
        # A build may add to a source, but not say again what the source says.
        self._overrides: dict[str, list[Settings]] = {}
        for file in template.parsed:
            for reference, settings in overrides_in(file):
                self._overrides.setdefault(reference, []).append(settings)

    def _tags_go_to_overrides(self, reference: str) -> bool:
        return any(one.has("run_tags") for one in self._overrides.get(reference, []))

    def _key_pair(self, reference: str, settings: Settings) -> dict[str, str]:
        pair = self._add.key_pair
        if pair is None or not _needs_way_in([settings, *self._overrides.get(reference, [])]):
            return {}
        self.key_pairs.append(reference)
        return _way_in(pair)

    def native(self, file: File) -> str:
        edits: list[hcl.Edit] = []
        for block in file.body.of_kind("source"):
            if len(block.labels) == 2 and block.labels[0] in LAUNCHING:
                edits += self._source(file.text, block, f"{block.labels[0]}.{block.labels[1]}")
        for build in file.body.of_kind("build"):
            edits += self._build(file.text, build)
        return hcl.apply(file.text, edits)

    def _source(self, text: str, block: hcl.Block, reference: str) -> list[hcl.Edit]:
        pair = self._key_pair(reference, NativeSettings((block.body,)))
        lines = [f"{name} = {hcl.quote(value)}" for name, value in pair.items()]
        edits: list[hcl.Edit] = []
        if self._add.run_tags and not self._tags_go_to_overrides(reference):
            attribute = block.body.attribute("run_tags")
            if attribute:
                edits += self._merged(attribute)
            else:
                lines.append(f"run_tags = {hcl.quote_map(self._add.run_tags)}")
        return edits + (hcl.insertion(text, block, "\n".join(lines)) if lines else [])

    def _merged(self, attribute: hcl.Attribute) -> list[hcl.Edit]:
        # On a line of its own, for the expression may end with a heredoc.
        after = f"\n, {hcl.quote_map(self._add.run_tags)})"
        return [(attribute.start, attribute.start, "merge("), (attribute.end, attribute.end, after)]

    def _build(self, text: str, build: hcl.Block) -> list[hcl.Edit]:
        edits: list[hcl.Edit] = []
        for source in build.body.of_kind("source") if self._add.run_tags else ():
            attribute = source.body.attribute("run_tags")
            if attribute:
                edits += self._merged(attribute)
            elif self._tags_go_to_overrides("".join(source.labels).removeprefix("source.")):
                edits += hcl.insertion(text, source, f"run_tags = {hcl.quote_map(self._add.run_tags)}")
        if self._add.manifest and _makes_amis(build_kinds(build)):
            output = hcl.quote(str(self._add.manifest))
            lines = f'post-processor "manifest" {{\nname = "{MANIFEST}"\noutput = {output}\nstrip_path = true\n}}'
            edits += hcl.insertion(text, build, lines)
        return edits

    def json(self, file: File) -> dict[str, t.Any]:
        content = file.content or {}
        for kind, bodies in labelled(content.get("source")):
            for label, body in labelled(bodies) if kind in LAUNCHING else ():
                self._json_source(body, f"{kind}.{label}")
        for build in builds_in(file):
            self._json_build(build)
        return content

    def _json_source(self, body: dict[str, t.Any], reference: str) -> None:
        pair = self._key_pair(reference, JsonSettings((dict(body),)))
        if self._add.run_tags and not self._tags_go_to_overrides(reference):
            self._json_tags(body)
        body.update(_escaped(pair))

    def _json_tags(self, body: dict[str, t.Any]) -> None:
        before = body.get("run_tags")
        if isinstance(before, str):
            expression = before.strip().removeprefix("${").removesuffix("}")
            body["run_tags"] = f"${{merge({expression}, {hcl.quote_map(self._add.run_tags)})}}"
        else:
            merged = {name: value for one in listed(before) for name, value in one.items()}
            body["run_tags"] = {**merged, **_escaped(self._add.run_tags)}

    def _json_build(self, build: dict[str, t.Any]) -> None:
        for reference, body in labelled(build.get("source")) if self._add.run_tags else ():
            if self._tags_go_to_overrides(reference.removeprefix("source.")):
                self._json_tags(body)
        if self._add.manifest and _makes_amis(build_kinds(build)):
            manifest = {"name": MANIFEST, "strip_path": True, **_escaped({"output": str(self._add.manifest)})}
            build["post-processor"] = [*listed(build.get("post-processor")), {"manifest": manifest}]


def _makes_amis(kinds: c.Collection[str] | None) -> bool:
    """Whether a build can make AMIs. A manifest would make Packer keep what other builds throw away."""
    return kinds is None or any(kind.startswith("amazon-") for kind in kinds)


def _copy_legacy(template: Template, additions: Additions, root: pathlib.Path) -> TemplateCopy:
    """A legacy template is one file; what it refers to by C({{template_dir}}) is told by its name.

    In other expressions, C({{printf "%s/x" template_dir}}), that is in the shadow tree.
    """
    content: dict[str, t.Any] = json.loads(json.dumps(template.legacy))
    key_pairs = []
    for builder in listed(content.get("builders")):
        if str(builder.get("type", "")) not in LAUNCHING:
            continue
        if additions.run_tags:
            builder["run_tags"] = {**(builder.get("run_tags") or {}), **additions.run_tags}
        if additions.key_pair and _needs_way_in([JsonSettings((dict(builder),))]):
            builder.update(_way_in(additions.key_pair))
            key_pairs.append(str(builder.get("name") or builder["type"]))
    if additions.manifest and _makes_amis({source.kind for source in all_sources(template)}):
        manifest = {"type": "manifest", "name": MANIFEST, "output": str(additions.manifest), "strip_path": True}
        content["post-processors"] = [*(content.get("post-processors") or []), manifest]
    text = with_template_dir(json.dumps(content, indent=2), template)
    directory = shadow(template.directory, root)
    for entry in _beside(template, root):
        if entry != template.path:
            os.symlink(entry, directory / entry.name)
    write_private(directory / template.path.name, text)
    path = directory / template.path.name
    return TemplateCopy(path, directory, root, _tagged(template, additions), tuple(key_pairs))


def with_template_dir(text: str, template: Template) -> str:
    """JSON text with the directory of the original template by its name."""
    name = json.dumps(str(template.directory))[1:-1]
    return _TEMPLATE_DIR.sub(lambda _match: name, text)
