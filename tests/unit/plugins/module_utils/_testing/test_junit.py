# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written is what a strict reader takes, and what is read back is the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case, Ran
from ansible_collections.golden.ami.plugins.module_utils._testing.junit import NotJUnit, read, render
from harness.junit import faults

CASES = (
    Case("good", seconds=1.5, subject="Service"),
    Case("bad", "failed", "first line\nsecond", "the whole story", 0.25),
    Case("worse", "error", "it broke"),
    Case("left out", "skipped", "not here"),
    Case('odd <&> "\x00\x1b[31m\ud800', "failed", "odd <&> \x07", "]]> \x00"),
)


def report(cases: tuple[Case, ...] = CASES) -> str:
    return render("web t3.small", Ran("goss", "goss", "boot", cases, 2.0), "2026-11-21T09:30:00", {"ami": "ami-1"})


def test_a_strict_reader_finds_nothing_wrong() -> None:
    assert faults(report()) == []
    assert faults(report(())) == []


def test_the_reader_can_find_something() -> None:
    assert faults(report().replace('tests="5"', 'tests="4"'))
    assert faults(report().replace("testcase", "case"))
    assert faults("no XML")


def test_counts_and_words() -> None:
    root = ET.fromstring(report())
    (suite,) = root
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "2",
        "errors": "1",
        "skipped": "1",
    }
    failure = suite.findall("testcase")[1].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("first line", "the whole story")
    assert [(one.get("name"), one.get("value")) for one in suite.iter("property")] == [("ami", "ami-1")]


def test_read_back() -> None:
    found = read(report())
    assert [(one.name, one.outcome) for one in found[:4]] == [
        ("good", "passed"),
        ("bad", "failed"),
        ("worse", "error"),
        ("left out", "skipped"),
    ]
    assert (found[0].seconds, found[0].subject, found[3].message) == (1.5, "Service", "not here")


@pytest.mark.parametrize("text", ["", "<testsuite>", "no XML", "<html/>"])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(NotJUnit):
        read(text)
