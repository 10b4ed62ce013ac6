# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says: files that a strict reader takes, lines for a person, and a message that names what failed."""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents
from ansible_collections.golden.ami.plugins.module_utils._testing import results
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case, Ran
from ansible_collections.golden.ami.plugins.module_utils._testing.cell_run import CellRun
from ansible_collections.golden.ami.plugins.module_utils._testing.matrix import Cell
from harness.junit import faults

NOW = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
GOOD = Ran("goss", "goss", "boot", (Case("a"), Case("b", "skipped")), 0.5, "/log")
BAD = Ran("goss", "goss", "reboot", (Case("a"), Case("b", "failed", "Expected false\nto equal true")), 0.4)


def run(name: str, *ran: Ran, **given: t.Any) -> CellRun:
    known = {field.name: None for field in dataclasses.fields(Ami)}
    told = {"place": Place("1" * 12, "eu-west-1"), "image_id": "ami-1", "tags": {}}
    ami = Ami(**t.cast(dict[str, t.Any], {**known, **told}))
    return CellRun(Cell(name, ami, name), list(ran), **given)


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([run("a", GOOD)], "passed"),
        ([run("a", GOOD), run("b", GOOD, BAD)], "failed"),
        ([run("a", GOOD), run("b", not_launched="no room")], "incomplete"),
        ([run("a", BAD), run("b", not_launched="no room")], "failed"),
        ([run("a", GOOD, broken_off="denied")], "incomplete"),
        ([run("a", BAD, broken_off="denied")], "failed"),
        ([run("a")], "failed"),
    ],
)
def test_only_what_was_tested_can_fail(runs: list[CellRun], outcome: str) -> None:
    assert results.outcome_of(runs) == outcome


def test_a_file_for_each_suite_phase_and_cell(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    results.write_reports(tmp_path / "results", "web", [run("t3.small", GOOD, BAD), run("m7i.large", GOOD)], NOW)
    found = sorted(file.name for file in (tmp_path / "results").iterdir())
    assert found == ["m7i.large-boot-goss.xml", "t3.small-boot-goss.xml", "t3.small-reboot-goss.xml"]
    for name in found:
        text = (tmp_path / "results" / name).read_text()
        assert faults(text) == [], name
        assert 'name="web ' in text


def test_reports_of_an_earlier_run_go_and_nothing_else(tmp_path: Path) -> None:
    old = ["t3.small-boot-goss.xml", "t3.small-reboot-site.log", "summary.json"]
    for name in [*old, "notes-boot-it.txt", "mine.xml"]:
        (tmp_path / name).write_text("x")
    results.remove_old(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.xml", "notes-boot-it.txt"]


def test_the_message_says_where_which_and_why() -> None:
    told = results.message("Version 1 of web (ami-1)", [run("t3.small", GOOD, BAD)], Path("/results"))
    assert told.splitlines() == [
        "Version 1 of web (ami-1) failed its tests.",
        "  t3.small reboot goss: b: Expected false",
        "      to equal true",
        "It is tagged golden:tested=failed, so that it is not shared, copied or promoted. Build a version that passes; or, if the"
        " tests are wrong, correct them and test it again.",
        "Reports: /results",
    ]


def test_what_could_not_be_launched_quarantines_nothing() -> None:
    told = results.message("web", [run("a", GOOD), run("b", not_launched="no room for b")], Path("/results"))
    assert "  b: no instance: no room for b" in told
    assert "It is not tagged as tested" in told
    assert "failed" not in told.splitlines()[0]


def test_of_many_failures_the_first_are_told() -> None:
    many = Ran("goss", "goss", "boot", tuple(Case(f"c{number}", "failed", "no") for number in range(30)))
    lines = results.message("web", [run("a", many)], Path("/r")).splitlines()
    assert "  and 10 more" in lines
    assert len(lines) == 24
    assert len(results.failures([run("a", many)])) == 30


def test_lines_for_a_person() -> None:
    inside = Contents(boot_seconds=4.8, disk_bytes=3 * 2**20)
    lines = results.lines([run("t3.small", GOOD, BAD, contents=inside), run("m7i.large", not_launched="no room")])
    assert lines[0].split() == ["t3.small", "boot", "goss", "passed", "2/2", "0.5", "s"]
    assert lines[1].split()[3:5] == ["failed", "1/2"]
    assert lines[2].endswith("booted in 4.8 s, 3 MiB on its disk")
    assert lines[3].endswith("no room")
    assert results.lines([]) == []


def test_a_cell_and_the_summary(tmp_path: Path) -> None:
    inside = Contents(boot_seconds=4.8, disk_bytes=7)
    line = results.cell_line(tmp_path, run("t3.small", GOOD, contents=inside, instance_id="i-1", ready_seconds=6.123))
    assert (line["outcome"], line["instance_id"], line["ready_seconds"], line["boot_seconds"]) == (
        "passed",
        "i-1",
        6.1,
        4.8,
    )
    (suite,) = line["suites"]
    assert suite["junit"] == str(tmp_path / "t3.small-boot-goss.xml")
    assert (suite["tests"], suite["failures"], suite["skipped"]) == (2, 0, 1)
    path = results.write_summary(tmp_path, {"cells": [line]})
    assert json.loads(path.read_text())["cells"][0]["name"] == "t3.small"
