# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a run says: JUnit files, a summary, lines for a person, and why it failed."""

from __future__ import annotations

import collections.abc as c
import datetime
import json
import pathlib
import typing as t

from .._ami import table
from .._packer.state import make_private
from . import junit
from .cases import Ran
from .cell_run import CellRun

# How many failing tests a message tells.
_TOLD = 20

Result = dict[str, t.Any]
Outcome = t.Literal["passed", "failed", "incomplete"]


def file_of(directory: pathlib.Path, run: CellRun, ran: Ran) -> pathlib.Path:
    return directory / f"{run.cell.name}-{ran.phase}-{ran.suite}.xml"


def write_reports(directory: pathlib.Path, image: str, runs: c.Sequence[CellRun], now: datetime.datetime) -> None:
    """One JUnit file for each suite, phase and cell."""
    make_private(directory)
    for run in runs:
        about = {"image": image, "ami": run.cell.ami.image_id, "instance_type": run.cell.instance_type}
        for ran in run.ran:
            name = f"{image} {run.cell.name} {ran.phase} {ran.suite}"
            text = junit.render(name, ran, now.strftime("%Y-%m-%dT%H:%M:%S"), {**about, "phase": ran.phase})
            file_of(directory, run, ran).write_text(
                f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', encoding="utf-8"
            )


def remove_old(directory: pathlib.Path) -> None:
    """Reports of an earlier run, which a reader would take for those of this one."""
    for file in [*directory.glob("*-boot-*"), *directory.glob("*-reboot-*"), directory / "summary.json"]:
        if file.suffix in {".xml", ".log", ".json"}:
            file.unlink(missing_ok=True)


def outcome_of(runs: c.Sequence[CellRun]) -> Outcome:
    """C(failed) when a test did; C(incomplete) when only an instance was missing, or AWS: that says nothing about the AMI."""
    outcomes = {run.outcome for run in runs}
    if "failed" in outcomes:
        return "failed"
    return "passed" if outcomes == {"passed"} else "incomplete"


def failures(runs: c.Sequence[CellRun]) -> list[str]:
    """Each failing test in a line or a few: where, which, and what it says."""
    told = []
    for run in runs:
        if run.not_launched:
            told.append(f"{run.cell.name}: no instance: {run.not_launched}")
        if run.broken_off:
            told.append(f"{run.cell.name}: broken off: {run.broken_off}")
        for ran in run.ran:
            for case in ran.bad:
                first, *rest = case.lines()
                told.append(
                    "\n".join([f"{run.cell.name} {ran.phase} {ran.suite}: {first}", *(f"    {one}" for one in rest)])
                )
    return told


def message(named: str, runs: c.Sequence[CellRun], directory: pathlib.Path) -> str:
    """The task's error."""
    lines = failures(runs)
    more = [f"  and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    shown = [f"  {line}" for entry in lines[:_TOLD] for line in entry.splitlines()]
    if outcome_of(runs) == "incomplete":
        head = f"{named} could not be tested on every instance that it is to be tested on. What was tested passed."
        end = "It is not tagged as tested: name another instance type or subnet, or run it again later."
    else:
        head = f"{named} failed its tests."
        end = (
            "It is tagged golden:tested=failed, so that it is not shared, copied or promoted. Build a version that passes; or,"
            " if the tests are wrong, correct them and test it again."
        )
    return "\n".join([head, *shown, *more, end, f"Reports: {directory}"])


def cell_line(directory: pathlib.Path, run: CellRun) -> Result:
    """A cell, for results."""
    return {
        **run.cell.line(),
        "instance_id": run.instance_id,
        "outcome": run.outcome,
        "not_launched": run.not_launched,
        "broken_off": run.broken_off,
        "ssh_seconds": _rounded(run.ssh_seconds),
        "ready_seconds": _rounded(run.ready_seconds),
        "reboot_seconds": _rounded(run.reboot_seconds),
        "boot_seconds": run.contents.boot_seconds if run.contents else None,
        "disk_bytes": run.contents.disk_bytes if run.contents else None,
        "suites": [_suite_line(directory, run, ran) for ran in run.ran],
    }


def _suite_line(directory: pathlib.Path, run: CellRun, ran: Ran) -> Result:
    return {
        "name": ran.suite,
        "engine": ran.engine,
        "phase": ran.phase,
        "tests": len(ran.cases),
        "failures": ran.count("failed"),
        "errors": ran.count("error"),
        "skipped": ran.count("skipped"),
        "seconds": _rounded(ran.seconds),
        "junit": str(file_of(directory, run, ran)),
        "log": ran.log,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def lines(runs: c.Sequence[CellRun]) -> list[str]:
    """A line for each suite of each cell, for a person."""
    rows: list[tuple[object, ...]] = []
    for run in runs:
        if run.not_launched:
            rows.append((run.cell.name, "", "", "not launched", "", run.not_launched))
        for ran in run.ran:
            verdict = "passed" if ran.passed else "failed"
            good = sum(case.good for case in ran.cases)
            rows.append(
                (run.cell.name, ran.phase, ran.suite, verdict, f"{good}/{len(ran.cases)}", f"{ran.seconds:.1f} s")
            )
        if run.broken_off:
            rows.append((run.cell.name, "", "", "broken off", "", run.broken_off))
        if run.contents and run.contents.boot_seconds is not None:
            disk = f", {run.contents.disk_bytes / 2**20:.0f} MiB on its disk" if run.contents.disk_bytes else ""
            rows.append((run.cell.name, "boot", "", "", "", f"booted in {run.contents.boot_seconds:.1f} s{disk}"))
    return table.lines(rows) if rows else []


def write_summary(directory: pathlib.Path, summary: Result) -> pathlib.Path:
    path = directory / "summary.json"
    path.write_text(json.dumps(summary, indent=2, default=str) + "\n", encoding="utf-8")
    return path
