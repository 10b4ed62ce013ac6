# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What builds write beside their template is no reason for the next build."""

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.outputs import (
    known_outputs,
    look_before,
    remember_outputs,
    written_by,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

NATIVE = """
locals { name = "x" }
build {
  provisioner "file" {
    direction   = "download"
    source      = "/etc/version"
    destination = "version.txt"
  }
  provisioner "file" {
    source      = "here"
    destination = "/tmp/there"
  }
  post-processor "manifest" {}
  post-processors {
    post-processor "manifest" { output = "${path.root}/made.json" }
    post-processor "checksum" { output = "sums/${local.name}.txt" }
    post-processor "compress" { output = "all.tar.gz" }
  }
}
"""
HCL_JSON = {
    "build": [
        {"post-processor": [{"manifest": {"output": "${path.root}/made.json"}}, {"shell-local": {"output": "x"}}]}
    ]
}
LEGACY = {
    "variables": {"name": "x"},
    "provisioners": [{"type": "file", "direction": "download", "source": "/a", "destination": "version.txt"}],
    "post-processors": [
        [{"type": "manifest", "output": "{{template_dir}}/manifest.json"}, {"type": "shell-local", "output": "no.txt"}],
        {"type": "manifest"},
        {"type": "manifest", "output": "{{user `name`}}.json"},
        "compress",
    ],
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "image"
    (made / "template").mkdir(parents=True)
    return made


def written(directory: Path, name: str, text: str) -> set[str]:
    (directory / "template" / name).write_text(text)
    files = written_by(load_template(str(directory / "template" / name)), str(directory))
    return {str(Path(file).relative_to(directory)) for file in files}


def test_what_a_template_says_it_writes(directory: Path) -> None:
    assert written(directory, "a.pkr.hcl", NATIVE) == {
        "version.txt",
        "packer-manifest.json",
        "template/made.json",
        "all.tar.gz",
    }


def test_in_the_json_form(directory: Path) -> None:
    assert written(directory, "a.pkr.json", json.dumps(HCL_JSON)) == {"template/made.json"}


def test_in_legacy_templates(directory: Path) -> None:
    assert written(directory, "a.json", json.dumps(LEGACY)) == {
        "version.txt",
        "template/manifest.json",
        "packer-manifest.json",
    }


def options(directory: Path, **content: str) -> t.Any:
    content = content or {"files": "files"}
    paths = {name.replace("_", " "): (str(directory / path),) for name, path in content.items()}
    return types.SimpleNamespace(name="web", chdir=str(directory), content=paths)


def native(directory: Path, text: str = "") -> t.Any:
    (directory / "template" / "a.pkr.hcl").write_text(text)
    return load_template(str(directory / "template"))


def test_what_a_build_made_is_remembered(directory: Path) -> None:
    (directory / "files").mkdir()
    (directory / "files" / "input").touch()
    template = native(directory)
    before = look_before(options(directory), template)
    (directory / "files" / "input").write_text("changed while it was built")
    (directory / "files" / "ids").touch()
    (directory / "out").mkdir()
    (directory / "out" / "sums").touch()
    (directory / "log").touch()
    made = ["files/ids", "log", "out/sums"]
    assert remember_outputs(options(directory), template, before) == made
    assert known_outputs(options(directory), template) == {str(directory / name) for name in made}


def test_results_that_the_next_build_writes_anew_are_told_once(directory: Path) -> None:
    template = native(directory)
    for number in range(3):
        before = look_before(options(directory), template)
        (directory / "log").unlink(missing_ok=True)
        (directory / "log").write_text(f"build {number}")
        assert remember_outputs(options(directory), template, before) == ([] if number else ["log"])
        assert known_outputs(options(directory), template) == {str(directory / "log")}


def test_a_result_that_somebody_changes_counts_again_and_for_good(directory: Path) -> None:
    template = native(directory)
    before = look_before(options(directory), template)
    (directory / "template" / "motd").write_text("first")
    assert remember_outputs(options(directory), template, before) == ["template/motd"]
    (directory / "template" / "motd").write_text("second")
    assert known_outputs(options(directory), template) == frozenset()
    before = look_before(options(directory), template)
    assert remember_outputs(options(directory), template, before) == []
    assert known_outputs(options(directory), template) == frozenset()


@pytest.mark.parametrize("part", ["role_web", "hook_after_seal", "playbook"])
def test_what_somebody_adds_to_what_provisions_is_no_result(directory: Path, part: str) -> None:
    (directory / "mine").mkdir()
    asked = options(directory, **{part: "mine"})
    template = native(directory)
    before = look_before(asked, template)
    (directory / "mine" / "new.yml").touch()
    (directory / "new.yml").touch()
    assert remember_outputs(asked, template, before) == []
    assert known_outputs(asked, template) == frozenset()


def test_what_somebody_adds_to_what_the_definition_names_is_no_result(directory: Path) -> None:
    (directory / "template" / "common").mkdir()
    asked = options(directory, content="template/common")
    template = native(directory)
    before = look_before(asked, template)
    (directory / "template" / "common" / "new.yml").touch()
    (directory / "template" / "ids").touch()
    assert remember_outputs(asked, template, before) == ["template/ids"]


def test_an_image_of_the_same_name_elsewhere_has_results_of_its_own(directory: Path, tmp_path: Path) -> None:
    template = native(directory)
    before = look_before(options(directory), template)
    (directory / "log").touch()
    assert remember_outputs(options(directory), template, before) == ["log"]
    other = tmp_path / "other"
    (other / "template").mkdir(parents=True)
    (other / "log").touch()
    assert known_outputs(options(other), native(other)) == frozenset()


def test_what_a_template_says_itself_is_not_told(directory: Path) -> None:
    template = native(directory, NATIVE)
    before = look_before(options(directory), template)
    (directory / "template" / "made.json").touch()
    assert remember_outputs(options(directory), template, before) == []
