# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of calls on disk, ``calls.jsonl``: one JSON object a line, in the order of the answers."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOG = logging.getLogger("golden_cloud.api")
LARGEST = 64 * 1024 * 1024
"""Bytes; a longer record is put aside as ``calls.old.jsonl`` and a new one begun."""


@dataclass(frozen=True)
class CallRecord:
    """One call, as it is kept. None where it is not known."""

    access_key: str
    account: str
    region: str
    service: str
    operation: str
    status: int
    error: str | None
    """The error's code."""
    user_agent: str
    principal: str | None
    """ARN of the caller."""
    parameters: str
    """JSON, by the names that boto3 takes, secrets masked, cut; see ``masking``."""
    result: str
    """JSON, by the names that boto3 gives, secrets masked, cut."""
    request_id: str
    fault: str | None
    """Id of the fault that was applied."""
    attempt: int | None
    """Which try of the SDK this was, from 1, when it says so."""


class CallLog:
    """Appends calls and reads them back; each has a number, ``seq``, one more than the last one's.

    The numbers go on where they ended when the cloud starts anew.
    """

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self._path = path
        self._largest = largest
        self._lock = threading.Lock()
        self._aside = path.with_suffix(".old.jsonl")
        self._last = _last_seq(path) or _last_seq(self._aside) or 0
        self._lost = 0
        """Calls that could not be written since the last one that could."""
        self._open()

    def _open(self) -> None:
        if self._path.exists() and (self._path.stat().st_size > self._largest or not _is_numbered(self._path)):
            self._path.replace(self._aside)
        self._begin(_appending(self._path), array("q", _line_starts(self._path)), self._path.stat().st_size)

    def _begin(self, file: io.FileIO, starts: array[int], size: int) -> None:
        self._file = file
        self._starts = starts
        """Where each line of the file begins; its first line is the call number ``self._first``."""
        self._size = size
        self._first = self._last - len(starts) + 1
        self._is_torn = False
        """The file may end within a line."""
        self._put_aside_above = self._largest

    def write(self, call: CallRecord) -> None:
        """Append the call; it is in the file when this returns, or could not be written, and the log says so once."""
        with self._lock:
            if self._file.closed:
                return
            if self._size > self._put_aside_above:
                self._put_aside()
            try:
                self._append(call)
            except OSError as error:
                if not self._lost:
                    LOG.error("calls are served, but can't be recorded in %s: %s", self._path, error)
                self._lost += 1
                with contextlib.suppress(OSError):  # The next call tries again.
                    self._cut_torn_line()
            else:
                if self._lost:
                    LOG.warning("calls are recorded again in %s; %s are missing", self._path, self._lost)
                self._lost = 0

    def _append(self, call: CallRecord) -> None:
        self._cut_torn_line()
        line = _line(datetime.now(UTC).isoformat(timespec="milliseconds"), self._last + 1, call)
        self._is_torn = True
        written = self._file.write(line)
        if written != len(line):
            raise OSError(f"{written} of {len(line)} bytes could be written")
        self._is_torn = False
        self._starts.append(self._size)
        self._size += len(line)
        self._last += 1

    def _cut_torn_line(self) -> None:
        if self._is_torn:
            os.ftruncate(self._file.fileno(), self._size)
            self._is_torn = False

    def _put_aside(self) -> None:
        """Begin a new file; where that can't be, the old one goes on and it is tried again when it has grown."""
        try:
            file = self._new_file_in_place()
        except OSError as error:
            LOG.error("%s is long, and goes on as no new one can be begun: %s", self._path, error)
            self._put_aside_above = self._size + self._largest // 16
            return
        self._file.close()
        self._begin(file, array("q"), 0)

    def _new_file_in_place(self) -> io.FileIO:
        """An empty file under the record's name, and what was there under the other; all or nothing."""
        beginning = self._path.with_suffix(".new.jsonl")
        beginning.unlink(missing_ok=True)
        file = _appending(beginning)
        try:
            self._path.replace(self._aside)
            try:
                beginning.replace(self._path)
            except OSError:
                self._aside.replace(self._path)
                raise
        except OSError:
            file.close()
            raise
        return file

    def read(self, after: int, wanted: Callable[[dict[str, Any]], bool]) -> tuple[list[dict[str, Any]], int, int]:
        """The wanted calls with numbers above *after*, the first number there is, and the last one."""
        with self._lock:
            first, last, end = self._first, self._last, self._size
            index = max(after + 1 - first, 0)
            start = self._starts[index] if index < len(self._starts) else end
            # Open under the lock, so that it is this file also when it is put aside now.
            file = self._path.open("rb")
        with file:
            file.seek(start)
            calls = [json.loads(line) for line in file.read(end - start).splitlines()]
        return [call for call in calls if wanted(call)], first, last

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _appending(path: Path) -> io.FileIO:
    return io.FileIO(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _line(stamp: str, seq: int, call: CallRecord) -> bytes:
    fields = vars(call)
    rest = {name: value for name, value in fields.items() if name not in ("parameters", "result")}
    # These two are JSON already: their size had to be known.
    begin = json.dumps({"ts": stamp, "seq": seq, **rest}).removesuffix("}")
    return f'{begin}, "parameters": {call.parameters}, "result": {call.result}}}\n'.encode()


def _line_starts(path: Path) -> Iterator[int]:
    position = 0
    with path.open("rb") as file:
        for line in file:
            yield position
            position += len(line)


def _last_seq(path: Path) -> int | None:
    """The number of the last whole call of the file."""
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 256 * 1024, 0))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return next((seq for seq in map(_seq_of, reversed(lines)) if seq is not None), None)


def _seq_of(line: bytes) -> int | None:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_numbered(path: Path) -> bool:
    """Whether the file can be gone on with: not when it ends within a line, or has the calls of an older cloud."""
    with path.open("rb") as file:
        first = file.readline()
        if not first:
            return True
        file.seek(-1, os.SEEK_END)
        whole = file.read() == b"\n"
    return whole and b'"seq": ' in first and _last_seq(path) is not None
