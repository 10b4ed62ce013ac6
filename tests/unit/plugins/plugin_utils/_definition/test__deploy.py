# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition says of deployments is checked as a whole, and complete for the module."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _load
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

SCHEMA = _load.read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")
SMALLEST = (
    "base: {ssm_parameter: /a}\nprovision: {roles: [web]}\nbuilder: {instance_types: [m7i.large], ssh_username: me}\n"
)
DEV = "channels:\n  dev:\n    deploy:\n      launch_template: web-dev\n"


def load(directory: Path, text: str) -> dict[str, t.Any]:
    image = directory / "images" / "web"
    (image / "tests").mkdir(parents=True, exist_ok=True)
    (image / "tests" / "health.yml").write_text("- hosts: default\n")
    (image / "image.yml").write_text(SMALLEST + text)
    role = directory / "roles" / "web"
    role.mkdir(parents=True, exist_ok=True)
    around = _load.Around([directory / "images"], SCHEMA, lambda _name: role)
    return t.cast(dict[str, t.Any], _load.load_definition("web", around).definition)


def mistakes(directory: Path, text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        load(directory, text)
    return [f"{one.line}: {one.key}: {one.message}" for one in caught.value.problems]


def test_what_is_not_said_is_as_for_the_builder(tmp_path: Path) -> None:
    channel = load(tmp_path, f"{DEV}  prod: {{}}\n")["channels"]["dev"]
    assert channel == {
        "gates": [],
        "deploy": {
            "launch_template": "web-dev",
            "instance_type": "m7i.large",
            "ssh_username": "me",
            "security_group_ids": [],
            "health": {"status_checks": True},
            "address": "public_ip",
            "bake_time": 0,
            "timeout": 600,
        },
    }


def test_paths_are_absolute_and_durations_seconds(tmp_path: Path) -> None:
    more = (
        "      bake_time: 1h\n      timeout: 90\n      user_data: tests/health.yml\n"
        "      health: {playbook: tests/health.yml, url: {url: 'https://{address}:8443/x'}}\n"
    )
    definition = load(tmp_path, DEV + more)
    deploy = definition["channels"]["dev"]["deploy"]
    file = str(tmp_path / "images" / "web" / "tests" / "health.yml")
    assert (deploy["bake_time"], deploy["timeout"], deploy["user_data"]) == (3600, 90, file)
    assert deploy["health"] == {
        "status_checks": True,
        "playbook": file,
        "url": {
            "url": "https://{address}:8443/x",
            "status": 200,
            "must_say": [],
            "must_not_say": [],
            "headers": {},
            "validate_certs": True,
        },
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("      health: {status_checks: false}\n", "8: channels.dev.deploy.health: nothing is asked"),
        (
            "      health: {url: {url: 'http://x/'}}\n",
            "8: channels.dev.deploy.health.url.url: {address}, which stands for",
        ),
        (
            "      health: {url: {url: 'http://{address'}}\n",
            "8: channels.dev.deploy.health.url.url: 'http://{address' is no URL",
        ),
        ("      health: {url: {url: 'ftp://{address}'}}\n", "does not have the expected form"),
        ("      health: {url: {}}\n", "url is missing"),
        ("      health: {playbook: tests/none.yml}\n", "tests/none.yml does not exist"),
        ("      user_data: none\n", "8: channels.dev.deploy.user_data: none does not exist"),
        ("      account: 222222222222\n", "expected a text"),
        ("      launch_templat: x\n", "did you mean launch_template?"),
        ("      auto_scaling_group: {}\n", "name is missing"),
        (
            "      auto_scaling_group: {name: web}\n      health: {playbook: tests/health.yml}\n",
            "9: channels.dev.deploy.health.playbook: nobody can log in",
        ),
        ("      bake_time: soon\n", "does not have the expected form"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, more: str, said: str) -> None:
    told = mistakes(tmp_path, DEV + more)
    assert any(said in one for one in told), told


def test_a_url_of_the_groups_service_needs_no_address(tmp_path: Path) -> None:
    more = "      auto_scaling_group: {name: web}\n      health: {url: {url: 'https://www.example.com/'}}\n"
    deploy = load(tmp_path, DEV + more)["channels"]["dev"]["deploy"]
    assert deploy["auto_scaling_group"] == {"name": "web", "min_healthy_percentage": 90, "checkpoint_percentages": []}
