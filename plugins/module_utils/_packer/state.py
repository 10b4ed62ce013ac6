# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import typing as t


def _home(variable: str, default: str) -> pathlib.Path:
    value = os.environ.get(variable, "")
    base = pathlib.Path(value) if os.path.isabs(value) else pathlib.Path.home() / default
    return base / "golden.ami"


def state_directory() -> pathlib.Path:
    """Where things live that should outlast a run: records of runs, logs, durations, digests by file."""
    return _home("XDG_STATE_HOME", ".local/state")


def cache_directory() -> pathlib.Path:
    return _home("XDG_CACHE_HOME", ".cache")


def make_private(directory: pathlib.Path) -> pathlib.Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def write_private(path: pathlib.Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    make_private(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: pathlib.Path) -> dict[str, t.Any]:
    """The object in a file of ours; empty when there is none, or when it was cut off."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
