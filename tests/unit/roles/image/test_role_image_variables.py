# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says is worked out by its variables."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

VARIABLES = Path(__file__).parents[4] / "roles/image/vars/main.yml"


def worked_out(name: str, **given: t.Any) -> t.Any:
    loader = DataLoader()
    values = loader.load_from_file(str(VARIABLES), trusted_as_template=True)
    return Templar(loader, variables={**values, "ansible_check_mode": False, **given}).template(values[name])


def test_what_was_kept_is_told_with_the_way_into_it_or_that_there_is_none() -> None:
    kept = [
        {"run_id": "golden-1", "image": "web", "ssh": "ssh -i key admin@192.0.2.7"},
        {"run_id": "golden-2", "image": "web", "ssh": None},
    ]
    assert worked_out("__image_swept", image_sweep={"removed": [], "kept": kept, "foreign": []}) == [
        "Removed nothing",
        "Kept until image_sweep_kept=true: web golden-1 ssh -i key admin@192.0.2.7",
        "Kept until image_sweep_kept=true: web golden-2 (no way to log in is known)",
    ]


SUITES = [
    {"engine": "goss", "path": "/web/goss.yaml", "run_on": ["builder", "instance"], "name": "goss"},
    {"engine": "testinfra", "path": "/web/test_web.py", "run_on": ["instance"], "name": "test_web"},
]


def image(suites: list[dict[str, t.Any]], **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": "web",
        "base": {"id": "ami-12345678"},
        "provision": {"roles": ["web"], "variables": {"greeting": "hello"}},
        "hooks": {"before": [], "after": [{"name": "audit", "run": "audit"}], "after_sysprep": []},
        "tests": {"suites": suites, "timeout": 600, "instance_types": ["t3.small"]},
        **more,
    }


def test_suites_of_the_builder_run_after_the_hooks_and_with_the_variables_of_the_build() -> None:
    given = {"role_path": "/role", "packer_goss": "/cache/goss", "__image_state_directory": "/state"}
    told = worked_out("__image_hook_variables", image_definition=image(SUITES), **given)
    assert told["sysprep_hooks_before"] == ["audit", "/role/files/packer/tests.yml"]
    # What is wrong with their files is told first of all.
    assert told["image_hooks_before"] == ["/role/files/packer/read_tests.yml"]
    assert told["image_playbook"] == "/role/files/packer/provision.yml"
    assert told["image_tests"]["suites"] == [{"engine": "goss", "path": "/web/goss.yaml", "name": "goss"}]
    assert told["image_tests"]["variables"] == ["greeting"]
    assert (told["image_tests"]["goss"], told["image_tests"]["timeout"]) == ("/cache/goss", 600)
    assert told["image_tests"]["results_dir"] == "/state/tests/web/builder"


def test_without_suites_of_the_builder_nothing_is_told_of_tests_and_no_goss_is_wanted() -> None:
    definition = image(SUITES[1:])
    told = worked_out("__image_hook_variables", image_definition=definition, role_path="/role")
    assert (told["sysprep_hooks_before"], told["image_tests"]) == (["audit"], {})
    assert (told["image_hooks_before"], told["image_playbook"]) == ([], "")
    assert worked_out("__image_builder_goss", image_definition=definition) is False


def test_goss_is_wanted_when_a_suite_of_the_builder_is_its() -> None:
    assert worked_out("__image_builder_goss", image_definition=image(SUITES)) is True


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t3.small", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("p4de.24xlarge", "x86_64"),
        ("t4g.small", "arm64"),
        ("c7gn.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("a1.medium", "arm64"),
        ("g5g.xlarge", "arm64"),
    ],
)
def test_an_instance_type_says_what_runs_on_it(instance_type: str, architecture: str) -> None:
    definition = image([])
    definition["tests"]["instance_types"] = [instance_type]
    assert worked_out("__image_architecture", image_definition=definition) == architecture


def test_without_a_base_it_does_as_well() -> None:
    assert worked_out("__image_architecture", image_definition=image([], base=None)) == "x86_64"


def test_what_the_base_says_comes_first() -> None:
    definition = image([], base={"owners": ["self"], "name": "base-*", "architecture": "arm64"})
    assert worked_out("__image_architecture", image_definition=definition) == "arm64"


def test_tests_on_instances_have_the_variables_of_the_build() -> None:
    assert [one["name"] for one in worked_out("__image_test_suites", image_definition=image(SUITES))] == [
        "goss",
        "test_web",
    ]
    roles = image(SUITES, template=None)
    assert worked_out("__image_test_variables", image_definition=roles) == {"greeting": "hello", "image_roles": ["web"]}
    playbook = image(SUITES, template=None, provision={"playbook": "/p.yml", "variables": {"greeting": "bye"}})
    assert worked_out("__image_test_variables", image_definition=playbook) == {"greeting": "bye"}
    own = image(SUITES, template="/web/web.pkr.hcl", variables={"release": "2"})
    assert worked_out("__image_test_variables", image_definition=own) == {"release": "2"}
