# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import signal
import time
from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile
from ansible_collections.golden.ami.plugins.plugin_utils._screen import Heartbeat

MEANT_FOR_THE_MAIN_THREAD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def blocked_here() -> set[int]:
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])}


def test_what_is_shown_beside_a_task_takes_no_signal_from_it(tmp_path: Path) -> None:
    before = blocked_here()
    seen: list[set[int]] = []
    path = tmp_path / "log"
    with (
        Heartbeat(lambda: seen.append(blocked_here()), idle=0.01) as heartbeat,
        LiveFile(path, lambda _line: seen.append(blocked_here()), interval=0.01),
    ):
        heartbeat.beat()
        path.write_text("one\n")
        end = time.monotonic() + 60
        while len(seen) < 2 and time.monotonic() < end:
            time.sleep(0.01)
    assert len(seen) >= 2
    assert all(blocked >= MEANT_FOR_THE_MAIN_THREAD for blocked in seen)
    assert blocked_here() == before
