# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.environment import (
    AwsAccess,
    aws_environment,
    environment_content,
    packer_environment,
)

CALLER = {
    "AWS_PROFILE": "prod",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CONFIG_FILE": "/real",
    "LANG": "C",
}


def test_an_endpoint_takes_nothing_from_the_caller() -> None:
    access = AwsAccess("r", "http://x", access_key="local", secret_key="key")
    made = aws_environment({**CALLER, "AWS_ENDPOINT_URL_EC2": "https://real"}, access)
    assert made == {
        "LANG": "C",
        "AWS_ENDPOINT_URL": "http://x",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_REGION": "r",
        "AWS_DEFAULT_REGION": "r",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def test_without_one_the_chain_goes_on() -> None:
    assert aws_environment(CALLER, AwsAccess("r")) == {**CALLER, "AWS_REGION": "r", "AWS_DEFAULT_REGION": "r"}


def test_a_profile_that_was_given_comes_before_keys_of_the_caller() -> None:
    made = aws_environment(CALLER, AwsAccess("r", profile="mine"))
    assert made["AWS_PROFILE"] == "mine"
    assert "AWS_ACCESS_KEY_ID" not in made


def test_keys_that_were_given_come_before_a_profile_of_the_caller() -> None:
    made = aws_environment(CALLER, AwsAccess("r", access_key="mine", secret_key="key"))
    assert (made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"]) == ("mine", "key")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & made.keys()


def test_the_users_own_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ansible-playbook").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    made = packer_environment(
        {"PATH": "/bin", "PACKER_LOG": "1"}, AwsAccess(), plugin_path="/p", extra={"CHECKPOINT_DISABLE": "0"}
    )
    assert made == {"PATH": f"{tmp_path}:/bin", "PACKER_PLUGIN_PATH": "/p", "CHECKPOINT_DISABLE": "0"}


def test_what_of_the_environment_goes_into_an_image() -> None:
    caller = {"PKR_VAR_size": "8", "PKR_VAR_pin": "1234", "PKR_VAR_other": "x", "LANG": "C"}
    extra = {"MIRROR": "https://mirror.example", "MIRROR_TOKEN": "t"}
    values, secret = environment_content(caller, extra, variables={"size", "pin"}, sensitive={"pin"})
    assert values == {"PKR_VAR_size": "8", "MIRROR": "https://mirror.example"}
    assert secret == ["MIRROR_TOKEN", "PKR_VAR_pin"]
    values, _secret = environment_content(caller, {"PKR_VAR_size": "9"}, variables={"size"}, sensitive=())
    assert values == {"PKR_VAR_size": "9"}, "what was given for Packer comes before what is inherited"
    values, _secret = environment_content({"RELEASE": "9", "A": "b"}, {}, variables=(), sensitive=(), reads={"RELEASE"})
    assert values == {"RELEASE": "9"}, "what a template reads by name"
