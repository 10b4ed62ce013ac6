# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat, waiting_for_the_module


def test_silence_until_something_was_shown_and_then_ever_less_often() -> None:
    beats: list[float] = []
    began = time.monotonic()
    with Heartbeat(lambda: beats.append(time.monotonic() - began), idle=0.1, longest=0.4) as heartbeat:
        time.sleep(0.3)
        assert beats == []
        heartbeat.beat()
        time.sleep(1.0)
    assert 2 <= len(beats) <= 4
    heartbeat.beat()
    time.sleep(0.2)
    assert len(beats) <= 4, "the end is the end"


def test_outside_of_a_worker_signals_are_left_alone() -> None:
    with waiting_for_the_module():
        pass
