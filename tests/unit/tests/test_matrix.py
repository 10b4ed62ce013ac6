# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix counts what ran, says what did not, and fails when something did."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from matrix import environments, run
from matrix.environments import Release
from matrix.run import Counts, Row

RELEASE = Release("2.20.10", "13.8.0", "10.3.2", ("3.12", "3.13"))
MATRIX = Path(run.__file__).parent / "matrix.yml"


def test_pins_without_hashes_and_without_ansible(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "ansible==12.3.0 ; python_full_version < '3.12' \\\n    --hash=sha256:1\n"
        "ansible-core==2.19.14 \\\n    --hash=sha256:2\n"
        "boto3==1.44.5 \\\n    --hash=sha256:3 \\\n    --hash=sha256:4\n"
        "ansible-lint==26.1.0 ; sys_platform != 'win32' \\\n    --hash=sha256:5\n"
    )

    assert environments.pins([lock]) == ["ansible-lint==26.1.0 ; sys_platform != 'win32'", "boto3==1.44.5"]


REPORT = '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" /></testsuites>'


def test_counts_of_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    assert run.read_counts(report, 1) == Counts(passed=4, failed=3, skipped=3, rc=1)


def test_no_report_is_no_success(tmp_path: Path) -> None:
    counts = run.read_counts(tmp_path / "none.xml", 0)

    assert counts.rc != 0
    assert "broken" in str(counts)


def test_no_tests_is_no_success(tmp_path: Path) -> None:
    """pytest's 5: a suite that collects nothing proves nothing."""
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="0" /></testsuites>')

    assert str(run.read_counts(report, 5)) == "broken (pytest ended with 5)"


def test_a_python_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_python", lambda version: None)
    row = Row(RELEASE, "3.12")

    run.run_row(row, [], ["unit"], 1)

    assert (row.note, row.failed) == ("not on this machine", False)


def test_a_python_that_the_release_does_not_run_on_is_said() -> None:
    row = Row(RELEASE, "3.11")

    run.run_row(row, [], ["unit"], 1)

    assert (row.note, row.failed) == ("ansible-core 2.20 does not run on it", False)


@pytest.mark.parametrize(("rc", "failed"), [(0, False), (1, True), (2, True), (5, True)])
def test_a_row_fails_with_its_suites(monkeypatch: pytest.MonkeyPatch, rc: int, failed: bool) -> None:
    monkeypatch.setattr(run, "find_python", lambda version: Path("/python"))
    monkeypatch.setattr(run, "make", lambda *arguments: Path("/environment/bin/python"))
    monkeypatch.setattr(run, "run_suite", lambda *arguments: Counts(1, 0, 0, rc))
    row = Row(RELEASE, "3.12")

    run.run_row(row, [], ["unit", "integration"], 1)

    assert row.failed is failed


def test_other_versions_than_stated_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> Path:
        raise environments.WrongVersions("10.3.1 is installed")

    monkeypatch.setattr(run, "find_python", lambda version: Path("/python"))
    monkeypatch.setattr(run, "make", refuse)
    row = Row(RELEASE, "3.12")

    run.run_row(row, [], ["unit"], 1)

    assert row.failed
    assert "10.3.1 is installed" in row.note


def test_table() -> None:
    ran = Row(RELEASE, "3.13", {"unit": Counts(500, 1, 2, 1)}, 61.4)
    absent = Row(RELEASE, "3.12", note="not on this machine")

    assert [" ".join(line.split()) for line in run.table([ran, absent], ["unit"])] == [
        "core/Python amazon.aws unit seconds",
        "2.20/3.13 10.3.2 500 passed, 1 failed, 2 skipped 61",
        "2.20/3.12 10.3.2 not on this machine",
    ]


def test_finds_the_python_that_runs_this() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"

    assert environments.find_python(version) is not None
    assert environments.find_python("3.99") is None


def test_what_is_stated_is_what_the_readme_and_the_collection_say() -> None:
    stated = yaml.safe_load(MATRIX.read_text())
    root = MATRIX.parents[2]
    runtime = yaml.safe_load((root / "meta" / "runtime.yml").read_text())["requires_ansible"]
    lowest = ".".join(stated["releases"][0]["ansible_core"].split(".")[:2])

    assert runtime == f">={lowest}.0"
    dependency = yaml.safe_load((root / "galaxy.yml").read_text())["dependencies"]["amazon.aws"]
    assert stated["releases"][0]["amazon_aws"].startswith(dependency.removeprefix(">=").rpartition(".")[0])
    readme = (root / "README.md").read_text()
    for release in stated["releases"]:
        for python in release["pythons"]:
            series = ".".join(release["ansible_core"].split(".")[:2])
            assert f"| {series} | {release['amazon_aws']} | {python} |" in readme
