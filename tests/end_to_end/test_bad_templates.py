# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is told in one message with file, line, name and remedy, before anything is launched."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from pathlib import Path

import pytest
from harness.cloud import Cloud

AMAZON = """\
packer {
  required_plugins {
    amazon = {
      version = ">= 1.0.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
"""
SOURCE = """\
source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "bad-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  instance_type = "t3.micro"
  ssh_username  = "admin"
  source_ami_filter {
    filters     = { name = "debian-12-amd64-*" }
    owners      = ["136693071363"]
    most_recent = true
  }
}
"""
BUILD = """\
build {
  sources = ["source.amazon-ebs.web"]
}
"""
GOOD = AMAZON + SOURCE + BUILD
BUILDER: dict[str, t.Any] = {
    "type": "amazon-ebs",
    "region": "us-east-1",
    "ami_name": "bad-{{timestamp}}",
    "instance_type": "t3.micro",
    "ssh_username": "admin",
    "source_ami_filter": {"filters": {"name": "debian-12-amd64-*"}, "owners": ["136693071363"], "most_recent": True},
}


def legacy(**changes: t.Any) -> str:
    return json.dumps({"builders": [{**BUILDER, **changes}]}, indent=2)


@dataclasses.dataclass(frozen=True)
class Bad:
    """Files of a definition, and what its message has to say."""

    files: dict[str, str]
    words: tuple[str, ...]
    definition: str = "template: ."
    arguments: tuple[str, ...] = ()


