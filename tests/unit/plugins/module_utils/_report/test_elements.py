# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not markup is escaped, wherever it stands; ids are of characters that need no quoting."""

from __future__ import annotations

import html.parser
import re

from ansible_collections.golden.ami.plugins.module_utils._report.elements import (
    Markup,
    anchor,
    element,
    escaped,
    joined,
)
from hypothesis import given
from hypothesis import strategies as st


def test_children_and_attributes_are_escaped() -> None:
    assert element("p", "<b>&", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;</p>'


def test_markup_is_not_escaped_twice() -> None:
    assert element("p", element("b", "a & b"), None, 3, class_="x", id=None) == '<p class="x"><b>a &amp; b</b>3</p>'
    assert joined("a", Markup("<br/>"), None, "<") == "a<br/>&lt;"
    assert element("meta", http_equiv="x") == '<meta http-equiv="x"/>'


def test_characters_that_cannot_be_seen_are_shown() -> None:
    assert escaped("a\x00\u202eb") == "a\ufffd\ufffdb"


class _Texts(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "".join(value or "" for _name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_no_text_becomes_an_element(text: str) -> None:
    parser = _Texts()
    parser.feed(element("p", text, title=text))
    parser.close()
    assert parser.tags == ["p"]
    shown = "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
    assert parser.text == shown * 2


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_an_anchor_is_of_one_thing_only(one: list[str], other: list[str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]*", anchor(*one))
    assert (anchor(*one) == anchor(*other)) == (one == other)
