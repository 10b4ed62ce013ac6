# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a template builds, and from which AMIs: read from its text, without Packer."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import fnmatch
import typing as t

from . import hcl
from .declarations import listed
from .errors import PackerError
from .settings import JsonSettings, NativeSettings, Settings
from .template import File, Template

# Builders of the amazon plugin that launch an instance from an AMI, and tag it.
LAUNCHING = ("amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume", "amazon-instance")
# All that begin with an AMI: this one brings its disk to an instance that is there.
FROM_AMI = (*LAUNCHING, "amazon-chroot")


@dataclasses.dataclass(frozen=True)
class Source:
    """A source that a build uses, or a builder of a legacy template.

    C(name) is what Packer calls the build, as C(golden.amazon-ebs.web); None when only Packer can know. C(where) is
    C(file:line), or the file where lines are not known.
    """

    kind: str
    label: str
    name: str | None
    where: str
    settings: Settings

    @property
    def from_ami(self) -> bool:
        return self.kind in FROM_AMI

    @property
    def title(self) -> str:
        return f'{self.where}: source "{self.kind}" "{self.label}"'


def _reference(text: str) -> tuple[str, str]:
    """C(source.amazon-ebs.web), or the same without its first word."""
    kind, _unused, label = text.removeprefix("source.").partition(".")
    return kind, label


@dataclasses.dataclass(frozen=True)
class _Defined:
    """A C(source) block of a template."""

    where: str
    bodies: tuple[hcl.Body, ...] = ()
    objects: tuple[dict[str, t.Any], ...] = ()

    def with_more(self, bodies: tuple[hcl.Body, ...], objects: tuple[dict[str, t.Any], ...]) -> Settings:
        """Its settings, with those that a build adds in the same syntax."""
        if self.bodies or bodies:
            return NativeSettings((*bodies, *self.bodies))
        return JsonSettings((*objects, *self.objects))


@dataclasses.dataclass(frozen=True)
class _Used:
    """That a build uses a source. C(build) and C(renamed) are None where they are not in so many words."""

    kind: str
    label: str
    build: str | None
    renamed: str | None
    bodies: tuple[hcl.Body, ...] = ()
    objects: tuple[dict[str, t.Any], ...] = ()

    @property
    def name(self) -> str | None:
        if self.build is None or self.renamed is None:
            return None
        return f"{self.build}{'.' if self.build else ''}{self.kind}.{self.renamed}"


def labelled(value: t.Any) -> c.Iterator[tuple[str, dict[str, t.Any]]]:
    """The labels and objects of blocks with one label, as HCL's JSON form has them."""
    for block in listed(value):
        for label, bodies in block.items():
            for body in listed(bodies):
                yield label, body


def _defined(file: File) -> c.Iterator[tuple[tuple[str, str], _Defined]]:
    for block in file.body.of_kind("source"):
        if len(block.labels) == 2:
            yield (block.labels[0], block.labels[1]), _Defined(f"{file.path}:{block.line}", (block.body,))
    for kind, bodies in labelled((file.content or {}).get("source")):
        for label, body in labelled(bodies):
            yield (kind, label), _Defined(str(file.path), objects=(body,))


def _plain_or_empty(settings: Settings, name: str, default: str = "") -> str | None:
    return settings.plain(name) if settings.has(name) else default


def _used_native(build: hcl.Block) -> c.Iterator[_Used]:
    name = _plain_or_empty(NativeSettings((build.body,)), "name")
    for item in hcl.items(build.body.expression("sources")) or []:
        kind, label = _reference(hcl.string(item) or item)
        yield _Used(kind, label, name, label)
    for block in build.body.of_kind("source"):
        if block.labels:
            kind, label = _reference(block.labels[0])
            renamed = _plain_or_empty(NativeSettings((block.body,)), "name", label)
            yield _Used(kind, label, name, renamed, bodies=(block.body,))


def _used_json(build: dict[str, t.Any]) -> c.Iterator[_Used]:
    name = _plain_or_empty(JsonSettings((build,)), "name")
    names = build.get("sources")
    for reference in names if isinstance(names, list) else ():
        kind, label = _reference(str(reference))
        yield _Used(kind, label, name, label)
    for reference, body in labelled(build.get("source")):
        kind, label = _reference(reference)
        yield _Used(kind, label, name, _plain_or_empty(JsonSettings((body,)), "name", label), objects=(body,))


def _is_named(item: str) -> bool:
    """Whether an entry of C(sources) says in so many words which source it is."""
    return hcl.string(item) is not None or item.startswith("source.")


def _is_computed(build: hcl.Block | dict[str, t.Any]) -> bool:
    """Whether a build says only to Packer which sources it uses."""
    if isinstance(build, dict):
        names = build.get("sources") or []
        return not isinstance(names, list) or any("${" in str(one) for one in names)
    items = hcl.items(build.body.expression("sources") or "[]")
    dynamic = any(block.labels == ("source",) for block in build.body.of_kind("dynamic"))
    return dynamic or items is None or not all(map(_is_named, items))


