# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook calls it: where it looks, in which order, and what it says when nothing is there."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.golden.ami.plugins.lookup import image
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import COLLECTION, find_role

DEFINITION = """\
---
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
description: {description}
provision:
  roles: [web]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a role."""
    (tmp_path / "roles" / "web" / "tasks").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def define(images: Path, name: str, description: str = "an image") -> Path:
    path = images / name / "image.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DEFINITION.format(description=description))
    return path


def look(*names: str, **options: t.Any) -> list[dict[str, t.Any]]:
    """What the plugin loader does to a plugin, without its import hooks, which would stay for the tests after."""
    name = "golden.ami.image"
    documented = yaml.safe_load(image.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    plugin = image.LookupModule()
    plugin._load_name = name
    return plugin.run(list(names), {}, **options)


def test_one_definition_for_each_name(here: Path) -> None:
    for name in ("one", "two"):
        define(here / "images", name)
    assert [(one["name"], one["file"]) for one in look("two", "one")] == [
        (name, str(here / "images" / name / "image.yml")) for name in ("two", "one")
    ]


def test_own_images_come_before_those_of_the_collection(here: Path) -> None:
    assert look("wordpress")[0]["file"] == str(COLLECTION / "playbooks" / "images" / "wordpress" / "image.yml")
    own = define(here / "images", "wordpress")
    assert look("wordpress")[0]["file"] == str(own)


def test_directories_are_searched_in_their_order(here: Path) -> None:
    first, second = here / "first", here / "second"
    define(second, "web", "of the second")
    both = [str(first), str(second)]
    assert look("web", directories=both)[0]["description"] == "of the second"
    define(first, "web", "of the first")
    assert look("web", directories=both)[0]["description"] == "of the first"
    assert look("web", directories=both[::-1])[0]["description"] == "of the second"


def test_given_directories_are_the_only_ones(here: Path) -> None:
    define(here / "images", "web")
    with pytest.raises(AnsibleLookupError, match="there is no image 'web'"):
        look("web", directories=[str(here / "other")])


def test_roles_path(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_ROLES_PATH", ["/etc/ansible/roles"])
    images = here / "mine"
    define(images, "web")
    (definition,) = look("web", directories=[str(images)])
    assert definition["roles_path"] == [str(images / "web" / "roles"), str(here / "roles"), "/etc/ansible/roles"]
    assert definition["content"]["role web"] == [str(here / "roles" / "web")]
    beside = images / "web" / "roles" / "web"
    (beside / "tasks").mkdir(parents=True)
    assert look("web", directories=[str(images)])[0]["content"]["role web"] == [str(beside)]


def test_an_image_that_is_not_there_names_those_that_are(here: Path) -> None:
    define(here / "images", "web")
    with pytest.raises(AnsibleLookupError) as caught:
        look("wbe")
    message = str(caught.value)
    assert "there is no image 'wbe'. Images that exist: " in message
    assert "web" in message
    assert "wordpress" in message
    assert f"a new one is a file {here}/images/wbe/image.yml" in message


@pytest.mark.parametrize("name", ["Web", "-web", ""])
def test_a_name_that_none_can_have(name: str) -> None:
    with pytest.raises(AnsibleLookupError, match="is no image's name: lower-case letters"):
        look(name)


def test_a_path_is_that_of_a_template(here: Path) -> None:
    define(here / "images", "web")
    with pytest.raises(AnsibleLookupError, match="there is no such template"):
        look("../etc")
    with pytest.raises(AnsibleLookupError, match="this is no Packer template"):
        look("images/web")


def test_mistakes_come_all_at_once_with_their_place(here: Path) -> None:
    path = define(here / "images", "web")
    path.write_text(f"{path.read_text()}timeout: soon\nbuidler: {{}}\n")
    with pytest.raises(AnsibleLookupError) as caught:
        look("web")
    timeout, builder = str(caught.value).splitlines()
    assert timeout.startswith("images/web/image.yml:7: timeout: 'soon' ")
    assert builder == "images/web/image.yml:8: buidler: unknown key; did you mean builder?"


def test_without_jsonschema(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    define(here / "images", "web")
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(AnsibleLookupError, match="import the required Python library \\(jsonschema\\) on"):
        look("web")


def test_roles_by_name(here: Path) -> None:
    assert find_role("golden.ami.common", []) == COLLECTION / "roles" / "common"
    assert find_role("golden.ami.nothing", []) is None
    assert find_role("no.such.role", []) is None
    assert find_role("web", [here / "nowhere", here / "roles"]) == here / "roles" / "web"
    assert find_role("missing", [here / "roles"]) is None
