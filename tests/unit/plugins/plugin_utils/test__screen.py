# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, waiting_for_the_module


def test_silence_until_something_was_shown_and_then_ever_less_often() -> None:
    """However slow the machine is: it is never too early that something is shown, and it comes."""
    beats: list[float] = []
    with Heartbeat(lambda: beats.append(time.monotonic()), idle=0.05, longest=0.2) as heartbeat:
        time.sleep(0.2)
        assert beats == []
        began = time.monotonic()
        heartbeat.beat()
        until = began + 60
        while len(beats) < 4 and time.monotonic() < until:
            time.sleep(0.01)
    shown = [began, *beats]
    pauses = [later - earlier for earlier, later in zip(shown, shown[1:], strict=False)]
    assert len(pauses) >= 4
    assert all(pause >= least for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.2), strict=False))
    known = len(beats)
    heartbeat.beat()
    time.sleep(0.2)
    assert len(beats) == known, "the end is the end"


def test_outside_of_a_worker_signals_are_left_alone() -> None:
    with waiting_for_the_module():
        pass
