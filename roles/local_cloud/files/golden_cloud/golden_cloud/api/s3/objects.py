# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of S3 as files of the state directory: only what is known about them is in the pickled state."""

from __future__ import annotations

import hashlib
import threading
import uuid
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey, S3Backend

from golden_cloud.api import runtime


def directory() -> Path:
    """Where the contents are."""
    path = runtime.current().config.state_directory / "s3-objects"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


class StoredKey(FakeKey):
    """moto's object (or part of one), with its content in a file of its own."""

    _etag: str | None
    disposed: bool

    @property
    def value(self) -> bytes:
        return (directory() / self._file).read_bytes()

    @value.setter
    def value(self, content: bytes) -> None:
        # By a name of its own, so that a copy of the state that is read again never names other content.
        self._file = uuid.uuid4().hex
        (directory() / self._file).write_bytes(content)
        self.contentsize = len(content)
        if self._etag is None:
            self._etag = hashlib.md5(content, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        return f'"{self._etag}"'

    @property
    def file(self) -> Path:
        return directory() / self._file

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_value_buffer", "lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = threading.Lock()

    def __deepcopy__(self, _memo: dict[int, Any]) -> StoredKey:
        """moto copies objects to list them, and changes the copies."""
        copied = object.__new__(StoredKey)
        copied.__setstate__(self.__getstate__())
        return copied

    def dispose(self, garbage: bool = False) -> None:
        """Only what is deleted loses its file, not what Python forgets."""
        if garbage or self.disposed:
            return
        self.disposed = True
        self.file.unlink(missing_ok=True)
        if self.multipart:
            self.multipart.dispose()


def recover(backends: list[S3Backend]) -> None:
    """Forget objects without a file, which were deleted just before the cloud died, and files of no object."""
    kept = set()
    for backend in backends:
        for bucket in backend.buckets.values():
            for name in list(bucket.keys.keys()):
                versions = [one for one in bucket.keys.getlist(name) if not _is_lost(one)]
                if versions:
                    dict.__setitem__(bucket.keys, name, versions)
                else:
                    dict.pop(bucket.keys, name)
                kept |= {one._file for one in versions if isinstance(one, StoredKey)}
            for upload in bucket.multiparts.values():
                kept |= {part._file for part in upload.parts.values()}
    for file in directory().iterdir():
        if file.name not in kept:
            file.unlink()


def _is_lost(version: Any) -> bool:
    return isinstance(version, StoredKey) and not version.file.exists()
