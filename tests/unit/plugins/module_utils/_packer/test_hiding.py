# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is secret shows neither where a result repeats the options nor in its texts; facts of the module's own do."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.hiding import Given
from ansible_collections.golden.ami.plugins.module_utils._packer.options import BUILD_ARGUMENT_SPEC, read_build_options
from ansible_collections.golden.ami.plugins.module_utils._packer.secrets import HIDDEN
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template

DECLARED = """
variable "db_name" { sensitive = true }
variable "pin" { sensitive = true }
variable "size" {}
"""


class Module:
    """What is used of AnsibleAWSModule."""

    region = "eu-west-1"

    def __init__(self, **given: t.Any) -> None:
        self.params = {name: option.get("default") for name, option in BUILD_ARGUMENT_SPEC.items()}
        self.params.update({"name": "wordpress", "access_key": "AKIDLOCAL", **given})
        self.no_log_values: set[str] = set()


def read(module: Module, path: pathlib.Path, declared: str = DECLARED) -> Given:
    file = path / "image.pkr.hcl"
    file.write_text(declared)
    module.params["template"] = str(file)
    given = Given(module)
    given.show_harmless(read_build_options(given), load_template(str(file)))
    return given


def test_before_the_template_is_read_every_value_is_hidden() -> None:
    module = Module(variables={"size": 8}, placements=[{"subnet": "subnet-1"}], environment={"A": "b"})
    given = Given(module)
    assert module.params["variables"] == {"size": HIDDEN}
    assert module.params["placements"] == [{"subnet": HIDDEN}]
    assert module.params["environment"] == {"A": HIDDEN}
    assert given.params["variables"] == {"size": 8}


def test_then_only_what_is_sensitive_be_it_short_or_repeated_elsewhere(tmp_path: pathlib.Path) -> None:
    module = Module(
        variables={"db_name": "wordpress", "pin": 12, "size": 8},
        placements=[{"pin": 13, "size": 9}],
        environment={"A": "b", "API_TOKEN": "xyz"},
        secret_variables={"key": "abc"},
        tags={"for": "the wordpress database"},
    )
    given = read(module, tmp_path)
    assert module.params["variables"] == {"db_name": HIDDEN, "pin": HIDDEN, "size": 8}
    assert module.params["placements"] == [{"pin": HIDDEN, "size": 9}]
    assert module.params["environment"] == {"A": "b", "API_TOKEN": HIDDEN}
    assert module.params["secret_variables"] == {"key": HIDDEN}
    assert module.params["tags"] == {"for": "the ******** database"}
    assert module.params["access_key"] == "AKIDLOCAL"
    assert module.no_log_values == set(), "so Ansible leaves the image's name alone"
    assert given.params["variables"]["pin"] == 12


def test_of_a_template_that_is_broken_all_stays_hidden(tmp_path: pathlib.Path) -> None:
    module = Module(variables={"size": 8})
    read(module, tmp_path, 'variable "size" {\n  sensitive = true\n')
    assert module.params["variables"] == {"size": HIDDEN}


def test_texts_are_masked_and_facts_are_not(tmp_path: pathlib.Path) -> None:
    module = Module(variables={"db_name": "wordpress"})
    given = read(module, tmp_path)
    said = "the database wordpress is gone"
    with pytest.raises(PackerError) as told, given.hidden():
        raise PackerError(
            said, image="wordpress", last_lines=[said], diagnostics=[{"detail": said, "line": 1}], leftovers=[]
        )
    masked = "the database ******** is gone"
    assert str(told.value) == masked
    assert told.value.result == {
        "image": "wordpress",
        "last_lines": [masked],
        "diagnostics": [{"detail": masked, "line": 1}],
        "leftovers": [],
    }


def test_what_aws_says_is_left_to_ansible(tmp_path: pathlib.Path) -> None:
    module = Module(variables={"db_name": "wordpress"})
    with pytest.raises(AmiError), read(module, tmp_path).hidden():
        raise AmiError("tag it")
    assert module.no_log_values == {"wordpress"}


def test_a_secret_variable_does_not_blank_out_a_version(tmp_path: pathlib.Path) -> None:
    module = Module(secret_variables={"year": "2026", "password": "hunter22"})
    module.no_log_values = {"2026", "hunter22", "west"}
    given = read(module, tmp_path)
    given.legible({"version": "20261121093000", "artifacts": [{"ami_id": "ami-1", "snapshot_ids": ["snap-1"]}]})
    assert module.no_log_values == {"hunter22"}
