# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import fcntl
import hashlib
import os
import pathlib

from .._ami.owner import Owner, read_owner
from .state import make_private, state_directory


def lock_path(image: str, *where: str | None) -> pathlib.Path:
    """The file for an image in one cloud, account and Region."""
    digest = hashlib.sha256("\0".join([image, *(one or "" for one in where)]).encode()).hexdigest()[:12]
    return state_directory() / "locks" / f"{image.replace('/', '_')}-{digest}.lock"


class FileLock:
    """Lets one process of this machine in. The kernel opens it again whatever happens to that process.

    The file stays: were it removed, two processes could each hold a file of the same name.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._handle: int | None = None
        # Who held it before: that run is over, for this one holds it now.
        self.previous: Owner | None = None

    def take(self, owner: Owner) -> str | None:
        """Take it; else the one who has it, for a sentence."""
        make_private(self._path.parent)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = read_owner(self._text(handle))
            os.close(handle)
            return holder.said() if holder else "another run on this machine"
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        self.previous = read_owner(self._text(handle))
        os.ftruncate(handle, 0)
        os.pwrite(handle, owner.text().encode(), 0)
        return None

    @staticmethod
    def _text(handle: int) -> str:
        return os.pread(handle, 1 << 16, 0).decode("utf-8", "replace")

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
