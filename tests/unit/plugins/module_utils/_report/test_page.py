# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: well-formed, whole, with ids of their own, and others' text as text."""

from __future__ import annotations

import collections
import html.parser
import re

import pytest
from ansible_collections.golden.ami.plugins.module_utils._report.page import page
from harness.planted_report import HOSTILE, hostile, report

EMPTY = {"br", "link", "meta", "path", "rect"}


class Reader(html.parser.HTMLParser):
    """What a page has, if its elements are nested right."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: collections.Counter[str] = collections.Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


@pytest.mark.parametrize("given", [report, hostile])
def test_each_link_leads_to_one_place(given: object) -> None:
    read = Reader(page(given()))  # type: ignore[operator]
    ids = read.all("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in read.all("href") if link != "data:,"} <= set(ids)


def test_it_loads_nothing() -> None:
    text = page(report())
    read = Reader(text)
    assert read.tags["script"] == 0
    assert not {"src", "srcset", "style", "onload", "onclick"} & {name for name, _value in read.attributes}
    assert all(link.startswith(("#", "data:")) for link in read.all("href"))
    assert not re.search(r"url\(|@import|https?:", text)


def test_names_and_tags_become_no_markup() -> None:
    calm, harmed = Reader(page(report())), Reader(page(hostile()))
    assert set(harmed.tags) == set(calm.tags)
    assert HOSTILE in harmed.text
    assert "<script" not in page(hostile())


def test_ages_have_the_moment_beside_them_and_what_is_not_read_its_reason() -> None:
    read = Reader(page(report()))
    assert "1 hour2026-11-22 15:04 UTC" in read.text
    assert "2026-11-22T15:04:48Z" in read.all("datetime")
    assert "not-read" in read.all("id")
    assert "AccessDenied: not authorized" in read.text
    assert "not read: auto-scaling-groups" in read.text
    assert "not-read" not in Reader(page({**report(), "not_read": []})).all("id")


def test_an_image_without_anything_is_told_as_such() -> None:
    empty = {**report()["images"][0], "versions": [], "channels": [], "changes": [], "pruning": None}
    text = Reader(page({**report(), "images": [empty], "lineage": {"nodes": [], "edges": []}})).text
    assert "There is none in the places that could be read." in text
    assert "Not known: see what was not read." in text


def test_a_place_whose_channels_are_not_known_is_no_place_where_they_name_nothing() -> None:
    told = report()
    base, web, wordpress = told["images"]
    base["places"][1]["channels_read"] = False
    base["channels"] = base["channels"][:1]
    wordpress["channels"] = []
    wordpress["places"][0]["channels_read"] = False
    web["channels"] = web["channels"][:1]
    text = Reader(page(told)).text
    assert "222222222222/us-east-1not read" in text
    assert "111111111111/eu-west-1not read" in text
    assert "222222222222/us-east-1names nothing" in text
