# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show that a long task is alive, and let its module end in peace.

Note that this plugin util is PRIVATE to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import os
import signal
import threading
import time

from ansible import constants as C  # noqa: N812 - its usual name
from ansible.utils.display import Display
from ansible_collections.golden.ami.plugins.plugin_utils._threads import start_without_signals


class Heartbeat:
    """Calls a function when nothing was shown for a while: after C(idle) seconds, then ever less often.

    The first call comes when something was shown at least once; C(beat()) says that something was.
    """

    def __init__(self, on_idle: c.Callable[[], None], *, idle: float = 15.0, longest: float = 60.0) -> None:
        self._on_idle = on_idle
        self._idle = idle
        self._longest = longest
        self._due: float | None = None
        self._pause = idle
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="golden-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        start_without_signals(self._thread)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def beat(self, after: float | None = None) -> None:
        """Start to wait anew: for the usual time, or for so many seconds just this once."""
        self._pause = self._idle
        self._due = time.monotonic() + (self._idle if after is None else after)

    def _run(self) -> None:
        while not self._stop.wait(min(1.0, self._idle)):
            if self._due is not None and time.monotonic() >= self._due:
                self._on_idle()
                self._pause = min(self._pause * 2, self._longest)
                self._due = time.monotonic() + self._pause


def show(text: str) -> None:
    """Print a line between Ansible's own; where stdout has to stay machine-readable, on stderr."""
    Display().display(text, stderr="json" in str(C.DEFAULT_STDOUT_CALLBACK))


def _in_a_worker_of_ones_own(handlers: c.Iterable[object]) -> bool:
    """In any other process a signal to the group would hit others, too."""
    main = threading.current_thread() is threading.main_thread()
    return main and os.getpgrp() == os.getpid() and all(callable(handler) for handler in handlers)


@contextlib.contextmanager
def waiting_for_the_module() -> c.Iterator[None]:
    """Let a module that cleans up on INT or TERM finish before Ansible's worker dies of them.

    The worker's own handler passes the signal to its process group and exits at once, and then nobody
    sees whether the module succeeded to clean up. Here the signal is passed on as well, but the worker stays
    until the module has ended, and ansible-playbook, which waits for its workers after INT, does too.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if not _in_a_worker_of_ones_own(before.values()):
        yield
        return
    received: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        if not received:
            received.append(number)
            os.killpg(os.getpgrp(), number)

    for number in before:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            os.kill(os.getpid(), received[0])
