# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are built behind what they are made from; what cannot be put in an order is told with its place."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._graph import (
    Node,
    Search,
    children_of,
    descendants,
    in_order,
)
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


def graph(**parents: str | None) -> dict[str, Node]:
    return {
        name: Node(name, parent, file=f"images/{name}/image.yml", line=3 if parent else 0)
        for name, parent in parents.items()
    }


FAMILY = graph(root=None, base="root", web="base", db="base", shop="web", other=None)


@pytest.mark.parametrize("names", list(itertools.permutations(["root", "base", "web", "shop"])))
def test_a_line_has_one_order_however_it_is_named(names: tuple[str, ...]) -> None:
    assert in_order(list(names), FAMILY) == ["root", "base", "web", "shop"]


def test_what_is_not_made_from_each_other_stays_as_it_was_named() -> None:
    assert in_order(["other", "web", "db", "base"], FAMILY) == ["other", "base", "web", "db"]


def test_an_ancestor_comes_first_even_when_nobody_named_what_is_in_between() -> None:
    assert in_order(["shop", "root"], FAMILY) == ["root", "shop"]


def test_children_and_their_children() -> None:
    assert [node.name for node in children_of("base", FAMILY)] == ["db", "web"]
    assert descendants(["base"], FAMILY) == ["db", "web", "shop"]
    assert descendants(["base", "web"], FAMILY) == ["db", "shop"]
    assert descendants(["other"], FAMILY) == []


@pytest.mark.parametrize("name", ["a", "b", "c", "below"])
def test_a_circle_is_told_in_full_whichever_image_was_named(name: str) -> None:
    nodes = graph(a="c", b="a", c="b", below="b")
    with pytest.raises(DefinitionError) as caught:
        in_order([name], nodes)
    assert str(caught.value) == (
        "images/a/image.yml:3: base.image: an image cannot be made from itself: a is made from c is made from b is made"
        " from a. Give one of them another base, such as an ssm_parameter"
    )


def test_an_image_of_itself() -> None:
    with pytest.raises(DefinitionError, match="web is made from web"):
        in_order(["web"], graph(web="web"))
    assert descendants(["web"], graph(web="web")) == []


def test_a_circle_is_told_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        in_order(["a", "b"], graph(a="b", b="a"))
    assert len(caught.value.problems) == 1


def test_a_parent_without_a_definition() -> None:
    with pytest.raises(DefinitionError) as caught:
        in_order(["web"], graph(web="bse", base=None))
    message = str(caught.value)
    assert message.startswith(
        "images/web/image.yml:3: base.image: there is no definition of an image 'bse'; did you mean base?"
    )
    assert message.endswith("say base: {ssm_parameter: /golden/bse/CHANNEL}")
    with pytest.raises(DefinitionError, match="images that exist: web, x"):
        in_order(["web"], graph(web="nothing-like-it", x=None))


def test_a_name_twice() -> None:
    with pytest.raises(DefinitionError) as caught:
        in_order(["base", "web", "base"], FAMILY)
    assert str(caught.value) == "image: base,web,base: base is named more than once; name it once"


def test_a_circle_through_a_search_is_told_where_the_search_is() -> None:
    nodes = graph(a="b", b="a")
    nodes["a"] = Node("a", "b", file="images/a/image.yml", line=4, search=Search(("self",), "b-*"))
    with pytest.raises(DefinitionError, match="^images/a/image.yml:4: base.name: an image cannot be made from itself"):
        in_order(["b"], nodes)
