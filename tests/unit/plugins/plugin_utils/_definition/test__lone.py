# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template without a definition: how it is asked for, what its image is called, what counts for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _lone
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import Reader
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

LEGACY = json.dumps({"builders": [{"type": "null"}]})


@pytest.mark.parametrize(
    ("term", "path"),
    [("web", False), ("web.v2", False), ("./web", True), ("web.json", True), ("web.pkr.hcl", True), ("a/b", True)],
)
def test_what_is_a_path(term: str, path: bool) -> None:
    assert _lone.is_path(term) is path


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("packer-web.json", "packer-web"),
        ("Web_Server.pkr.hcl", "web-server"),
        ("web.pkr.json", "web"),
        ("x" * 80 + ".json", "x" * 63),
    ],
)
def test_the_image_is_called_like_its_template(file: str, name: str) -> None:
    assert _lone.image_name(Path(file)) == name


def test_a_name_of_no_letters_is_refused() -> None:
    with pytest.raises(DefinitionError, match="rename it"):
        _lone.image_name(Path("___.json"))


def test_it_is_built_where_it_stands_of_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("packer-web.json", "setup.sh", "playbook.yml", ".git/HEAD", ".cache/buildspec/build.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(LEGACY)
    definition = Reader(None).load("packer-web.json").definition
    assert (definition["name"], definition["directory"]) == ("packer-web", str(tmp_path))
    assert definition["template"] == definition["file"] == str(tmp_path / "packer-web.json")
    assert definition["content"] == {"files": [str(tmp_path / "playbook.yml"), str(tmp_path / "setup.sh")]}
    assert definition["base"] is None


def test_a_directory_of_hcl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "main.pkr.hcl").write_text('source "null" "it" {}\n')
    definition = Reader(None).load("./web").definition
    assert (definition["name"], definition["template"]) == ("web", str(tmp_path / "web"))
    assert definition["directory"] == str(tmp_path / "web")


@pytest.mark.parametrize(("term", "told"), [("none.json", "no such template"), ("vars.json", "no Packer template")])
def test_what_is_no_template_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vars.json").write_text("{}")
    with pytest.raises(DefinitionError, match=told):
        Reader(None).load(term)