def _hcl_sources(template: Template) -> list[Source]:
    defined = dict(one for file in template.parsed for one in _defined(file))
    builds = [build for file in template.parsed for build in file.body.of_kind("build")]
    json_builds = [build for file in template.parsed for build in builds_in(file)]
    computed = any(map(_is_computed, builds)) or any(map(_is_computed, json_builds))
    used = [_Used(kind, label, None, None) for kind, label in defined if computed]
    used += [one for build in builds for one in _used_native(build)]
    used += [one for build in json_builds for one in _used_json(build)]
    return [
        Source(one.kind, one.label, one.name, found.where, found.with_more(one.bodies, one.objects))
        for one in used
        if (found := defined.get((one.kind, one.label)))
    ]


def overrides_in(file: File) -> c.Iterator[tuple[str, Settings]]:
    """What builds add to sources: the source, as C(amazon-ebs.web), and the settings."""
    for build in file.body.of_kind("build"):
        for block in build.body.of_kind("source"):
            yield "".join(block.labels).removeprefix("source."), NativeSettings((block.body,))
    for content in builds_in(file):
        for reference, body in labelled(content.get("source")):
            yield reference.removeprefix("source."), JsonSettings((body,))


def build_kinds(build: hcl.Block | dict[str, t.Any]) -> set[str] | None:
    """The types of the sources that a build uses; None when only Packer can know."""
    if _is_computed(build):
        return None
    return {one.kind for one in (_used_json(build) if isinstance(build, dict) else _used_native(build))}


def builds_in(file: File) -> list[dict[str, t.Any]]:
    """The builds in a file in HCL's JSON form."""
    return listed((file.content or {}).get("build"))


def _legacy_source(builder: dict[str, t.Any], where: str) -> Source:
    name = str(builder.get("name") or builder.get("type", ""))
    return Source(str(builder.get("type", "")), name, None if "{{" in name else name, where, JsonSettings((builder,)))


def _legacy_sources(template: Template) -> list[Source]:
    return [_legacy_source(one, str(template.path)) for one in listed((template.legacy or {}).get("builders"))]


def all_sources(template: Template) -> list[Source]:
    """The sources that builds use, once for each use."""
    return _hcl_sources(template) if template.hcl else _legacy_sources(template)


def _matches(name: str | None, pattern: str, *, exact: bool) -> bool | None:
    """Whether a pattern means a build; None where only Packer can tell."""
    if name is None or (not exact and "{" in pattern):
        return None
    return name == pattern if exact else fnmatch.fnmatchcase(name, pattern)


def _runs(source: Source, only: c.Iterable[str], excluded: c.Iterable[str], *, exact: bool) -> bool:
    """Whether a build is to run. What only Packer can tell is taken to run."""
    asked = [_matches(source.name, pattern, exact=exact) for pattern in only]
    left_out = any(_matches(source.name, pattern, exact=exact) for pattern in excluded)
    return not left_out and (not asked or any(one is not False for one in asked))


def selected_sources(template: Template, only: c.Sequence[str], excluded: c.Sequence[str]) -> list[Source]:
    """The sources whose builds are to run."""
    sources = all_sources(template)
    chosen = [one for one in sources if _runs(one, only, excluded, exact=not template.hcl)]
    if sources and not chosen and not template.broken:
        asked = " and ".join(
            f"{word} {', '.join(names)}" for word, names in (("only", only), ("except", excluded)) if names
        )
        known = ", ".join(one.name or f"{one.kind}.{one.label}" for one in sources)
        raise PackerError(
            f"{asked} leaves no build of the template {template.path}. It has: {known}."
            f"{' A * stands for any characters.' if template.hcl else ''} Correct the names."
        )
    return chosen


_NO_OWNER = (
    'has no owners: anybody could publish an AMI of that name. Add owners = ["…"] with the account'
    ' that publishes it, or "amazon", "aws-marketplace", "self".'
)


def _lacks_owner(settings: Settings) -> bool:
    owners = settings.plain_list("owners")
    return not settings.has("owners") or (owners is not None and (not owners or not set(owners).isdisjoint({"*", ""})))


def _data_sources(template: Template) -> c.Iterator[tuple[str, Settings]]:
    for file in template.parsed:
        for block in file.body.of_kind("data"):
            if block.labels[:1] == ("amazon-ami",):
                title = f'{file.path}:{block.line}: data "amazon-ami" "{"".join(block.labels[1:])}"'
                yield title, NativeSettings((block.body,))
        for kind, bodies in labelled((file.content or {}).get("data")):
            for label, body in labelled(bodies):
                if kind == "amazon-ami":
                    yield f'{file.path}: data "amazon-ami" "{label}"', JsonSettings((body,))


def refuse_ownerless(template: Template, sources: c.Iterable[Source]) -> None:
    """Refuse a base that is found by its name, and that anybody could have published."""
    for title, settings in _data_sources(template):
        if _lacks_owner(settings):
            raise PackerError(f"{title} {_NO_OWNER}")
    for source in sources:
        found = source.settings.block("source_ami_filter") if source.from_ami else None
        if found and _lacks_owner(found):
            raise PackerError(f"{source.title}: source_ami_filter {_NO_OWNER}")
