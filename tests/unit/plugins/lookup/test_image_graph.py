# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook calls it: order, children, values and hooks, and what it says of mistakes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.golden.ami.plugins.lookup import image_graph

BASES = {
    "base": "{ssm_parameter: /aws/service/debian/release/12/latest/amd64}",
    "web": "{image: base}",
    "db": "{image: base, channel: prod}",
    "shop": "{image: web}",
}
TEXT = """\
---
base: {base}
provision:
  roles: [role]
  variables:
    {name}_release: "1"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with images that are made from each other."""
    (tmp_path / "roles" / "role" / "tasks").mkdir(parents=True)
    for name, base in BASES.items():
        define(tmp_path, name, base)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def define(here: Path, name: str, base: str) -> Path:
    path = here / "images" / name / "image.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(base=base, name=name))
    return path


def look(*terms: t.Any, **options: t.Any) -> list[dict[str, t.Any]]:
    """What the plugin loader does to a plugin, without its import hooks, which would stay for the tests after."""
    name = "golden.ami.image_graph"
    documented = yaml.safe_load(image_graph.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    plugin = image_graph.LookupModule()
    plugin._load_name = name
    return plugin.run(list(terms), {}, **options)


def names(*terms: t.Any, **options: t.Any) -> list[str]:
    return [one["name"] for one in look(*terms, **options)]


def refusal(*terms: t.Any, **options: t.Any) -> str:
    with pytest.raises(AnsibleLookupError) as caught:
        look(*terms, **options)
    return str(caught.value)


@pytest.mark.parametrize("terms", [("web,base",), ("web", "base"), (["web", "base"],), (" web , base ",)])
def test_names_come_in_any_form_and_leave_in_order(terms: tuple[t.Any, ...]) -> None:
    assert names(*terms) == ["base", "web"]


def test_children_are_known_and_added_when_asked_for() -> None:
    (base,) = look("base")
    assert base["children"] == [
        {"name": "db", "parent": "base", "channel": "prod", "search": None, "descendants": []},
        {"name": "web", "parent": "base", "channel": None, "search": None, "descendants": ["shop"]},
    ]
    assert base["requested"]
    family = look("base", children=True)
    assert [(one["name"], one["requested"]) for one in family] == [
        ("base", True),
        ("db", False),
        ("web", False),
        ("shop", False),
    ]
    assert [one["parent"] for one in family] == [None, "base", "base", "web"]


def test_a_base_by_owner_and_name_is_a_parent(here: Path) -> None:
    """vendor, hardened, base, application: however they are named, each comes behind what its search finds."""
    define(here, "hardened", "{owners: ['123456789012'], name: 'CIS-AMZN2-PCS-2023*'}")
    define(here, "platform", "{owners: [self], name: 'hardened-*'}")
    define(here, "app", "{owners: [self], name: 'platform-20*', architecture: x86_64}")
    assert names("app,platform,hardened") == ["hardened", "platform", "app"]
    family = look("hardened", children=True)
    assert [(one["name"], one["parent"]) for one in family] == [
        ("hardened", None),
        ("platform", "hardened"),
        ("app", "platform"),
    ]
    assert family[0]["children"] == [
        {
            "name": "platform",
            "parent": "hardened",
            "channel": None,
            "search": {"owners": ("self",), "name": "hardened-*", "architecture": None},
            "descendants": ["app"],
        }
    ]


def test_a_name_that_finds_more_than_one_image_is_told(here: Path) -> None:
    define(here, "web-extra", "{id: ami-12345678}")
    define(here, "cart", "{owners: [self], name: 'web-*'}")
    (cart,) = look("cart")
    assert cart["parent"] == "web"
    assert cart["notes"] == [
        "images/cart/image.yml:2: base.name: web-* finds what web and web-extra make, and the newest of all is the base."
        " Say base: {image: web}, or a name that finds only that"
    ]


def test_values_go_to_the_images_that_were_named() -> None:
    base, _db, web, _shop = look("base", children=True, values='{"base_release": "2"}')
    assert base["provision"]["variables"] == {"base_release": "2"}
    assert web["provision"]["variables"] == {"web_release": "1"}
    message = refusal("base", children=True, values={"web_release": "2"})
    assert message.startswith("golden_variables: web_release: base declares no such variable")
    assert "golden_variables: expected a JSON object" in refusal("base", values="a=1")
    assert "golden_variables: web_release: expected a text" in refusal("base,web", values={"web_release": 2})


def test_hooks_of_all_images(here: Path) -> None:
    (here / "hooks").mkdir()
    (here / "hooks" / "mark.yml").write_text("[]")
    base, web = look("base,web", hooks={"before": ["hooks/mark.yml"]})
    assert (
        base["hooks"]["before"]
        == web["hooks"]["before"]
        == [{"name": "hooks/mark.yml", "run": str(here / "hooks" / "mark.yml")}]
    )


def test_a_circle_an_unknown_parent_and_a_name_twice(here: Path) -> None:
    assert "image: web,web: web is named more than once" in refusal("web,web")
    define(here, "web", "{image: shop}")
    assert "images/shop/image.yml:2: base.image: an image cannot be made from itself: shop is made from web" in refusal(
        "web"
    )
    define(here, "web", "{image: bsae}")
    assert (
        "images/web/image.yml:2: base.image: there is no definition of an image 'bsae'; did you mean base?"
        in refusal("shop")
    )
    assert "there is no image 'nope'. Images that exist: " in refusal("web,nope")


def test_a_broken_definition_stops_only_its_own_build(here: Path) -> None:
    path = define(here, "web", "{image: base}")
    path.write_text(f"{path.read_text()}buidler: {{}}\n")
    define(here, "unrelated", "[").write_text("{")
    (base,) = look("base")
    mistake = "images/web/image.yml:7: buidler: unknown key; did you mean builder?"
    assert base["notes"] == [f"web is made from base, but its definition has a mistake: {mistake}"]
    assert look("db")[0]["notes"] == []
    assert mistake in refusal("web")
    assert mistake in refusal("base", children=True)
