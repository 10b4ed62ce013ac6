# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The three files of a report in a directory: what is in it now, what is to be, and writing that whole or not at all."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import os
import tempfile
import typing as t
from pathlib import Path

KIND = "golden.ami report"
JSON, HTML, MARKDOWN = "report.json", "report.html", "report.md"
# The first says whose directory it is, so it is written first.
NAMES = (JSON, HTML, MARKDOWN)
# What an interrupted writing left beside them.
_BESIDE = ".report-"

Result = dict[str, t.Any]


class NotOurs(Exception):
    """The directory is something else's."""


def read(directory: Path) -> dict[str, str]:
    """The files that are there, by name. Raises NotOurs where writing a report would be wrong."""
    if not os.path.lexists(directory):
        return {}
    if not directory.is_dir():
        raise NotOurs(f"{directory} is not a directory. Name another one.")
    names = [entry.name for entry in directory.iterdir() if not entry.name.startswith(_BESIDE)]
    odd = [name for name in NAMES if name in names and not _is_file(directory / name)]
    if odd:
        raise NotOurs(f"{', '.join(odd)} in {directory} is not a file. Take it away, or name another directory.")
    found = {name: (directory / name).read_text(encoding="utf-8", errors="replace") for name in NAMES if name in names}
    if names and former(found) is None:
        raise NotOurs(
            f"{directory} has files in it, and no report of golden.ami ({JSON}). Nothing was written. Name a directory that"
            " is empty, that is not there yet, or that has such a report."
        )
    return found


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def former(found: c.Mapping[str, str]) -> Result | None:
    """The data of the report that is there; None when there is none."""
    try:
        told = json.loads(found.get(JSON, ""))
    except json.JSONDecodeError:
        return None
    return told if isinstance(told, dict) and told.get("kind") == KIND else None


def settled(report: Result, found: c.Mapping[str, str]) -> Result:
    """The report; with the time of the former one where nothing else differs."""
    before = former(found)
    if before is not None and {**before, "generated": None} == {**report, "generated": None}:
        return {**report, "generated": before["generated"]}
    return report


def write(directory: Path, texts: c.Mapping[str, str]) -> None:
    """Each beside its place, and then in its place."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        if name in texts:
            _write_one(directory / name, texts[name])


def _write_one(path: Path, text: str) -> None:
    handle, beside = tempfile.mkstemp(prefix=_BESIDE, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
