# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""packer_validate by its own main()."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._packer.abandoned import make_owned
from ansible_collections.golden.ami.plugins.modules import packer_validate

TEMPLATE = """
variable "source_ami" { type = string }
variable "subnets" { type = list(string) }
variable "password" { type = string }
"""
DIAGNOSTIC = """Error: Unsupported argument

  on {path} line 3, in variable "x":
   3:   typ = string

An argument named "typ" is not expected here. Did you mean "type"?


"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    directory = tmp_path / "template"
    directory.mkdir()
    (directory / "image.pkr.hcl").write_text(TEMPLATE)
    return directory


@pytest.fixture
def run(packer: t.Any, template: Path, capsys: pytest.CaptureFixture[str]) -> t.Callable[..., dict[str, t.Any]]:
    def call(**given: t.Any) -> dict[str, t.Any]:
        arguments = {"template": str(template), "packer_executable": str(packer.path), "region": "eu-west-1", **given}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            packer_validate.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def test_valid_template_without_a_call_to_aws(aws: t.Any, packer: t.Any, run: t.Any) -> None:
    result = run(variables={"subnets": ["subnet-1", "subnet-2"]}, secret_variables={"password": "hunter22"})
    assert (result["valid"], result["changed"], result["diagnostics"]) == (True, False, [])
    (call,) = packer.calls()
    assert call["variables"] == {
        "source_ami": "ami-00000000000000000",
        "subnets": ["subnet-1", "subnet-2"],
        "password": "hunter22",
    }
    assert set(call["modes"]) == {"0o600"}
    assert "hunter22" not in " ".join(call["argv"])
    assert call["argv"][-1].endswith("template"), "flags come before the template"
    assert aws.operations == []


def test_secrets_that_a_killed_one_left_go(run: t.Any, home: Path) -> None:
    left = make_owned(home)
    owner = left / ".golden-ami-owner"
    owner.write_text(json.dumps({**json.loads(owner.read_text()), "started": 1}))
    (left / "secrets.pkrvars.json").write_text("{}")
    assert run()["valid"]
    assert not list(home.glob("golden-ami-*"))


def test_diagnostics_are_data(packer: t.Any, run: t.Any, template: Path) -> None:
    file = f"{template}/image.pkr.hcl"
    packer.does("validate", lines=[DIAGNOSTIC.format(path=file)], code=1)
    result = run()
    assert not result["valid"]
    assert result["diagnostics"] == [
        {
            "severity": "error",
            "summary": "Unsupported argument",
            "detail": 'An argument named "typ" is not expected here. Did you mean "type"?',
            "file": file,
            "line": 3,
            "remedy": "Correct it there.",
        }
    ]
    assert "Unsupported argument" in result["raw"]


def test_what_packer_says_without_form_is_kept(packer: t.Any, run: t.Any) -> None:
    packer.does("validate", lines=["panic: something"], code=2)
    result = run()
    assert not result["valid"]
    assert result["diagnostics"][0]["summary"] == "panic: something"


def test_legacy_template_gets_strings_and_has_no_lines(packer: t.Any, run: t.Any, tmp_path: Path) -> None:
    legacy = tmp_path / "packer.json"
    legacy.write_text(json.dumps({"variables": {"tags": "", "count": ""}, "builders": [{"type": "null"}]}))
    packer.does("validate", lines=["Error: Failed to initialize build", "", "bad"], code=1)
    result = run(template=str(legacy), variables={"tags": {"a": 1}, "count": 3})
    assert packer.calls("validate")[0]["variables"] == {"tags": '{"a": 1}', "count": "3"}
    assert result["diagnostics"][0]["line"] is None
    assert not packer.calls("init")


def test_unknown_variable_is_named(packer: t.Any, run: t.Any) -> None:
    result = run(variables={"subnet": "x"})
    assert result["failed"]
    assert "declares no variable subnet" in result["msg"]
    assert "source_ami, subnets" in result["msg"]
    assert not packer.calls()


def test_reserved_variable_is_refused(run: t.Any) -> None:
    assert "golden_tags is set by this module" in run(variables={"golden_tags": {}})["msg"]


def test_another_program_called_packer(packer: t.Any, run: t.Any) -> None:
    packer.path.write_text("#!/bin/sh\necho 0 words\n")
    result = run()
    assert "is not HashiCorp's Packer" in result["msg"]
    assert "packer_executable" in result["msg"]


def test_no_packer_at_all(run: t.Any) -> None:
    assert "Install Packer" in run(packer_executable="/nowhere/packer")["msg"]


def test_missing_template(run: t.Any) -> None:
    assert "does not exist" in run(template="/nowhere")["msg"]


def test_missing_plugins_are_brought(packer: t.Any, run: t.Any, template: Path) -> None:
    text = 'packer { required_plugins { amazon = { source = "github.com/hashicorp/amazon", version = "> 1" } } }'
    (template / "plugins.pkr.hcl").write_text(text)
    assert run()["valid"]
    assert [call["argv"][0] for call in packer.calls()] == ["init", "validate"]
    assert run(_ansible_check_mode=True)["valid"]
    assert len(packer.calls("init")) == 1, "check mode downloads nothing"


def test_init_that_fails_says_what_to_do(packer: t.Any, run: t.Any, template: Path) -> None:
    (template / "plugins.pkr.hcl").write_text('packer { required_plugins { x = { source = "github.com/a/b" } } }')
    packer.does("init", lines=["no route to host"], code=1)
    result = run()
    assert "no route to host" in result["msg"]
    assert "needs github.com/a/b (not here; required in" in result["msg"]
    assert "packer plugins install github.com/a/b" in result["msg"]
    assert "golden.ami.packer" in result["msg"]


def test_init_that_fails_says_which_version_is_here(packer: t.Any, run: t.Any, template: Path, tmp_path: Path) -> None:
    (template / "plugins.pkr.hcl").write_text(
        'packer {\n  required_plugins {\n    x = { version = ">= 99", source = "github.com/a/b" }\n  }\n}\n'
    )
    plugins = tmp_path / "plugins"
    (plugins / "github.com" / "a" / "b").mkdir(parents=True)
    (plugins / "github.com" / "a" / "b" / "packer-plugin-b_v1.2.3_x5.0_linux_amd64").touch()
    packer.does("init", lines=["no route to host"], code=1)
    result = run(packer_plugin_path=str(plugins))
    assert f"github.com/a/b >= 99 (here is 1.2.3; required in {template}/plugins.pkr.hcl:3)" in result["msg"]
    assert "change the version in required_plugins" in result["msg"]


def test_a_value_of_ours_is_told_by_its_option_and_not_by_a_temporary_file(
    packer: t.Any, run: t.Any, template: Path
) -> None:
    text = (
        "Error: Invalid value for variable\n\n  on {path} line 2:\n   2: x\n\nThe value for subnets is not compatible\n"
    )
    packer.does("validate", lines=[text.format(path="VARIABLES")], code=1)
    result = run(variables={"subnets": "subnet-1"})
    assert result["diagnostics"][0]["summary"] == (
        "Invalid value for variable subnets (from 'variables' or golden_variables)"
    )
    assert result["diagnostics"][0]["file"] is None
    assert f"{template}/image.pkr.hcl:3" in result["diagnostics"][0]["remedy"]
    assert "on variables.pkrvars.json line 2" in result["raw"]


def test_sensitive_values_are_hidden_where_options_are_repeated_and_nowhere_else(run: t.Any, template: Path) -> None:
    (template / "more.pkr.hcl").write_text('variable "severity" { sensitive = true }')
    result = run(variables={"severity": "valid"}, _ansible_inject_invocation=True)
    hidden = {"severity": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    assert result["invocation"]["module_args"]["variables"] == hidden
    assert result["valid"]
    broken = run(variables={"severity": "valid"}, template="/nowhere", _ansible_inject_invocation=True)
    assert broken["failed"]
    assert broken["invocation"]["module_args"]["variables"] == hidden