SIZED = GOOD + '\nvariable "size" {\n  type = number\n}\n'
BAD = {
    "syntax-in-the-third-file": Bad(
        {"1.pkr.hcl": AMAZON, "2.pkr.hcl": SOURCE, "3.pkr.hcl": BUILD.replace('web"]', 'web"')},
        ("3.pkr.hcl:3", "Missing item separator", "Expected a comma", "Correct it there"),
    ),
    "no-json": Bad({"a.json": legacy().replace("\n}", "\n")}, ("a.json", "not valid JSON", "line"), "template: a.json"),
    "missing-variable": Bad({"a.pkr.hcl": SIZED}, ("a.pkr.hcl:24", "variable size has no default", "golden_variables")),
    "wrong-type": Bad(
        {"a.pkr.hcl": SIZED},
        ("size", "a number is required", "from'variables'orgolden_variables", "a.pkr.hcl:24"),
        "template: .\nvariables: {size: many}",
    ),
    "wrong-type-for-one-run": Bad(
        {"a.pkr.hcl": SIZED},
        ("size", "a number is required", "golden_variables", "a.pkr.hcl:24"),
        "template: .\nvariables: {size: 1}",
        ("-e", '{"golden_variables": {"size": "many"}}'),
    ),
    "undeclared-variable-for-one-run": Bad(
        {"a.pkr.hcl": SIZED},
        ("golden_variables: siez", "declares no such variable", "Declared are: size"),
        "template: .\nvariables: {size: 1}",
        ("-e", '{"golden_variables": {"siez": 2}}'),
    ),
    "var-file-of-another-format": Bad(
        {"a.pkr.hcl": SIZED, "values.yml": "size: 3\n"},
        ("values.yml", "*.pkrvars.hcl", "*.pkrvars.json"),
        "template: .\nvar_files: [values.yml]",
    ),
    "var-file-that-is-no-hcl": Bad(
        {"a.pkr.hcl": SIZED, "values.pkrvars.hcl": "---\nsize: 3\n"},
        ("values.pkrvars.hcl:1", "Correct it there"),
        "template: .\nvar_files: [values.pkrvars.hcl]",
    ),
    "var-file-with-a-wrong-type": Bad(
        {"a.pkr.hcl": SIZED, "values.pkrvars.hcl": '\nsize = ["three"]\n'},
        ("values.pkrvars.hcl:2", "size", "a.pkr.hcl:24"),
        "template: .\nvar_files: [values.pkrvars.hcl]",
    ),
    "function-that-is-gone": Bad(
        {"a.pkr.hcl": GOOD.replace('"bad-${', '"bad-${clean_ami_name("x")}${')},
        ("a.pkr.hcl:11", 'no function named "clean_ami_name"', "use regex_replace("),
    ),
    "legacy-function-that-is-gone": Bad(
        {"a.json": legacy(ami_name="bad-{{clean_ami_name `x y`}}")},
        ("a.json:6", 'function "clean_ami_name" not defined', "use clean_resource_name"),
        "template: a.json",
    ),
    "plugin-version-that-nobody-has": Bad(
        {"a.pkr.hcl": GOOD.replace(">= 1.0.0", ">= 99")},
        (
            "github.com/hashicorp/amazon >= 99",
            "here is 1.",
            "a.pkr.hcl:5",
            "packer plugins install github.com/hashicorp/amazon",
            "golden.ami.packer",
            "change the version",
        ),
    ),
    "plugin-that-is-missing": Bad(
        {
            "a.pkr.hcl": GOOD.replace(
                "amazon = {", 'x = {\n source = "github.com/golden-ami-tests/nowhere"\n}\namazon = {'
            )
        },
        ("github.com/golden-ami-tests/nowhere (not here", "a.pkr.hcl:4", "packer plugins install", "golden.ami.packer"),
    ),
    "legacy-plugin-that-is-missing": Bad(
        {"a.json": json.dumps({"builders": [{"type": "googlecompute"}]}, indent=2)},
        ("a.json:4", "googlecompute", "packer plugins install github.com/hashicorp/googlecompute", "amazon 1."),
        "template: a.json",
    ),
    "packer-that-is-too-old": Bad(
        {"a.pkr.hcl": GOOD.replace("packer {", 'packer {\n  required_version = ">= 99"')},
        ("a.pkr.hcl:2", "Unsupported Packer Core version", "required_version"),
    ),
    "source-without-an-owner": Bad(
        {"a.pkr.hcl": GOOD.replace('    owners      = ["136693071363"]\n', "")}, ("a.pkr.hcl", "owners")
    ),
    "legacy-source-without-an-owner": Bad(
        {"a.json": legacy(source_ami_filter={"filters": {"name": "debian-12-amd64-*"}, "most_recent": True})},
        ("a.json", "owners"),
        "template: a.json",
    ),
    "unknown-argument": Bad(
        {"a.pkr.hcl": GOOD.replace("instance_type", "instancetype")},
        ("a.pkr.hcl:12", "instancetype", "Correct it there"),
    ),
}


def launches(cloud: Cloud) -> int:
    calls = cloud.home / "golden.ami" / "local_cloud" / cloud.name / "calls.jsonl"
    return sum(json.loads(line)["operation"] == "RunInstances" for line in calls.read_text().splitlines())


def squeezed(text: str) -> str:
    """Without white space, for messages are wrapped anywhere."""
    return "".join(text.split())


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_before_anything_is_launched(cloud: Cloud, tmp_path: Path, name: str) -> None:
    bad = BAD[name]
    directory = tmp_path / "images" / name
    directory.mkdir(parents=True)
    for file, text in {**bad.files, "image.yml": f"---\n{bad.definition}\n"}.items():
        (directory / file).write_text(text)
    before, inventory = launches(cloud), cloud.inventory()
    run = cloud.play("build_ami.yml", "-e", f"image={name}", *bad.arguments, cwd=tmp_path)
    assert run.rc != 0, run.output
    assert len(re.findall(r"^fatal: ", run.output, re.MULTILINE)) == 1, run.output
    said = squeezed(run.output)
    for words in bad.words:
        assert squeezed(words) in said, run.output
    assert "golden-ami-" not in squeezed(run.output.replace("golden-ami-tests", "")), "a temporary directory is named"
    assert "Traceback" not in run.output
    assert launches(cloud) == before
    assert cloud.inventory() == inventory
