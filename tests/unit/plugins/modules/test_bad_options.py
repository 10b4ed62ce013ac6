# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module says when its options are missing, unknown, or of another type: which one, and what was expected."""

from __future__ import annotations

import importlib
import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args

ACCESS = {"region": "eu-west-1", "access_key": "AKIDLOCAL", "secret_key": "local-secret-key"}
BUILD = {**ACCESS, "name": "web", "template": "/nowhere"}
VALIDATE = {**ACCESS, "template": "/nowhere"}
COMMAND = {"argv": ["true"]}


def run(module: str, given: dict[str, t.Any], capsys: pytest.CaptureFixture[str]) -> dict[str, t.Any]:
    main = importlib.import_module(f"ansible_collections.golden.ami.plugins.modules.{module}").main
    with patch_module_args(given), pytest.raises(SystemExit) as ended:
        main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert result["failed"]
    return result


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("ami_deploy", "missing required arguments: channel, image, launch_template"),
        ("ami_tag", "missing required arguments: tags"),
        ("ami_test", "missing required arguments: results_dir"),
        ("codebuild_build", "state is started but all of the following are missing: project"),
        ("codebuild_project", "missing required arguments: name"),
        ("packer_build", "missing required arguments: name, template"),
        ("packer_validate", "missing required arguments: template"),
        ("image_lineage_info", "missing required arguments: "),
        ("live_command", "missing required arguments: argv"),
        ("new_files", "missing required arguments: directory, files"),
        ("machine_test", "missing required arguments: host, private_key_file, results_dir, suites, user"),
        ("codepipeline", "missing required arguments: name"),
        ("codepipeline_execution", "missing required arguments: pipeline"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_no_options_at_all(module: str, said: str, check: bool, capsys: pytest.CaptureFixture[str], aws: t.Any) -> None:
    assert said in run(module, {"_ansible_check_mode": check}, capsys)["msg"]
    assert aws.seen == []


@pytest.mark.parametrize(
    ("module", "given", "said"),
    [
        ("ami_info", {**ACCESS, "filters": "name"}, "filters"),
        ("ami_info", {**ACCESS, "references": "perhaps"}, "references"),
        ("ami_tag", {**ACCESS, "tags": ["team"]}, "tags"),
        ("ami_tag", {**ACCESS, "tags": {}, "purge": True}, "Unsupported parameters for (basic.py) module: purge"),
        ("ami_share", {**ACCESS, "state": "present"}, "value of state must be one of: add, remove, exact, private"),
        ("packer_build", {**BUILD, "variables": "size"}, "variables"),
        ("packer_build", {**BUILD, "timeout": "soon"}, "timeout"),
        ("packer_build", {**BUILD, "force": "perhaps"}, "force"),
        ("packer_build", {**BUILD, "max_age": "7d"}, "max_age"),
        ("packer_build", {**BUILD, "on_error": "ask"}, "value of on_error must be one of: cleanup, keep,"),
        ("packer_build", {**BUILD, "source_ami": {"id": "ami-1", "name": "x"}}, "parameters are mutually exclusive: "),
        (
            "packer_build",
            {**BUILD, "source_ami": {}},
            "one of the following is required: id, ssm_parameter, name, image",
        ),
        ("packer_build", {**BUILD, "source_ami": {"name": "x"}}, "parameters are required together: owners, name"),
        (
            "packer_build",
            {**BUILD, "source_ami": {"id": "ami-1", "channel": "x"}},
            "missing parameter(s) required by 'channel'",
        ),
        ("packer_build", {**BUILD, "content": {"role": 7}}, "content.role must be a list of paths, got 7."),
        ("packer_build", {**BUILD, "content": {"role": [7]}}, "content.role must be a list of paths, got [7]."),
        ("packer_build", {**BUILD, "placements": ["x"]}, "placements"),
        ("packer_build", {**BUILD, "images": "x"}, "Unsupported parameters for (basic.py) module: images"),
        ("packer_build", {**BUILD, "requirements": "/nowhere.yml"}, "/nowhere.yml"),
        ("packer_build", BUILD, "/nowhere"),
        ("packer_validate", {**VALIDATE, "only": {"a": 1}}, "only"),
        ("packer_validate", {**VALIDATE, "force": True}, "Unsupported parameters for (basic.py) module: force"),
        ("packer_validate", VALIDATE, "/nowhere"),
        ("image_lineage_info", {**ACCESS, "images": 7.5}, "images"),
        (
            "codepipeline",
            {**ACCESS, "name": "web"},
            "state is present but all of the following are missing: role_arn, stages",
        ),
        (
            "codepipeline",
            {**ACCESS, "name": "web", "role_arn": "x", "stages": [{"name": "x"}]},
            "missing required arguments: actions",
        ),
        (
            "codepipeline",
            {**ACCESS, "name": "web", "pipeline_type": "V3"},
            "value of pipeline_type must be one of: V1, V2",
        ),
        (
            "codepipeline_execution",
            {**ACCESS, "pipeline": "web", "state": "begun"},
            "value of state must be one of: started",
        ),
        ("codepipeline_execution", {**ACCESS, "pipeline": "web", "timeout": "soon"}, "timeout"),
        ("codepipeline_info", {**ACCESS, "filters": {"owner": "me"}}, "owner"),
        ("live_command", {**COMMAND, "argv": {"a": 1}}, "argv"),
        ("new_files", {"directory": "/tmp/x", "files": ["a"]}, "files"),
        ("live_command", {**COMMAND, "shell": True}, "Unsupported parameters for (basic.py) module: shell"),
    ],
)
def test_options_of_another_form(
    module: str, given: dict[str, t.Any], said: str, capsys: pytest.CaptureFixture[str], aws: t.Any
) -> None:
    result = run(module, given, capsys)
    assert said in result["msg"]
    assert "Traceback" not in json.dumps(result)
    assert aws.seen == []


def test_a_secret_is_not_told_with_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    result = run("packer_build", {**BUILD, "secret_variables": {"password": "hunter22"}, "timeout": "soon"}, capsys)
    assert "hunter22" not in json.dumps(result)
    assert "local-secret-key" not in json.dumps(result)


def test_without_a_region(capsys: pytest.CaptureFixture[str], aws: t.Any, tmp_path: t.Any, packer: t.Any) -> None:
    (tmp_path / "image.pkr.hcl").write_text("")
    given = {"name": "web", "template": str(tmp_path / "image.pkr.hcl"), "packer_executable": str(packer.path)}
    result = run("packer_build", {**given, "access_key": "AKIDLOCAL", "secret_key": "x"}, capsys)
    assert "Region" in result["msg"]
    assert aws.seen == []
