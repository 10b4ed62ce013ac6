# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import hcl
from ansible_collections.golden.ami.plugins.module_utils._packer.copies import (
    Additions,
    TemplateCopy,
    copy_template,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.keep import KeyPair
from ansible_collections.golden.ami.plugins.module_utils._packer.probe import write_probe
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

MAIN = """\
source "amazon-ebs" "plain" { region = "x" }
source "amazon-ebs" "tagged" {
  run_tags = { mine = "${path.root}" } # mine
  ssh_password = "x"
}
source "null" "other" {
}
build {
  sources = ["source.amazon-ebs.plain", "source.amazon-ebs.tagged"]
  provisioner "file" {
    source      = "${path.root}/files/x"
    destination = "/tmp/x"
  }
  post-processors {
    post-processor "manifest" { output = "mine.json" }
  }
}
build {
  sources = ["source.null.other"]
}
"""
TAGS = {"golden:run": "run-1"}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    directory = tmp_path / "the template"
    (directory / "files").mkdir(parents=True)
    (directory / "files" / "x").write_text("x")
    (directory / "main.pkr.hcl").write_text(MAIN)
    (directory / "variables.pkr.hcl").write_text('variable "a" { default = 1 }\n')
    (directory / "more.auto.pkrvars.hcl").write_text("a = 2\n")
    return directory


def copied(template: Path, **additions: t.Any) -> tuple[TemplateCopy, dict[str, str]]:
    copy = copy_template(load_template(str(template)), Additions(**additions), template.parents[0] / "copy")
    texts = {path.name: path.read_text() for path in copy.directory.iterdir() if path.is_file()}
    return copy, texts


def test_only_what_changes_is_written_and_all_else_stays_where_it_is(template: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in template.rglob("*") if path.is_file()}
    copy, texts = copied(template, manifest=tmp_path / "m.json", run_tags=TAGS)
    assert copy.path == copy.directory
    assert copy.tagged
    links = {path.name for path in copy.directory.iterdir() if path.is_symlink()}
    assert links == {"files", "variables.pkr.hcl", "more.auto.pkrvars.hcl"}
    assert (copy.directory / "files" / "x").read_text() == "x"
    assert f'source      = "${{"{template}"}}/files/x"' in texts["main.pkr.hcl"]
    assert oct((copy.directory / "main.pkr.hcl").stat().st_mode & 0o777) == "0o600"
    assert {path: path.read_bytes() for path in template.rglob("*") if path.is_file()} == before


def test_each_build_that_makes_amis_writes_a_manifest(template: Path, tmp_path: Path) -> None:
    _copy, texts = copied(template, manifest=tmp_path / "m.json")
    body = hcl.parse(texts["main.pkr.hcl"])
    assert not body.broken
    first, second = body.of_kind("build")
    (manifest,) = first.body.of_kind("post-processor")
    assert manifest.labels == ("manifest",)
    assert manifest.body.expression("output") == f'"{tmp_path}/m.json"'
    assert len(list(first.body.of_kind("post-processors"))) == 1, "the user's own stays"
    assert not list(second.body.of_kind("post-processor"))
    assert all(not block.body.attribute("run_tags") for block in list(body.of_kind("source"))[:1])


def test_amazon_sources_tag_what_they_launch(template: Path) -> None:
    _copy, texts = copied(template, run_tags=TAGS)
    body = hcl.parse(texts["main.pkr.hcl"])
    assert not body.broken
    plain, tagged, other = (block.body for block in body.of_kind("source"))
    assert plain.expression("run_tags") == '{ "golden:run" = "run-1" }'
    assert plain.expression("region") == '"x"'
    merged = f'merge({{ mine = "${{"{template}"}}" }}\n, {{ "golden:run" = "run-1" }})'
    assert tagged.expression("run_tags") == merged
    assert not other.attribute("run_tags")


def test_tags_go_where_a_build_has_its_own(template: Path) -> None:
    more = (
        'build {\n  source "source.amazon-ebs.plain" {\n    name = "b"\n    run_tags = { b = 1 }\n  }\n'
        '  source "amazon-ebs.plain" {\n    name = "c"\n  }\n}\n'
    )
    (template / "more.pkr.hcl").write_text(more)
    _copy, texts = copied(template, run_tags=TAGS)
    plain = hcl.parse(texts["main.pkr.hcl"]).blocks[0].body
    assert not plain.attribute("run_tags"), "said twice, it would be an error"
    b, c = hcl.parse(texts["more.pkr.hcl"]).blocks[0].body.of_kind("source")
    assert (b.body.expression("run_tags") or "").startswith("merge({ b = 1 }")
    assert c.body.expression("run_tags") == '{ "golden:run" = "run-1" }'


def test_a_key_pair_for_sources_without_a_way_in(template: Path) -> None:
    pair = KeyPair("golden-1", "key-1", Path("/run/key ${x}"))
    copy, texts = copied(template, key_pair=pair, run_tags=TAGS)
    plain, tagged, _other = (block.body for block in hcl.parse(texts["main.pkr.hcl"]).of_kind("source"))
    assert copy.key_pairs == ("amazon-ebs.plain",)
    assert hcl.string(plain.expression("ssh_keypair_name")) == "golden-1"
    assert hcl.string(plain.expression("ssh_private_key_file")) == "/run/key ${x}"
    assert not tagged.attribute("ssh_keypair_name"), "it has a password"


@pytest.mark.parametrize(
    "own",
    ["ssh_agent_auth = true", 'ssh_private_key_file = "x"', 'ssh_keypair_name = "x"', 'communicator = "winrm"'],
)
def test_who_has_a_way_in_gets_no_key_pair(template: Path, own: str) -> None:
    (template / "main.pkr.hcl").write_text(f'source "amazon-ebs" "a" {{\n  {own}\n}}\n')
    assert copied(template, key_pair=KeyPair("a", "key-1", Path("b")))[0].key_pairs == ()


def test_a_single_file_is_read_alone_and_has_its_neighbours(template: Path) -> None:
    copy = copy_template(load_template(str(template / "main.pkr.hcl")), Additions(run_tags=TAGS), template / "copy")
    assert copy.path == Path(f"{template}/copy{template}/main.pkr.hcl")
    links = {path.name for path in copy.directory.iterdir() if path.is_symlink()}
    assert links == {"files", "variables.pkr.hcl", "more.auto.pkrvars.hcl"}, "the copy is not in itself"
    assert f'"${{"{template}"}}/files/x"' in copy.path.read_text()


def test_a_single_file_that_is_read_as_a_directory_is_the_only_hcl(template: Path, tmp_path: Path) -> None:
    file = load_template(str(template / "main.pkr.hcl"))
    directory = write_probe(file, [], tmp_path / "probe", tmp_path / "answers.json")
    assert {path.name for path in directory.iterdir()} == {"main.pkr.hcl", "golden_probe.pkr.hcl", "files"}
    whole = write_probe(load_template(str(template)), [], tmp_path / "whole", tmp_path / "answers.json")
    assert {path.name for path in whole.iterdir()} == {
        *(path.name for path in template.iterdir()),
        "golden_probe.pkr.hcl",
    }


def test_what_is_around_a_copy_is_around_the_original(template: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "y").write_text("y")
    work = tmp_path / "work"
    copy = copy_template(load_template(str(template)), Additions(run_tags=TAGS), work / "copy")
    assert Path(os.path.normpath(copy.directory / ".." / "beside" / "y")).read_text() == "y"
    assert not (copy.directory.parent / "work").exists(), "who lists all would go round"


def test_a_parent_that_cannot_be_listed_is_passed(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def refuses(directory: Path) -> t.Iterator[Path]:
        if directory == tmp_path.parent:
            raise PermissionError(13, "Permission denied", str(directory))
        return listed(directory)

    monkeypatch.setattr(Path, "iterdir", refuses)
    copy = copy_template(load_template(str(template)), Additions(run_tags=TAGS), tmp_path / "work" / "copy")
    assert (copy.directory / "files" / "x").read_text() == "x"


PLUGINS = [found.parent.parent for found in Path.home().glob(".cache/golden.ami/packer/*/bin/packer")]
RELATIVE = """\
locals {
  beside = file("user-data.sh")
  above  = templatefile("../files/x", { name = "x" })
  there  = fileexists("../files/x") ? "yes" : file("it is not there")
  all    = join(",", fileset("..", "files/*"))
}
source "null" "n" {
  communicator = "none"
  ssh_host     = local.all == "files/x" ? "${local.beside}${local.above}${local.there}" : file("it is ${local.all}")
}
build {
  sources = ["source.null.n"]
}
"""


@pytest.mark.skipif(not PLUGINS, reason="needs the Packer of the role packer")
@pytest.mark.parametrize("alone", [True, False])
def test_packer_finds_in_a_copy_what_is_relative_to_the_template(tmp_path: Path, alone: bool) -> None:
    directory = tmp_path / "definition" / "template"
    (directory.parent / "files").mkdir(parents=True)
    (directory.parent / "files" / "x").write_text("${name}")
    directory.mkdir()
    (directory / "user-data.sh").write_text("#!/bin/sh")
    (directory / "web.pkr.hcl").write_text(RELATIVE)
    if alone:
        (directory / "other.pkr.hcl").write_text('source "null" "n" {}\n')
        (directory / "other.auto.pkrvars.hcl").write_text("undeclared = [\n")
    template = load_template(str(directory / "web.pkr.hcl" if alone else directory))
    copy = copy_template(template, Additions(manifest=tmp_path / "m.json"), tmp_path / "work" / "copy")
    probe = write_probe(template, [], tmp_path / "work" / "probe", tmp_path / "answers.json")
    for path in (template.path, copy.path, probe):
        done = subprocess.run(
            [PLUGINS[0] / "bin" / "packer", "validate", path],
            env={**os.environ, "PACKER_PLUGIN_PATH": str(PLUGINS[0] / "plugins"), "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_json_form(tmp_path: Path) -> None:
    content = {
        "source": {
            "amazon-ebs": {
                "a": {"run_tags": "${merge(var.x, {})}"},
                "b": [{"run_tags": {"m": "${path.root}"}}],
                "c": {},
            },
            "null": {"n": {}},
        },
        "build": {
            "sources": ["source.amazon-ebs.a"],
            "source": {"amazon-ebs.b": {"name": "bb"}},
            "post-processor": {"shell-local": {"inline": ["ls ${path.root}"]}},
        },
    }
    file = tmp_path / "a.pkr.json"
    file.write_text(json.dumps(content))
    additions = Additions(tmp_path / "${m}.json", TAGS, KeyPair("k", "key-1", Path("/k")))
    copy = copy_template(load_template(str(file)), additions, tmp_path / "copy")
    made = json.loads(copy.path.read_text())
    sources = made["source"]["amazon-ebs"]
    assert sources["a"]["run_tags"] == '${merge(merge(var.x, {}), { "golden:run" = "run-1" })}'
    assert sources["b"][0]["run_tags"] == {"m": f'${{"{tmp_path}"}}', **TAGS}
    assert sources["c"] == {"run_tags": TAGS, "ssh_keypair_name": "k", "ssh_private_key_file": "/k"}
    assert made["source"]["null"] == {"n": {}}
    own, added = made["build"]["post-processor"]
    assert own["shell-local"]["inline"] == [f'ls ${{"{tmp_path}"}}']
    assert added["manifest"]["output"] == f"{tmp_path}/$${{m}}.json"
    assert copy.key_pairs == ("amazon-ebs.a", "amazon-ebs.b", "amazon-ebs.c")


def test_legacy_template(tmp_path: Path) -> None:
    content = {
        "builders": [
            {"type": "amazon-ebs", "run_tags": {"mine": "1"}},
            {"type": "amazon-ebs", "name": "in", "ssh_password": "x"},
            {"type": "amazon-chroot"},
        ],
        "provisioners": [{"type": "file", "source": "{{ template_dir }}/x"}],
        "post-processors": ["manifest", ["compress", {"type": "manifest", "output": "mine"}]],
    }
    file = tmp_path / "packer-web.json"
    file.write_text(json.dumps(content))
    additions = Additions(tmp_path / "m.json", TAGS, KeyPair("k", "key-1", Path("/k")))
    copy = copy_template(load_template(str(file)), additions, tmp_path / "copy")
    made = json.loads(copy.path.read_text())
    pair = {"ssh_keypair_name": "k", "ssh_private_key_file": "/k"}
    assert made["builders"] == [
        {"type": "amazon-ebs", "run_tags": {"mine": "1", **TAGS}, **pair},
        {"type": "amazon-ebs", "name": "in", "ssh_password": "x", "run_tags": TAGS},
        {"type": "amazon-chroot"},
    ]
    assert copy.key_pairs == ("amazon-ebs",)
    assert made["provisioners"][0]["source"] == f"{tmp_path}/x"
    *own, added = made["post-processors"]
    assert own == content["post-processors"]
    assert (added["type"], added["output"]) == ("manifest", f"{tmp_path}/m.json")
    assert json.loads(file.read_text()) == content
