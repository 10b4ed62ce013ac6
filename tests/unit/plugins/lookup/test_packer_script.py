# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook calls it: an image's name or a template's path, which the graph takes."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.golden.ami.plugins.lookup import image_graph, packer_script


def look(plugin: t.Any, term: str, **options: t.Any) -> list[t.Any]:
    """What the plugin loader does to a plugin, without its import hooks, which would stay for the tests after."""
    name = f"golden.ami.{plugin.__name__.rpartition('.')[2]}"
    documented = yaml.safe_load(plugin.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    made = plugin.LookupModule()
    made._load_name = name
    found: list[t.Any] = made.run([term], {}, **options)
    return found


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a template that no definition names."""
    (tmp_path / "packer-web.json").write_text(json.dumps({"builders": [{"type": "null"}]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_it_finds_is_what_the_graph_takes(here: Path) -> None:
    assert look(packer_script, "packer-wordpress") == ["wordpress-legacy"]
    (found,) = look(packer_script, "packer-web")
    assert found == str(here / "packer-web.json")
    (image,) = look(image_graph, found)
    assert (image["name"], image["parent"], image["requested"], image["children"]) == ("packer-web", None, True, [])


def test_given_directories_are_the_only_ones(here: Path) -> None:
    with pytest.raises(AnsibleLookupError, match="PACKER_SCRIPT=wordpress: there is no image and no template"):
        look(packer_script, "wordpress", directories=[str(here / "images")])
