# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Suites have names, files and a digest that sees every change, and only a change."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import digest_of, read_suites


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    for name in ("goss.yaml", "test_site.py", "verify.yml"):
        file = tmp_path / "image" / name.partition(".")[0] / name
        file.parent.mkdir(parents=True)
        file.write_text(name)
    return tmp_path / "image"


def given(path: Path, **more: t.Any) -> dict[str, t.Any]:
    return {"engine": "goss", "path": str(path), "run_on": None, "name": None, **more}


def test_a_suite_is_called_like_its_file_and_those_of_the_builder_are_left_out(tests: Path) -> None:
    found = read_suites(
        [
            given(tests / "goss" / "goss.yaml"),
            given(tests / "verify" / "verify.yml", engine="ansible", run_on=["builder"]),
            given(tests / "test_site", engine="testinfra", name="site", run_on=["instance", "builder"]),
        ]
    )
    assert [(one.name, one.engine, one.root.name) for one in found] == [
        ("goss", "goss", "goss"),
        ("site", "testinfra", "test_site"),
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"path": "/nowhere/goss.yaml"}, "/nowhere/goss.yaml does not exist"),
        ({"name": "ready"}, "cannot be the name of a suite"),
        ({"name": "check-mode"}, "cannot be the name of a suite"),
        ({"name": "a/b"}, "cannot be the name of a suite"),
        ({}, "two are called goss"),
    ],
)
def test_what_cannot_be_meant_is_refused(tests: Path, more: dict[str, t.Any], said: str) -> None:
    good = given(tests / "goss" / "goss.yaml")
    with pytest.raises(TestError, match=said):
        read_suites([good, {**good, **more}])


def test_the_digest_sees_a_change_beside_the_file_and_not_where_it_is(tests: Path, tmp_path: Path) -> None:
    def digest(root: Path, **more: t.Any) -> str:
        return digest_of(read_suites([given(root / "goss" / "goss.yaml")]), more)

    first = digest(tests, matrix=["t3.small"])
    moved = tests.rename(tmp_path / "elsewhere")
    assert digest(moved, matrix=["t3.small"]) == first
    assert digest(moved, matrix=["t3.small", "t3.large"]) != first
    (moved / "goss" / "included.yaml").write_text("more")
    second = digest(moved, matrix=["t3.small"])
    assert second != first
    (moved / "goss" / "__pycache__").mkdir()
    (moved / "goss" / "__pycache__" / "x.pyc").write_text("x")
    assert digest(moved, matrix=["t3.small"]) == second


def test_the_order_of_suites_counts(tests: Path) -> None:
    one, two = read_suites([given(tests / "goss" / "goss.yaml"), given(tests / "verify" / "verify.yml")])
    assert digest_of([one, two], {}) != digest_of([two, one], {})
