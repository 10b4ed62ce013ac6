# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is inside a version and was not inside the one before it, as far as it is kept of both."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .._inside import telling
from .._inside.comparison import compare
from .facts import Facts

Result = dict[str, t.Any]


def changes_of(facts: Facts, versions: c.Sequence[str], steps: int) -> list[Result]:
    """An entry for each of the newest versions, which are given newest first; with several builders one for each.

    Each is compared with the nearest older one of which something is kept.
    """
    newest = range(min(steps, len(versions) - 1))
    return [entry for number in newest for entry in _entries(facts, versions[number], versions[number + 1 :])]


def _entries(facts: Facts, after: str, older: c.Sequence[str]) -> list[Result]:
    builders = sorted({_builder(name) for name in facts.contents if name.partition("/")[0] == after})
    return [_entry(facts, after, older, one) for one in builders or [""]]


def _builder(name: str) -> str:
    """Of VERSION/BUILDER the end from the slash on."""
    _version, slash, builder = name.partition("/")
    return f"{slash}{builder}"


def _entry(facts: Facts, version: str, older: c.Sequence[str], builder: str) -> Result:
    after, candidates = f"{version}{builder}", [f"{one}{builder}" for one in older]
    before = next((one for one in candidates if one in facts.contents), candidates[0])
    missing = [one for one in (before, after) if one not in facts.contents]
    entry: Result = {"from": before, "to": after, "summary": None, "changes": [], "unknown": [], "missing": missing}
    if missing:
        return entry
    difference = compare(facts.contents[before].contents, facts.contents[after].contents, (before, after))
    named = f"{facts.wanted.name} {before} → {after}"
    return {
        **entry,
        "summary": telling.summary(named, difference).removeprefix(f"{named}: "),
        "changes": [one.line() for one in difference.changes],
        "unknown": [one.line() for one in difference.unknown],
    }
