# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of every call: one JSON object a line, with nothing secret in it."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

LARGEST = 32 * 1024 * 1024
"""Bytes; a longer record is put aside when the cloud starts."""


class CallLog:
    """Appends to ``calls.jsonl`` of the state directory: ``ts``, ``access_key``, ``account``, ``region``,
    ``service``, ``operation``, ``status``, ``error`` (a code or null), ``user_agent``."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        if path.exists() and path.stat().st_size > LARGEST:
            path.replace(path.with_suffix(".old.jsonl"))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "a", buffering=1, encoding="utf-8")

    def write(self, **fields: object) -> None:
        line = json.dumps({"ts": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields})
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")

    def close(self) -> None:
        with self._lock:
            self._file.close()
