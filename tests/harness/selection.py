# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``--one-row``: of a test with many rows those that are marked ``representative``, or the first, where none is.
``--day``: without the tests that are marked ``night``, which take minutes each.

``./taskw test`` runs the tests that start machines so, since it has to end in about an hour; their own chores run all of it.
A suite takes part by naming these hooks in its ``conftest.py``.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-row", action="store_true", help="run one row of each test that has many")
    parser.addoption("--day", action="store_true", help="leave out the tests that are marked night")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "representative: a row that --one-row runs")
    config.addinivalue_line("markers", "night: a test that --day leaves out")


def selected(rows: list[tuple[str, bool]]) -> list[int]:
    """Which rows stay, by their places: each is told with the test that it is of, and whether it stands for it."""
    standing = {test for test, representative in rows if representative}
    kept: list[int] = []
    seen: set[str] = set()
    for place, (test, representative) in enumerate(rows):
        if representative or (test not in standing and test not in seen):
            kept.append(place)
        seen.add(test)
    return kept


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = items[:]
    if config.getoption("--day"):
        kept = [item for item in kept if not item.get_closest_marker("night")]
    if config.getoption("--one-row"):
        rows = [(item.nodeid.partition("[")[0], item.get_closest_marker("representative") is not None) for item in kept]
        kept = [kept[place] for place in selected(rows)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
