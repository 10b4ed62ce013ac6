# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads beside a task that must hear signals.

Note that this plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import signal
import threading

_MEANT_FOR_THE_MAIN_THREAD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def start_without_signals(thread: threading.Thread) -> None:
    """Start a thread to which the kernel gives no INT, TERM or HUP.

    Python's handlers run in the main thread. While that waits for a module, only a signal of its own wakes it: one
    that another thread got would be heard when the module has ended.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _MEANT_FOR_THE_MAIN_THREAD)
    try:
        # A thread begins with the mask of the one that starts it.
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
