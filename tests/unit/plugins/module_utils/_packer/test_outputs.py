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
    present,
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


def options(directory: Path) -> t.Any:
    content = {"files": (str(directory / "files"),)}
    return types.SimpleNamespace(name="web", chdir=str(directory), content=content)


def test_what_a_build_made_is_remembered(directory: Path, tmp_path: Path) -> None:
    (directory / "template" / "a.pkr.hcl").write_text("")
    (directory / "files").mkdir()
    (directory / "files" / "input").touch()
    template = load_template(str(directory / "template"))
    before = present(options(directory), template)
    (directory / "files" / "input").write_text("changed while it was built")
    (directory / "files" / "ids").touch()
    (directory / "out").mkdir()
    (directory / "out" / "sums").touch()
    (directory / "log").touch()
    assert remember_outputs(options(directory), template, before) == ["files/ids", "log", "out/sums"]
    assert str(directory / "files" / "ids") in known_outputs(options(directory), template)
    assert remember_outputs(options(directory), template, before) == [], "told once"
    moved = tmp_path / "moved"
    directory.rename(moved)
    known = known_outputs(options(moved), load_template(str(moved / "template")))
    assert known == {str(moved / "files" / "ids"), str(moved / "out" / "sums"), str(moved / "log")}


def test_what_a_template_says_itself_is_not_told(directory: Path) -> None:
    (directory / "template" / "a.pkr.hcl").write_text(NATIVE)
    template = load_template(str(directory / "template"))
    before = present(options(directory), template)
    (directory / "template" / "made.json").touch()
    assert remember_outputs(options(directory), template, before) == []
