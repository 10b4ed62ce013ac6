# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps of a log are shown with their time, and nothing else of it."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils import _steps


def test_steps_are_shown_and_what_is_the_last_when_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(_steps, "show", shown.append)
    steps = _steps.Steps("the work")
    steps._idle()
    steps.line("09:30:00 ==> golden.ami: [0:00] launched i-1")
    steps.line("09:30:01 something else")
    steps._idle()
    assert [line.partition(")")[2] or line.partition("] ")[2] for line in shown] == [
        "; the last was the work",
        "launched i-1",
        "; the last was launched i-1",
    ]
