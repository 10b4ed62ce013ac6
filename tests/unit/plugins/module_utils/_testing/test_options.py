# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be meant is refused before anything is called; what decides about the tests is in the digest, secrets by name only."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.options import ARGUMENT_SPEC, Options, read_options

AMI = "ami-0123456789abcdef0"


def options(tmp_path: Path, endpoint: str | None = None, **given: t.Any) -> Options:
    params = {name: one.get("default") for name, one in ARGUMENT_SPEC.items()}
    known = {"image_ids": [AMI], "allow_from": ["192.0.2.0/24"], "results_dir": str(tmp_path / "results")}
    return read_options({**params, **known, **given}, endpoint)


def suite(tmp_path: Path) -> list[dict[str, t.Any]]:
    (tmp_path / "tests").mkdir(exist_ok=True)
    (tmp_path / "tests" / "goss.yaml").write_text("file: {}")
    return [{"engine": "goss", "path": str(tmp_path / "tests" / "goss.yaml")}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"instance_types": []}, "instance_types: none is named"),
        ({"timeout": 0}, "timeout: 0 s: say 1 to 86400"),
        ({"ports": [80, 70000]}, "ports: 70000 is no port"),
        ({"allow_from": ["everywhere"]}, "allow_from: everywhere is no CIDR"),
        ({"playbook": "/nowhere.yml"}, "playbook: there is no /nowhere.yml"),
        ({"user_data": ["/nowhere"]}, "user_data: /nowhere: No such file"),
        ({"ssh_interface": "session_manager", "ports": [80]}, "no port can be reached from here"),
        ({"ssh_interface": "session_manager"}, "instance_profile: Session Manager needs one"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(TestError, match=said):
        options(tmp_path, **given)


def test_somebody_has_to_reach_the_instances(tmp_path: Path) -> None:
    with pytest.raises(TestError, match="allow_from: nobody could reach the instances"):
        options(tmp_path, suites=suite(tmp_path), allow_from=[])
    assert options(tmp_path, suites=suite(tmp_path), allow_from=[], security_group_ids=["sg-01234567"]).anything


def test_session_manager_is_none_of_a_local_clouds(tmp_path: Path) -> None:
    given = {"ssh_interface": "session_manager", "instance_profile": "ssm"}
    with pytest.raises(TestError, match=r"http://127\.0\.0\.1:9 has no Session Manager"):
        options(tmp_path, "http://127.0.0.1:9", **given)
    assert options(tmp_path, suites=suite(tmp_path), allow_from=[], **given).ssh_interface == "session_manager"


def test_user_data_that_ec2_would_refuse(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x" * 16385)
    with pytest.raises(TestError, match="has 16385 bytes; EC2 takes 16384"):
        options(tmp_path, user_data=[str(tmp_path / "data")])


def test_variables_of_files_come_first_and_secrets_are_known(tmp_path: Path) -> None:
    (tmp_path / "vars.json").write_text('{"word": "file", "other": 1}')
    (tmp_path / "vars.pkrvars.hcl").write_text("word = 1")
    found = options(
        tmp_path,
        var_files=[str(tmp_path / "vars.json"), str(tmp_path / "vars.pkrvars.hcl")],
        variables={"word": "option", "db_password": "p"},
        secret_variables={"key": "k"},
    )
    assert found.variables == {"word": "option", "other": 1, "db_password": "p", "key": "k"}
    assert found.secrets == ("db_password", "key")
    (tmp_path / "vars.json").write_text("[]")
    with pytest.raises(TestError, match="expected a JSON object"):
        options(tmp_path, var_files=[str(tmp_path / "vars.json")])
    (tmp_path / "vars.json").write_text("{")
    with pytest.raises(TestError, match="can't be read"):
        options(tmp_path, var_files=[str(tmp_path / "vars.json")])


def test_the_digest_sees_what_decides_about_the_tests(tmp_path: Path) -> None:
    suites = suite(tmp_path)
    (tmp_path / "data").write_text("one")
    (tmp_path / "play.yml").write_text("- hosts: all")
    base = {"suites": suites, "variables": {"word": "a"}, "secret_variables": {"key": "k"}}
    first = options(tmp_path, **base).digest
    same = [
        {**base, "secret_variables": {"key": "another"}},
        {**base, "instance_types": ["t3.small"], "force": True, "timeout": 5, "results_dir": "/elsewhere"},
    ]
    assert {options(tmp_path, **one).digest for one in same} == {first}
    others = [
        {**base, "variables": {"word": "b"}},
        {**base, "secret_variables": {"key": "k", "more": "m"}},
        {**base, "instance_types": ["t3.large"]},
        {**base, "subnet_ids": ["subnet-01234567"]},
        {**base, "ports": [80]},
        {**base, "reboot": False},
        {**base, "user_data": [str(tmp_path / "data")]},
        {**base, "playbook": str(tmp_path / "play.yml")},
        {**base, "suites": []},
    ]
    digests = [options(tmp_path, **one).digest for one in others]
    assert len({first, *digests}) == len(others) + 1


def test_whether_there_is_something_to_test(tmp_path: Path) -> None:
    assert not options(tmp_path).anything
    assert not options(tmp_path, suites=[{**suite(tmp_path)[0], "run_on": ["builder"]}]).anything
    assert options(tmp_path, suites=suite(tmp_path)).anything
    (tmp_path / "play.yml").write_text("- hosts: all")
    assert options(tmp_path, playbook=str(tmp_path / "play.yml")).anything
