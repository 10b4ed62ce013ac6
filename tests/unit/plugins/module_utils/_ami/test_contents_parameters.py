# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters that keep what is inside a version."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import contents_parameters
from ansible_collections.golden.ami.plugins.module_utils._ami.contents_parameters import (
    names_of_contents,
    parts_told,
    read_contents,
    versions_with_contents,
    write_contents,
)

PATH = "/golden/web/contents/1.0"


class Ssm:
    """Parameters in memory; C(denied) is a name that cannot be written."""

    def __init__(self, denied: str | None = None, **values: str) -> None:
        self.values = {f"{PATH}/{name}": value for name, value in values.items()}
        self.denied = denied

    def get_paginator(self, _operation: str) -> t.Any:
        return self

    def paginate(self, *, Path: str, Recursive: bool) -> t.Any:  # noqa: N803
        start = f"{Path}/"
        names = [name for name in self.values if name.startswith(start) and "/" not in name.removeprefix(start)]
        assert not Recursive
        yield {"Parameters": [{"Name": name, "Value": self.values[name]} for name in names]}

    def get_parameters(self, *, Names: list[str]) -> t.Any:  # noqa: N803
        return {"Parameters": [{"Name": name, "Value": self.values[name]} for name in Names if name in self.values]}

    def put_parameter(self, **given: t.Any) -> None:
        assert given["Overwrite"]
        assert "Tier" not in given
        if given["Name"] == self.denied:
            raise RuntimeError("denied")
        self.values[given["Name"]] = given["Value"]

    def delete_parameters(self, *, Names: list[str]) -> None:  # noqa: N803
        for name in Names:
            del self.values[name]


def test_a_smaller_one_takes_the_place_of_a_larger_one() -> None:
    ssm = Ssm(**{"1": "a", "2": "b", "3": "c", "more": "d", "arm/1": "e"})
    assert write_contents(ssm, "web", "1.0", ["x"]) == [f"{PATH}/1"]
    assert ssm.values == {f"{PATH}/1": "x", f"{PATH}/more": "d", f"{PATH}/arm/1": "e"}
    assert read_contents(ssm, "web", "1.0") == {1: "x"}
    assert read_contents(ssm, "web", "1.0/arm") == {1: "e"}


def test_half_written_nothing_is_there_that_the_first_one_does_not_tell() -> None:
    """What goes with a version is found by its first parameter."""
    ssm = Ssm(denied=f"{PATH}/1", **{"1": "golden.ami contents 1/1 0123456789abcdef\n", "2": "b", "3": "c"})
    with pytest.raises(RuntimeError):
        write_contents(ssm, "web", "1.0", ["x"])
    assert set(ssm.values) == {f"{PATH}/1"}


def test_names_of_several_versions() -> None:
    first = "golden.ami contents 1/3 0123456789abcdef\nAAAA"
    ssm = Ssm(**{"1": first, "arm/1": "somebody's"})
    names = names_of_contents(ssm, [("web", "1.0"), ("web", "1.0/arm"), ("web", "2.0")])
    assert names == [f"{PATH}/1", f"{PATH}/2", f"{PATH}/3", f"{PATH}/arm/1"]
    assert names_of_contents(None, []) == []


@pytest.mark.parametrize(
    ("value", "parts"), [("golden.ami contents 2/12 0123456789abcdef\nA", 12), ("", 1), ("ami-1", 1)]
)
def test_how_many_there_are(value: str, parts: int) -> None:
    assert parts_told(value) == parts


def test_versions_by_names_of_parameters() -> None:
    names = [
        f"{PATH}/1",
        f"{PATH}/2",
        "/golden/web/contents/2.0/arm/1",
        "/golden/web/versions/3.0",
        "/golden/web/contents/x",
    ]
    assert versions_with_contents("web", names) == ["2.0/arm", "1.0"]
    assert contents_parameters.contents_path("web", "1.0") == PATH
