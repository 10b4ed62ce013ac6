# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every type with every AMI of its architecture, in every subnet, with every user data; each cell with a name of its own."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.matrix import Cell, make_cells

TYPES = {"t3.small": ["x86_64"], "m7i.large": ["x86_64"], "t4g.small": ["arm64"], "t2.small": ["i386", "x86_64"]}


def ami(image_id: str, architecture: str = "x86_64") -> Ami:
    given = {field.name: None for field in dataclasses.fields(Ami)}
    told = {"place": Place("1" * 12, "eu-west-1"), "image_id": image_id, "architecture": architecture}
    return Ami(**t.cast(dict[str, t.Any], {**given, **told}))


def cells(*amis: Ami, types: list[str], subnets: list[str] | None = None, data: list[str] | None = None) -> list[Cell]:
    return list(make_cells(amis or (ami("ami-1"),), types, subnets or [], data or [], TYPES))


def test_one_of_each() -> None:
    found = cells(types=["t3.small", "t2.small", "t3.small"])
    assert [one.name for one in found] == ["t3.small", "t2.small"]
    assert {(one.ami.image_id, one.subnet_id, one.user_data) for one in found} == {("ami-1", None, None)}


def test_types_times_subnets_times_user_data() -> None:
    found = cells(types=["t3.small", "m7i.large"], subnets=["subnet-a", "subnet-b"], data=["/x/one.sh", "/y/two.yaml"])
    assert len(found) == 8
    assert len({one.name for one in found}) == 8
    assert found[0].name == "t3.small-subnet-a-one"
    assert (found[-1].subnet_id, found[-1].user_data) == ("subnet-b", "/y/two.yaml")


def test_user_data_of_one_name_gets_names_of_its_own() -> None:
    assert [one.name for one in cells(types=["t3.small"], data=["/x/data", "/y/data"])] == [
        "t3.small-data1",
        "t3.small-data2",
    ]
    (odd,) = cells(types=["t3.small"], data=["/x/a b/c:d.txt"])
    assert odd.name == "t3.small-c_d"


def test_a_type_goes_with_the_amis_that_it_runs() -> None:
    found = cells(ami("ami-1"), ami("ami-2", "arm64"), types=["t3.small", "t4g.small"])
    assert [(one.ami.image_id, one.instance_type) for one in found] == [("ami-1", "t3.small"), ("ami-2", "t4g.small")]
    assert [one.name for one in found] == ["ami-1-t3.small", "ami-2-t4g.small"]


@pytest.mark.parametrize(
    ("architecture", "types", "said"),
    [
        ("x86_64", ["t3.small", "t4g.small"], "t4g.small runs arm64, and the AMIs are x86_64"),
        ("arm64", ["t3.small"], "t3.small runs x86_64, and the AMIs are arm64"),
    ],
)
def test_a_type_that_runs_none_is_refused(architecture: str, types: list[str], said: str) -> None:
    with pytest.raises(TestError, match=said):
        cells(ami("ami-1", architecture), types=types)


def test_an_ami_that_no_type_runs_is_refused() -> None:
    with pytest.raises(TestError, match="none of t3.small runs ami-2, which is arm64"):
        cells(ami("ami-1"), ami("ami-2", "arm64"), types=["t3.small"])
