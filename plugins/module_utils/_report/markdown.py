# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The report as Markdown. Names, tags and reasons are others' text, and escaped."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from . import wording
from .ages import read

Result = dict[str, t.Any]
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def plain(text: object) -> str:
    """On one line, with nothing in it that is Markdown or HTML, nor the end of a cell."""
    bare = "".join(one if one.isprintable() else " " for one in str(text)).strip()
    return _SIGNS.sub(r"\\\1", bare)


def table(head: c.Sequence[str], rows: c.Iterable[c.Sequence[object]]) -> str:
    ruled = [head, ["---"] * len(head), *([plain(cell) if cell is not None else "" for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def page(report: Result) -> str:
    names = wording.source_names(report)
    sections = [f"# {plain(wording.title(report))}", f"As of {wording.when(report)}."]
    if report["not_read"]:
        sections += ["## Not read", _bullets(wording.not_read(line) for line in report["not_read"])]
    sections += ["## Overview", _overview(report), "## Lineage", _lineage(report)]
    for image in report["images"]:
        sections += _image(image, names)
    return "\n\n".join(sections) + "\n"


def _bullets(lines: c.Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _overview(report: Result) -> str:
    head = ("image", "newest version", "age", "tests", "AMIs in use", "pruning would take")
    return table(head, (_overview_row(image) for image in report["images"]))


def _overview_row(image: Result) -> tuple[object, ...]:
    if not image["versions"]:
        return (image["name"], "none", "", "", "", wording.pruning(image))
    newest = image["versions"][0]
    return (
        image["name"],
        newest["version"],
        f"{newest['age']} ({read(newest['created'])})",
        wording.tests(newest),
        wording.in_use(image),
        wording.pruning(image),
    )


def _lineage(report: Result) -> str:
    names = {one["id"]: f"{one['image']} {one['name']}".strip() for one in report["lineage"]["nodes"]}
    edges = report["lineage"]["edges"]
    lines = (f"{names[edge['from']]} → {names[edge['to']]}" for edge in edges)
    return _bullets(lines) if edges else "No version tells what it was made from."


def _image(image: Result, names: dict[str, str]) -> list[str]:
    sections = [f"## {plain(image['name'])}"]
    sections += [plain(text) for text in (image["description"], image["behind"]) if text]
    head = ("version", "age", "made", "tests", "channels", "made from")
    rows = (
        (
            one["version"] + (f" (revoked: {one['revoked']})" if one["revoked"] is not None else ""),
            one["age"],
            read(one["created"]),
            one["tests"]["told"] if one["tests"] else "not tested",
            ", ".join(one["channels"]),
            wording.sources(one, names),
        )
        for one in image["versions"]
    )
    sections += ["### Versions", table(head, rows) if image["versions"] else "There is none."]
    sections += ["### Channels", _channels(image)]
    sections += ["### Who runs what", _amis(image)]
    sections += ["### What changed", *_changes(image)]
    sections += ["### What pruning would take", _pruning(image)]
    return sections


def _channels(image: Result) -> str:
    head = ("account/Region", "channel", "version", "AMI", "since", "how", "by")
    rows: list[tuple[object, ...]] = [
        (
            wording.place(one),
            one["channel"],
            one["version"],
            one["image_id"],
            f"{one['age']} ({read(one['since'])})",
            one["how"],
            one["by"],
        )
        for one in image["channels"]
    ]
    rows += [(where, "not read", None, None, None, None, None) for where in wording.unread_places(image)]
    return table(head, rows) if rows else "None names anything."


def _amis(image: Result) -> str:
    head = ("version", "account/Region", "AMI", "state", "may use it", "uses it")
    rows = [
        (
            version["version"],
            wording.place(ami),
            ami["image_id"],
            ami["state"],
            wording.permissions(ami),
            wording.users(ami),
        )
        for version in image["versions"]
        for ami in version["amis"]
    ]
    return table(head, rows) if rows else "There is no AMI."


def _changes(image: Result) -> list[str]:
    if not image["changes"]:
        return ["There are no two versions."]
    sections: list[str] = []
    for entry in image["changes"]:
        sections.append(f"**{plain(entry['from'])} → {plain(entry['to'])}**: {plain(wording.change(entry))}.")
        rows = [(one["action"], one["part"], one["name"], one["before"], one["after"]) for one in entry["changes"]]
        rows += [("not known", one["part"], one["version"], None, one["reason"]) for one in entry["unknown"]]
        if rows:
            sections.append(table(("", "part", "name", "before", "after"), rows))
    return sections


def _pruning(image: Result) -> str:
    told = image["pruning"]
    if told is None:
        return "Not known: see what was not read."
    head = ("version", "account/Region", "AMI", "action", "why")
    rows = (
        (one["version"], wording.place(one), one["image_id"], one["action"], one["reason"]) for one in told["taken"]
    )
    return table(head, rows) if told["taken"] else "Nothing."
