# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the reliability suite: whatever happens to a build, nothing is left and the truth is told.

Each test here is a row of a class, and says so: ``@pytest.mark.row("signals")``; with ``representative=True`` it is the one
that ``--one-per-class`` runs (else the first). It takes the fixture ``row``, which has a ``bench`` to build on, and
after the test looks for everything that was not there before. A row whose outcome is an AMI says so with
``row.good(result, "web")``, which looks whether it is a whole one and takes it away.
"""

from __future__ import annotations

import collections.abc as c
import json
import time
from pathlib import Path

import pytest
from harness.builds import Bench
from harness.cloud import Cloud
from harness.fixtures import cloud
from reliability.faulty import faults, found
from reliability.ground import Row
from reliability.summary import Report, lines, table

__all__ = ["cloud", "faults", "found"]

_reports: list[Report] = []
# How rows ended where several ways are right.
_found: list[str] = []
_began = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-per-class", action="store_true", help="run one representative row of each class")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "row(cls, representative=False): a row of the reliability suite, of this class of faults"
    )


def _class(item: pytest.Item) -> str:
    mark = item.get_closest_marker("row")
    if mark is None:
        raise pytest.UsageError(f"{item.nodeid} does not say which class of rows it is of: @pytest.mark.row(…)")
    return str(mark.args[0])


def _stands_for_its_class(item: pytest.Item) -> bool:
    return any(mark.kwargs.get("representative") for mark in item.iter_markers("row"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        item.user_properties.append(("class", _class(item)))
    if not config.getoption("--one-per-class"):
        return
    chosen: dict[str, pytest.Item] = {}
    # The first of those that stand for their class, else the first of all.
    for item in sorted(items, key=lambda one: not _stands_for_its_class(one)):
        chosen.setdefault(_class(item), item)
    kept = list(chosen.values())
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    told = dict(report.user_properties)
    if "class" not in told:
        return
    if report.when == "teardown" and told.get("found"):
        _found.append(str(told["found"]))
    leaked = int(str(told.get("leaked", 0))) if report.when == "teardown" else 0
    _reports.append(
        Report(report.nodeid, str(told["class"]), str(report.when), report.outcome, report.duration, leaked)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _reports:
        terminalreporter.section("reliability")
        for text in sorted(_found):
            terminalreporter.write_line(text)
        for text in table(lines(_reports), time.monotonic() - _began):
            terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def ready(cloud: Cloud) -> Cloud:
    """The cloud with the image of its instances at hand, so that no row waits for it."""
    wanted = json.dumps({"local_cloud_base_images": ["debian-12"]})
    up = cloud.play("local_cloud.yml", "-e", wanted)
    assert up.rc == 0, up.output
    return cloud


@pytest.fixture
def row(ready: Cloud, tmp_path: Path, request: pytest.FixtureRequest) -> c.Iterator[Row]:
    """A row, and after it the inventory: what is left fails it, and is counted and taken away."""
    bench = Bench(ready, tmp_path)
    made = Row(ready, bench)
    yield made
    left = made.left()
    request.node.user_properties.append(("leaked", sum(map(len, left.values()))))
    if left:
        made.remove(left)
    bench.remove()
    assert not left, f"this is left: {left}"
