# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit and integration tests with each supported ansible-core and Python that this machine has; a table at the end.

    python tests/matrix/run.py [--only 2.19/3.11 …] [--suite unit …] [--processes 2]

The exit status is 1 when a test failed, a suite has no tests, or an environment could not be made. A Python that is not on this
machine is said in the table and is no failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from matrix.environments import CACHE, CHECKOUT, Release, WrongVersions, find_python, make

SUITES = ["unit", "integration"]


@dataclass(frozen=True)
class Counts:
    """How a suite ended. ``rc`` is pytest's: 0 is good, 1 means failed tests, 5 that there were none."""

    passed: int
    failed: int
    skipped: int
    rc: int

    def __str__(self) -> str:
        if self.rc not in (0, 1):
            return f"broken (pytest ended with {self.rc})"
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


@dataclass
class Row:
    """One combination: what its suites counted, or why there is nothing to count."""

    release: Release
    python: str
    suites: dict[str, Counts] = field(default_factory=dict)
    seconds: float = 0
    note: str = ""
    failed: bool = False

    @property
    def name(self) -> str:
        return f"{self.release.series}/{self.python}"


def read_counts(report: Path, rc: int) -> Counts:
    """From pytest's report in JUnit's format. Without one the suite did not get as far as running tests."""
    if not report.exists():
        return Counts(0, 0, 0, rc or 3)
    suites = ET.parse(report).getroot().iter("testsuite")
    tests = failed = skipped = 0
    for suite in suites:
        tests += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Counts(tests - failed - skipped, failed, skipped, rc)


def run_suite(interpreter: Path, suite: str, report: Path, processes: int) -> Counts:
    """Run it with the environment's own programs first on PATH."""
    report.unlink(missing_ok=True)
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environment["PATH"] = f"{interpreter.parent}:{environment['PATH']}"
    argv = [str(interpreter), "-m", "pytest", f"tests/{suite}", "-q", f"--junit-xml={report}", "-n", str(processes)]
    done = subprocess.run(argv, cwd=CHECKOUT, env=environment, check=False)
    return read_counts(report, done.returncode)


def run_row(row: Row, packages: list[str], suites: list[str], processes: int) -> None:
    if row.python not in row.release.pythons:
        row.note = f"ansible-core {row.release.series} does not run on it"
        return
    python = find_python(row.python)
    if python is None:
        row.note = "not on this machine"
        return
    began = time.monotonic()
    try:
        interpreter = make(row.release, python, row.python, packages)
    except (subprocess.CalledProcessError, WrongVersions) as error:
        row.note, row.failed = f"no environment: {error}", True
        return
    for suite in suites:
        print(f"== {row.name} {suite}", flush=True)
        report = CACHE / f"{row.release.series}-{row.python}-{suite}.xml"
        row.suites[suite] = run_suite(interpreter, suite, report, processes)
    row.seconds = time.monotonic() - began
    row.failed = any(counts.rc for counts in row.suites.values())


def table(rows: list[Row], suites: list[str]) -> list[str]:
    """The lines of the table that ends a run."""
    lines = [
        f"{'core/Python':<12} {'amazon.aws':<11} " + " ".join(f"{suite:<34}" for suite in suites) + f"{'seconds':>8}"
    ]
    for row in rows:
        head = f"{row.name:<12} {row.release.amazon_aws:<11} "
        if row.note:
            lines.append(head + row.note)
        else:
            cells = " ".join(f"{row.suites[suite]!s:<34}" for suite in suites)
            lines.append(f"{head}{cells}{row.seconds:>8.0f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", metavar="CORE/PYTHON", help="such as 2.19/3.11; can be repeated")
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--processes", type=int, default=2, help="of pytest; each has a local cloud of its own")
    options = parser.parse_args()

    stated = yaml.safe_load((Path(__file__).parent / "matrix.yml").read_text())
    releases = [Release(**{**release, "pythons": tuple(release["pythons"])}) for release in stated["releases"]]
    rows = [Row(release, python) for release in releases for python in stated["pythons"]]
    unknown = set(options.only or []) - {row.name for row in rows}
    if unknown:
        parser.error(f"not in matrix.yml: {', '.join(sorted(unknown))}")
    rows = [row for row in rows if not options.only or row.name in options.only]
    suites = options.suite or SUITES
    for row in rows:
        run_row(row, stated["packages"], suites, options.processes)
    print("\n".join(table(rows, suites)))
    raise SystemExit(1 if any(row.failed for row in rows) else 0)


if __name__ == "__main__":
    main()
