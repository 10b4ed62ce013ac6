# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A difference in words: one line, a table, and Markdown. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import re

from .._ami import table
from . import comparison, contents
from .comparison import Change, Difference, Measure

# How many names the short line tells of one kind.
_NAMED = 3
_ONE = {
    contents.PACKAGES: "package",
    contents.SERVICES: "service",
    contents.PORTS: "port",
    contents.USERS: "user",
}
_TITLES = {
    contents.PACKAGES: "Packages",
    contents.SERVICES: "Services",
    contents.PORTS: "Listening ports",
    contents.USERS: "Users",
    contents.OS: "System",
    contents.KERNEL: "Kernel",
}
_MEASURES = {contents.BOOT: "boot", contents.DISK: "disk used"}


def summary(named: str, difference: Difference) -> str:
    """One line, such as: web 1.0 → 1.1: 1 package added (htop), 12 changed; 1 service removed (nginx.service); boot 7.0 → 7.4 s."""
    told = [text for part in comparison.PARTS if (text := _counted(part, difference.of(part)))]
    if not told:
        told = ["no difference" if not difference.unknown else "no difference in what is known"]
    missing = [part for part in comparison.PARTS if any(one.part == part for one in difference.unknown)]
    if missing:
        told.append(f"not compared: {', '.join(missing)}")
    known = [one for one in difference.measures if one.before is not None and one.after is not None]
    told += [f"{_MEASURES[one.name]} {' → '.join(_figures(one))}" for one in known]
    return _one_line(f"{named}: {'; '.join(told)}")


def _counted(part: str, changes: c.Sequence[Change]) -> str:
    if part not in _ONE:
        return ", ".join(f"{one.name} {one.before or 'not told'} → {one.after or 'not told'}" for one in changes)
    texts: list[str] = []
    for action in (comparison.ADDED, comparison.REMOVED, comparison.CHANGED):
        names = [one.name for one in changes if one.action == action]
        if names:
            word = "" if texts else f" {_ONE[part]}{'s' if len(names) > 1 else ''}"
            listed = f" ({', '.join(names)})" if len(names) <= _NAMED else ""
            texts.append(f"{len(names)}{word} {action}{listed}")
    return ", ".join(texts)


def _figures(measure: Measure) -> tuple[str, str]:
    before, after = (_figure(measure.name, value) for value in (measure.before, measure.after))
    return before, after


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.1f} s" if name == contents.BOOT else f"{value / 1e9:.2f} GB"


def lines(difference: Difference) -> list[str]:
    """One for each change, and for what could not be compared."""
    rows = [(one.action, one.part, one.name, _arrow(one)) for one in difference.changes]
    rows += [("unknown", one.part, one.version, one.reason) for one in difference.unknown]
    return [_one_line(line) for line in table.lines(rows)] if rows else []


def _arrow(change: Change) -> str:
    if change.action == comparison.CHANGED:
        return f"{change.before} → {change.after}"
    return str(change.after if change.before is None else change.before)


def markdown(image: str, versions: tuple[str, str], difference: Difference) -> str:
    """A heading, the short line, and a table for each part in which something differs."""
    before, after = versions
    text = summary("", difference).removeprefix(": ")
    sections = [f"## {_cell(image)}: {_cell(before)} → {_cell(after)}", _plain(text[0].upper() + text[1:]) + "."]
    for part in comparison.PARTS:
        changes = difference.of(part)
        if changes:
            rows = [(one.action, _cell(one.name), _cell(one.before), _cell(one.after)) for one in changes]
            sections += [f"### {_TITLES[part]}", _table(("", "name", _cell(before), _cell(after)), rows)]
    figures = [(_MEASURES[one.name], *_figures(one)) for one in difference.measures]
    sections += ["### Measured", _table(("", _cell(before), _cell(after)), figures)]
    if difference.unknown:
        missing = [(one.part, _cell(one.version), _cell(one.reason)) for one in difference.unknown]
        sections += ["### Not compared", _table(("", "version", "why"), missing)]
    return "\n\n".join(sections) + "\n"


def _table(head: c.Sequence[str], rows: c.Iterable[c.Sequence[str]]) -> str:
    ruled = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def _cell(text: str | None) -> str:
    """As code, so that nothing in it is Markdown or HTML: it comes from an instance."""
    bare = _one_line(text or "").replace("`", "'").replace("|", "\\|")
    return f"`{bare}`" if bare else ""


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text).strip()
