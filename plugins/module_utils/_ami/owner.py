# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import pathlib

from .processes import ProcessId, host_name, inspect_process, own_process


@dataclasses.dataclass(frozen=True)
class Owner:
    """Who builds an image: enough to tell a person, and to know whether that run is still alive. Times are UTC, ISO 8601."""

    run: str
    host: str
    pid: int
    started: str
    expires: str
    # In ticks since boot: a number of a process is given out again.
    process_started: int = 0
    # Numbers of processes mean something within one of these only; a host's name may not be its alone.
    boot: str = ""
    namespace: str = ""

    def text(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    def said(self) -> str:
        """For a sentence."""
        since = datetime.datetime.fromisoformat(self.started).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.run} on {self.host} (process {self.pid}) since {since}"

    def expired(self, now: datetime.datetime) -> bool:
        return now >= datetime.datetime.fromisoformat(self.expires)

    def is_dead(self) -> bool:
        """Whether it is certain that its process is gone: it ran on this machine, since it was last started."""
        if not self.boot or (self.boot, self.namespace) != (_boot(), _namespace()):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            # Another user's: there is one of this number, and what it is may be hidden.
            pass
        found = inspect_process(self.pid)
        return found is not None and found.identity != ProcessId(self.pid, self.process_started)


def _boot() -> str:
    try:
        return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def this_process(run: str, began: datetime.datetime, expires: datetime.datetime) -> Owner:
    own = own_process()
    return Owner(
        run=run,
        host=host_name(),
        pid=own.pid,
        started=began.isoformat(timespec="seconds"),
        expires=expires.isoformat(timespec="seconds"),
        process_started=own.started,
        boot=_boot(),
        namespace=_namespace(),
    )


def read_owner(text: str) -> Owner | None:
    """The owner that a text names; None when it names none."""
    try:
        content = json.loads(text)
        owner = Owner(**{field.name: content[field.name] for field in dataclasses.fields(Owner)})
        times = [datetime.datetime.fromisoformat(time) for time in (owner.started, owner.expires)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    typed = all(isinstance(value, type(getattr(_ANYBODY, name))) for name, value in dataclasses.asdict(owner).items())
    return owner if typed and all(time.tzinfo for time in times) else None


# For the types of its fields.
_ANYBODY = Owner(run="", host="", pid=0, started="", expires="")
