# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What PACKER_SCRIPT finds, in which order, and what is said where it is nothing or several things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import COLLECTION
from ansible_collections.golden.ami.plugins.plugin_utils._definition._script import find_script
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

LEGACY = json.dumps({"builders": [{"type": "null"}]})
HCL = 'source "null" "it" {}\n'


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HCL if name.endswith(".hcl") else LEGACY)


def define(root: Path, name: str, template: str) -> None:
    path = root / "images" / name / "image.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntemplate: {template}\n")


def find(root: Path, script: str) -> str:
    """What was found, a template as its path below the root."""
    found = find_script(script, root, [root / "images", root / "theirs"]).image
    return str(Path(found).relative_to(root)) if found.startswith("/") else found


def refused(root: Path, script: str) -> str:
    with pytest.raises(DefinitionError) as error:
        find(root, script)
    return str(error.value)


@pytest.mark.parametrize(
    "script", ["packer-web", "packer-web.json", "./packer-web.json", "./packer-web", "{root}/packer-web.json"]
)
def test_a_template_in_the_root(tmp_path: Path, script: str) -> None:
    write(tmp_path, "packer-web.json")
    (tmp_path / "packer-vars.json").write_text('{"region": "eu-west-1"}')
    assert find(tmp_path, script.format(root=tmp_path)) == "packer-web.json"
    assert "packer-vars" not in refused(tmp_path, "packer-vars").partition("Candidates")[2]


@pytest.mark.parametrize(
    "script",
    ["legacy", "packer-web", "packer-web.json", "images/legacy", "images/legacy/", "images/legacy/packer-web"],
)
def test_a_definitions_template_means_its_image(tmp_path: Path, script: str) -> None:
    write(tmp_path, "images/legacy/packer-web.json")
    define(tmp_path, "legacy", "packer-web.json")
    assert find(tmp_path, script) == "legacy"


@pytest.mark.parametrize("script", ["web", "main", "main.pkr.hcl", "images/web/main", "images/web"])
def test_a_directory_of_hcl_means_its_image(tmp_path: Path, script: str) -> None:
    write(tmp_path, "images/web/main.pkr.hcl")
    define(tmp_path, "web", ".")
    assert find(tmp_path, script) == "web"


def test_directories_without_a_definition(tmp_path: Path) -> None:
    write(tmp_path, "proxy/proxy.pkr.hcl", "proxy/variables.pkr.hcl", "images/old/packer-old.json", "packer/db.pkr.hcl")
    assert find(tmp_path, "proxy") == "proxy"
    assert find(tmp_path, "packer/db") == "packer/db.pkr.hcl"
    assert {find(tmp_path, script) for script in ("old", "packer-old", "images/old")} == {"images/old/packer-old.json"}


def test_a_template_beside_that_of_a_definition_is_one_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "images/web/packer-web.json", "images/web/packer-other.json")
    define(tmp_path, "web", "packer-web.json")
    assert find(tmp_path, "packer-other") == "images/web/packer-other.json"


def test_the_root_comes_first_and_the_users_images_before_the_collections(tmp_path: Path) -> None:
    write(tmp_path, "theirs/web/web.json")
    assert find(tmp_path, "web") == "theirs/web/web.json"
    write(tmp_path, "images/web/web.json")
    assert find(tmp_path, "web") == "images/web/web.json"
    write(tmp_path, "web.json")
    assert find(tmp_path, "web") == "web.json"


def test_two_of_a_name_are_refused_with_their_paths(tmp_path: Path) -> None:
    write(tmp_path, "images/a/packer-web.json", "images/b/packer-web.json")
    told = refused(tmp_path, "packer-web")
    assert told.startswith("PACKER_SCRIPT=packer-web: that is 2 things; say the path of the one that you mean.")
    for place in "ab":
        assert str(tmp_path / "images" / place / "packer-web.json") in told
    assert find(tmp_path, "images/b/packer-web") == "images/b/packer-web.json"
    write(tmp_path, "packer-db.json", "packer-db.pkr.hcl")
    assert "that is 2 things" in refused(tmp_path, "packer-db")
    assert find(tmp_path, "packer-db.json") == "packer-db.json"


def test_none_is_refused_with_the_closest_first(tmp_path: Path) -> None:
    write(tmp_path, "packer-apache.json", "packer-wordpress.json")
    told = refused(tmp_path, "packer-wordpres")
    assert "there is no image and no template of this name" in told
    assert told.index("packer-wordpress") < told.index("packer-apache")
    assert "say which image to build" in refused(tmp_path, "")
    assert refused(tmp_path / "images", "x").endswith("There are no candidates")


def test_a_broken_template_is_found_so_that_packer_can_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "packer-web.json").write_text('{"builders": [')
    assert find(tmp_path, "packer-web") == "packer-web.json"


def test_those_of_the_collection(tmp_path: Path) -> None:
    directories = [tmp_path / "images", COLLECTION.resolve() / "playbooks" / "images"]
    found = {
        script: find_script(script, tmp_path, directories).image
        for script in ("wordpress", "apache", "packer-wordpress")
    }
    assert found == {"wordpress": "wordpress", "apache": "apache", "packer-wordpress": "wordpress-legacy"}
