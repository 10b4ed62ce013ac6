# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The report as one HTML page: style and drawing are inside it, and it may load nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

from . import wording
from .ages import read
from .drawing import drawing
from .elements import Markup, anchor, element, joined
from .style import STYLE

# Whatever should get into the page against all escaping, the browser loads and runs nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

Result = dict[str, t.Any]


def page(report: Result) -> str:
    names = wording.source_names(report)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Without one, browsers ask for it.
        element("link", rel="icon", href="data:,"),
        element("title", wording.title(report)),
        element("style", Markup(STYLE)),
    )
    body = element(
        "main",
        element("h1", wording.title(report)),
        element("p", "As of ", _time(report["generated"]), class_="soft"),
        _contents(report),
        _not_read(report),
        _overview(report),
        _lineage(report),
        *(_image(image, names) for image in report["images"]),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', body), lang='en')}\n"


def _time(text: str) -> Markup:
    return element("time", read(text), datetime=text)


def _aged(one: Result, key: str) -> Markup:
    """The age in words, the moment below it."""
    return joined(one["age"], element("small", _time(one[key])))


def _word(text: str, tone: str = "") -> Markup:
    return element("span", text, class_=f"word {tone}".strip())


def _link(text: object, *parts: str) -> Markup:
    return element("a", text, href=f"#{anchor(*parts)}")


def _table(identity: str, head: c.Sequence[str], rows: c.Iterable[Markup]) -> Markup:
    header = element("thead", element("tr", *(element("th", text, scope="col") for text in head)))
    return element("div", element("table", header, element("tbody", *rows), id=identity), class_="card")


def _row(*cells: object, identity: str | None = None) -> Markup:
    return element("tr", *(element("td", cell if cell is not None else "") for cell in cells), id=identity)


def _contents(report: Result) -> Markup:
    links = [_link(image["name"], "image", image["name"]) for image in report["images"]]
    return element("nav", element("a", "Overview", href="#overview"), element("a", "Lineage", href="#lineage"), *links)


def _not_read(report: Result) -> Markup | None:
    lines = [wording.not_read(line) for line in report["not_read"]]
    if not lines:
        return None
    said = "What these would have told is not known, and missing below."
    return element(
        "section",
        element("h2", "Not read"),
        element("p", said),
        element("ul", *(element("li", line) for line in lines)),
        class_="warning",
        id="not-read",
    )


def _overview(report: Result) -> Markup:
    head = ("image", "newest version", "age", "tests", "channels", "AMIs in use", "pruning would take")
    return element(
        "section",
        element("h2", "Overview"),
        _table("overview-table", head, (_overview_row(image) for image in report["images"])),
        id="overview",
    )


def _overview_row(image: Result) -> Markup:
    name = _link(image["name"], "image", image["name"])
    if not image["versions"]:
        return _row(name, "none", "", "", "", "", wording.pruning(image))
    newest = image["versions"][0]
    return _row(
        name,
        _link(newest["version"], "version", image["name"], newest["version"]),
        _aged(newest, "created"),
        _tests(newest),
        joined(*(_word(one, "gold") for one in sorted({one["channel"] for one in image["channels"]}))),
        wording.in_use(image),
        _link(wording.pruning(image), "pruning", image["name"]),
    )


def _tests(version: Result, whole: bool = False) -> Markup:
    verdict = wording.tests(version)
    tone = {"passed": "good", "failed": "bad"}.get(verdict, "")
    told = version["tests"]["told"].partition(" ")[2] if version["tests"] and whole else ""
    revoked = version["revoked"]
    return joined(
        _word(verdict, tone),
        _word("revoked", "bad") if revoked is not None else None,
        element("small", told) if told else None,
        element("small", revoked) if whole and revoked else None,
    )


def _lineage(report: Result) -> Markup:
    drawn = drawing(report["lineage"]) or element("p", "There is no version.")
    return element("section", element("h2", "Lineage"), element("div", drawn, class_="card drawing"), id="lineage")


def _image(image: Result, names: dict[str, str]) -> Markup:
    return element(
        "section",
        element("h2", image["name"]),
        element("p", image["description"], class_="soft") if image["description"] else None,
        element("p", image["behind"], class_="note") if image["behind"] else None,
        element("h3", "Versions"),
        _versions(image, names),
        element("h3", "Channels by account and Region"),
        _channels(image),
        element("h3", "Who runs what"),
        _amis(image),
        element("h3", "What changed between versions"),
        _changes(image),
        element("h3", "What pruning would take"),
        _pruning(image),
        class_="image",
        id=anchor("image", image["name"]),
    )


def _versions(image: Result, names: dict[str, str]) -> Markup:
    if not image["versions"]:
        return element("p", "There is none in the places that could be read.")
    rows = (
        _row(
            element("code", one["version"]),
            _aged(one, "created"),
            _tests(one, whole=True),
            joined(*(_word(name, "gold") for name in one["channels"])),
            wording.sources(one, names),
            len(one["amis"]),
            identity=anchor("version", image["name"], one["version"]),
        )
        for one in image["versions"]
    )
    return _table(anchor("versions", image["name"]), ("version", "age", "tests", "channels", "made from", "AMIs"), rows)


def _channels(image: Result) -> Markup:
    """A row for each account and Region, a column for each channel."""
    named = sorted({one["channel"] for one in image["channels"]})
    unread = wording.unread_places(image)
    if not named and not unread:
        return element("p", "None names anything.")
    cells = {(wording.place(one), one["channel"]): one for one in image["channels"]}
    rows = (
        _row(
            element("code", where),
            *(_channel(cells.get((where, name)), image, where in unread) for name in named or [""]),
        )
        for where in sorted({wording.place(one) for one in (*image["places"], *image["channels"])})
    )
    return _table(anchor("channels", image["name"]), ("account/Region", *(named or ["channels"])), rows)


def _channel(one: Result | None, image: Result, unread: bool) -> Markup:
    if one is None:
        return _word("not read", "bad") if unread else element("span", "names nothing", class_="soft")
    moved = " ".join(text for text in (one["how"], f"by {one['by']}" if one["by"] else None) if text)
    version = wording.channel(one)
    there = any(version == known["version"] for known in image["versions"])
    return joined(
        _link(version, "version", image["name"], version) if there else element("code", version),
        element("small", f"{one['image_id']}, for {one['age']}, since ", _time(one["since"])),
        element("small", moved) if moved else None,
    )


def _amis(image: Result) -> Markup:
    rows = [
        _row(
            element("code", version["version"]),
            element("code", wording.place(ami)),
            joined(element("code", ami["image_id"]), element("small", ami["name"])),
            _state(ami),
            wording.permissions(ami),
            wording.users(ami),
            identity=anchor("ami", ami["region"], ami["image_id"]),
        )
        for version in image["versions"]
        for ami in version["amis"]
    ]
    head = ("version", "account/Region", "AMI", "state", "may use it", "uses it")
    return _table(anchor("amis", image["name"]), head, rows) if rows else element("p", "There is no AMI.")


def _state(ami: Result) -> Markup:
    tone = "good" if ami["state"] == "available" else "gold" if ami["state"] == "deprecated" else "bad"
    return joined(
        _word(ami["state"], tone),
        _word("encrypted") if ami["encrypted"] else None,
        _word("protected") if ami["protected"] else None,
    )


def _changes(image: Result) -> Markup:
    identity = anchor("changes", image["name"])
    if not image["changes"]:
        return element("p", "There are no two versions.", id=identity)
    return element("div", *(_change(entry) for entry in image["changes"]), id=identity)


def _change(entry: Result) -> Markup:
    said = element(
        "p",
        element("code", f"{entry['from']} → {entry['to']}"),
        element("small", wording.change(entry)),
        class_="step",
    )
    rows = [
        _row(
            _word(one["action"], _TONES.get(one["action"], "")),
            one["part"],
            element("code", one["name"]),
            one["before"],
            one["after"],
        )
        for one in entry["changes"]
    ]
    rows += [_row(_word("not known"), one["part"], one["version"], "", one["reason"]) for one in entry["unknown"]]
    if not rows:
        return said
    return joined(
        said, _table(anchor("change", entry["from"], entry["to"]), ("", "part", "name", "before", "after"), rows)
    )


_TONES = {"added": "good", "removed": "bad", "changed": "gold", "deprecate": "gold", "disable": "gold", "delete": "bad"}


def _pruning(image: Result) -> Markup:
    told, identity = image["pruning"], anchor("pruning", image["name"])
    if told is None:
        return element("p", "Not known: see what was not read.", id=identity)
    if not told["taken"]:
        return element("p", "Nothing.", id=identity)
    rows = (
        _row(
            element("code", one["version"]),
            element("code", wording.place(one)),
            element("code", one["image_id"]),
            _word(one["action"], _TONES.get(one["action"], "")),
            one["reason"],
        )
        for one in told["taken"]
    )
    return _table(identity, ("version", "account/Region", "AMI", "action", "why"), rows)
