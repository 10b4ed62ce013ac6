# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.settings import JsonSettings, NativeSettings
from ansible_collections.golden.ami.plugins.module_utils._packer.sources import (
    all_sources,
    refuse_ownerless,
    selected_sources,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.template import Template, load_template

HCL = """
source "amazon-ebs" "web" {
  region = "eu-west-1"
  source_ami_filter {
    filters = { name = var.pattern }
    owners  = ["self"]
    filter {
      name  = "x"
      value = "}"
    }
  }
}
source "null" "none" {}
build {
  name    = "golden"
  sources = ["source.amazon-ebs.web", "null.none"]
  source "source.amazon-ebs.web" {
    name       = "other"
    source_ami = var.base
  }
}
build {
  sources = ["source.amazon-ebs.web"]
}
"""
JSON = {
    "source": {"amazon-ebs": {"web": {"source_ami": "${var.base}"}}},
    "build": [
        {"name": "golden", "sources": ["source.amazon-ebs.web"]},
        {"source": {"amazon-ebs.web": {"name": "other", "region": "eu-west-1"}}},
    ],
}


def hcl(directory: Path, text: str) -> Template:
    (directory / "a.pkr.hcl").write_text(text)
    return load_template(str(directory))


def legacy(directory: Path, *builders: dict[str, t.Any]) -> Template:
    (directory / "a.json").write_text(json.dumps({"builders": builders}))
    return load_template(str(directory / "a.json"))


def test_sources_as_builds_use_them(tmp_path: Path) -> None:
    sources = all_sources(hcl(tmp_path, HCL))
    assert [source.name for source in sources] == [
        "golden.amazon-ebs.web",
        "golden.null.none",
        "golden.amazon-ebs.other",
        "amazon-ebs.web",
    ]
    assert [source.from_ami for source in sources] == [True, False, True, True]
    assert sources[0].title == f'{tmp_path}/a.pkr.hcl:2: source "amazon-ebs" "web"'
    other = sources[2].settings
    assert (other.variable("source_ami"), other.plain("region")) == ("base", "eu-west-1")
    found = sources[0].settings.block("source_ami_filter")
    assert isinstance(found, NativeSettings)
    assert found.plain_list("owners") == ["self"]
    assert found.text() == 'filters = { name = var.pattern }\nowners = ["self"]\nfilter {\nname = "x"\nvalue = "}"\n}'
    assert isinstance(sources[0].settings, NativeSettings)
    assert sources[0].settings.text({"region"}) == 'region = "eu-west-1"'


def test_sources_in_json(tmp_path: Path) -> None:
    (tmp_path / "a.pkr.json").write_text(json.dumps(JSON))
    first, second = all_sources(load_template(str(tmp_path)))
    assert (first.name, second.name) == ("golden.amazon-ebs.web", "amazon-ebs.other")
    assert second.settings.variable("source_ami") == "base"
    assert isinstance(second.settings, JsonSettings)
    assert second.settings.content({"region"}) == {"region": "eu-west-1"}


@pytest.mark.parametrize(
    "build",
    [
        'sources = [for name in ["web"] : "source.amazon-ebs.${name}"]',
        "sources = local.sources",
        "sources = [local.source]",
        'dynamic "source" {\n for_each = []\n labels = ["amazon-ebs.web"]\n content {}\n}',
    ],
)
def test_where_only_packer_knows_the_sources_each_may_be_used(tmp_path: Path, build: str) -> None:
    template = hcl(tmp_path, f'source "amazon-ebs" "web" {{}}\nbuild {{\n{build}\n}}\n')
    assert [(one.label, one.name) for one in selected_sources(template, ["nothing"], ["*"])] == [("web", None)]


@pytest.mark.parametrize("sources", ["${local.sources}", ["source.amazon-ebs.${local.name}"]])
def test_so_in_json(tmp_path: Path, sources: t.Any) -> None:
    content = {**JSON, "build": {"sources": sources}}
    (tmp_path / "a.pkr.json").write_text(json.dumps(content))
    template = load_template(str(tmp_path))
    assert [(one.label, one.name) for one in selected_sources(template, ["x"], [])] == [("web", None)]


def test_a_legacy_name_that_only_packer_knows_may_be_meant(tmp_path: Path) -> None:
    template = legacy(tmp_path, {"type": "amazon-ebs", "name": "{{user `name`}}"})
    assert len(selected_sources(template, ["web"], ["x"])) == 1


@pytest.mark.parametrize(
    ("only", "excluded", "names"),
    [
        ([], [], ["golden.amazon-ebs.web", "golden.null.none", "golden.amazon-ebs.other", "amazon-ebs.web"]),
        (["golden.*"], ["*.null.*"], ["golden.amazon-ebs.web", "golden.amazon-ebs.other"]),
        (["amazon-ebs.web"], [], ["amazon-ebs.web"]),
        (["*.we?", "*.[!a-n]ther"], [], ["golden.amazon-ebs.web", "golden.amazon-ebs.other", "amazon-ebs.web"]),
    ],
)
def test_which_builds_are_left(tmp_path: Path, only: list[str], excluded: list[str], names: list[str]) -> None:
    assert [one.name for one in selected_sources(hcl(tmp_path, HCL), only, excluded)] == names


def test_builds_of_a_legacy_template_go_by_their_whole_names(tmp_path: Path) -> None:
    template = legacy(
        tmp_path, {"type": "amazon-ebs"}, {"type": "amazon-ebs", "name": "web", "source_ami": "{{user `a`}}"}
    )
    (web,) = selected_sources(template, ["web"], [])
    assert web.settings.variable("source_ami") == "a"
    assert [one.name for one in selected_sources(template, [], ["web"])] == ["amazon-ebs"]
    with pytest.raises(
        PackerError, match=r"only w\* leaves no build of the template .*a.json. It has: amazon-ebs, web."
    ):
        selected_sources(template, ["w*"], [])


def test_a_selection_that_leaves_nothing_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(PackerError, match=r"only nope and except x leaves no build .* It has: golden.amazon-ebs.web, "):
        selected_sources(hcl(tmp_path, HCL), ["nope"], ["x"])


OWNERLESS = "has no owners: anybody could publish an AMI of that name"


@pytest.mark.parametrize("owners", ["", "owners = []", 'owners = ["*"]', 'owners = ["self", ""]'])
@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            'source "amazon-ebs" "w" {{\nsource_ami_filter {{\n{}\n}}\n}}\nbuild {{\nsources = ["source.amazon-ebs.w"]\n}}\n',
            'source "amazon-ebs" "w": source_ami_filter',
        ),
        ('data "amazon-ami" "w" {{\n{}\n}}\n', 'data "amazon-ami" "w"'),
    ],
)
def test_a_base_that_anybody_could_publish(tmp_path: Path, text: str, title: str, owners: str) -> None:
    template = hcl(tmp_path, text.format(owners))
    with pytest.raises(PackerError) as caught:
        refuse_ownerless(template, all_sources(template))
    assert str(caught.value).startswith(f"{tmp_path}/a.pkr.hcl:1: {title} {OWNERLESS}")


def test_owners_that_only_packer_knows_are_left_to_it(tmp_path: Path) -> None:
    template = hcl(tmp_path, HCL.replace('["self"]', "[var.owner]"))
    refuse_ownerless(template, all_sources(template))


@pytest.mark.parametrize("found", [{}, {"owners": []}, {"owners": ["*"]}, {"owners": "self,*"}])
def test_owners_in_json(tmp_path: Path, found: dict[str, t.Any]) -> None:
    template = legacy(
        tmp_path, {"type": "amazon-ebs", "name": "web", "source_ami_filter": {"most_recent": True, **found}}
    )
    with pytest.raises(PackerError, match=rf'a.json: source "amazon-ebs" "web": source_ami_filter {OWNERLESS}'):
        refuse_ownerless(template, all_sources(template))
    (tmp_path / "b.pkr.json").write_text(json.dumps({"data": {"amazon-ami": {"x": found}}}))
    with pytest.raises(PackerError, match=rf'b.pkr.json: data "amazon-ami" "x" {OWNERLESS}'):
        refuse_ownerless(load_template(str(tmp_path / "b.pkr.json")), [])
