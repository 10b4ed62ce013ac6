# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``--day``: without the tests that are marked ``night``, which take minutes each.

``./taskw test`` runs a suite so, since it has to end in about an hour; the suite's own chore runs all of it. A suite takes part
by naming these hooks in its ``conftest.py``.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--day", action="store_true", help="leave out the tests that are marked night")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "night: a test that --day leaves out")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--day"):
        late = [item for item in items if item.get_closest_marker("night")]
        config.hook.pytest_deselected(items=late)
        items[:] = [item for item in items if item not in late]
