# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the modules, read once: absolute paths, texts, and the keys of the place where they work."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.options import (
    BUILD_ARGUMENT_SPEC,
    aws_access,
    read_build_options,
)


def module(**given: t.Any) -> t.Any:
    """What AnsibleModule makes of the options that are given."""
    defaults = {name: spec.get("default") for name, spec in BUILD_ARGUMENT_SPEC.items()}
    params = {**defaults, "name": "web", "template": "template", **given}
    return types.SimpleNamespace(params=params, region=given.get("region"))


def test_paths_are_absolute_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    options = read_build_options(module(var_files=["a.pkrvars.hcl"], content={"role a": ["~/a", "b"], "x": "c"}))
    assert options.template == str(tmp_path / "template")
    assert options.var_files == (str(tmp_path / "a.pkrvars.hcl"),)
    assert options.content == {"role a": (str(tmp_path / "home/a"), str(tmp_path / "b")), "x": (str(tmp_path / "c"),)}
    assert options.chdir == str(tmp_path)


def test_what_is_not_given() -> None:
    options = read_build_options(module())
    assert (options.source_ami, options.max_age, options.timeout, options.requirements) == (None, None, None, None)
    assert options.placements == ({},)
    assert options.variable_names == []
    with pytest.raises(PackerError, match=r"Which Region\? Set the option region, AWS_REGION"):
        _unused = options.region


def test_zero_is_an_age_and_no_timeout() -> None:
    options = read_build_options(module(max_age=0, timeout=0))
    assert (options.max_age, options.timeout) == (0.0, None)


def test_tags_and_environment_are_texts() -> None:
    options = read_build_options(module(tags={"n": 1, "none": None}, environment={"DEBUG": True}, region="eu-west-1"))
    assert options.tags == {"n": "1", "none": ""}
    assert options.environment == {"DEBUG": "True"}
    assert options.region == "eu-west-1"


def test_by_which_option_a_variable_comes() -> None:
    given = {
        "variables": {"a": 1},
        "local_variables": {"b": 1},
        "secret_variables": {"c": 1},
        "placements": [{"d": 1, "a": 2}],
    }
    options = read_build_options(module(**given))
    assert options.origins == {
        "a": "'variables' or golden_variables",
        "b": "'local_variables'",
        "c": "'secret_variables'",
        "d": "'placements'",
    }


def test_an_endpoint_gets_no_keys_but_those_that_are_found_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    there = aws_access(module(endpoint_url="http://127.0.0.1:9"))
    assert (there.access_key, there.secret_key, there.session_token) == (
        "AKIDENV",
        "secret-of-the-environment",
        "token",
    )
    given = aws_access(module(endpoint_url="http://127.0.0.1:9", access_key="AKIDLOCAL", secret_key="x"))
    assert (given.access_key, given.session_token) == ("AKIDLOCAL", None)
    assert aws_access(module()).access_key is None, "the usual chain, which knows more than keys"


def test_an_endpoint_without_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert aws_access(module(endpoint_url="http://127.0.0.1:9")).access_key is None
