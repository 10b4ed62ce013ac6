# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows that lay faults on calls have in common: the faults, which go with the row, and what it found out."""

from __future__ import annotations

import collections.abc as c

import pytest
from harness.faults import Faults
from reliability.ground import Row


@pytest.fixture
def faults(row: Row) -> c.Iterator[Faults]:
    """The faults of the row's cloud. Those that a row has not taken away itself go before it is looked what is left."""
    made = Faults(row.cloud)
    yield made
    made.clear()


@pytest.fixture
def found(request: pytest.FixtureRequest) -> c.Iterator[list[str]]:
    """Lines for the reader: how this row ended, where several ways are right."""
    lines: list[str] = []
    yield lines
    request.node.user_properties.append(("found", "\n".join(lines)))
