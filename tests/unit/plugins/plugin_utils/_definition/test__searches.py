# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A base that is searched for among our own AMIs is the image whose builds make such names."""

from __future__ import annotations

import fnmatch
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import Node, Search
from ansible_collections.golden.ami.plugins.plugin_utils._definition._searches import (
    matches,
    read_search,
    with_parents,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("pattern", "image", "found"),
    [
        ("hardened-*", "hardened", True),
        ("hardened-2026*", "hardened", True),
        ("hardened-??????????????", "hardened", True),
        ("hardened-20261121104611", "hardened", True),
        ("h*d-*1", "hardened", True),
        ("*", "hardened", True),
        ("**hardened**", "hardened", True),
        ("hardened", "hardened", False),
        ("hardened-2026", "hardened", False),
        ("hardened-v*", "hardened", False),
        ("hardened-???", "hardened", False),
        ("Hardened-*", "hardened", False),
        ("hardened-*", "hardened-docker", True),
        ("hardened-*", "unhardened", False),
        (r"hardened\-*", "hardened", True),
        (r"hardened-\*", "hardened", False),
        ("hardened-[0-9]*", "hardened", False),
    ],
)
def test_what_a_name_filter_finds(pattern: str, image: str, found: bool) -> None:
    assert matches(pattern, image) is found


@given(st.text("ab-12*?", min_size=1, max_size=12), st.text("ab-", min_size=1, max_size=4))
def test_a_name_that_is_found_is_found_by_its_image(pattern: str, image: str) -> None:
    """Whatever finds an AMI of the image finds the image."""
    for version in ("20261121104611", "11111111111111", "12121212121212"):
        if fnmatch.fnmatchcase(f"{image}-{version}", pattern):
            assert matches(pattern, image)


@pytest.mark.parametrize(
    ("base", "search"),
    [
        ({"owners": ["self"], "name": "x-*"}, Search(("self",), "x-*")),
        (
            {"owners": ["amazon", "self"], "name": "x", "architecture": "arm64"},
            Search(("amazon", "self"), "x", "arm64"),
        ),
        ({"owners": ["amazon"], "name": "x"}, None),
        ({"owners": "self", "name": "x"}, None),
        ({"owners": ["self"], "name": 1}, None),
        ({"image": "self"}, None),
        ("self", None),
        (None, None),
    ],
)
def test_what_is_a_search_of_our_own(base: t.Any, search: Search | None) -> None:
    assert read_search(base) == search


def nodes(**patterns: str | None) -> dict[str, Node]:
    return {
        name: Node(
            name, file=f"images/{name}/image.yml", line=2, search=Search(("self",), pattern) if pattern else None
        )
        for name, pattern in patterns.items()
    }


def test_the_shortest_name_is_the_parent_and_more_are_told() -> None:
    found = with_parents(nodes(base=None, basement=None, web="base*"), lambda _name: True)
    assert found["web"].parent == "base"
    assert str(found["web"].note).startswith(
        "images/web/image.yml:2: base.name: base* finds what base and basement make,"
    )
    assert with_parents(nodes(base=None, basement=None, web="base-*"), lambda _name: True)["web"].note is None
    assert (
        with_parents(nodes(base=None, basement=None, web="base*"), lambda name: name != "base")["web"].parent
        == "basement"
    )


def test_an_image_that_finds_itself_is_told() -> None:
    alone = with_parents(nodes(web="web-*"), lambda _name: True)["web"]
    assert alone.parent is None
    assert str(alone.note) == (
        "images/web/image.yml:2: base.name: web-* finds what web itself makes, and the newest of all is the base."
        " Say base: {image: NAME} of its parent, or a name that finds only that"
    )
    both = with_parents(nodes(we=None, web="we*"), lambda _name: True)["web"]
    assert both.parent == "we"
    assert "we and web itself make" in str(both.note)
