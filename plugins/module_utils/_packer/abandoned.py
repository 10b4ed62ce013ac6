# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import json
import os
import pathlib
import shutil
import stat
import tempfile
import typing as t

from .._ami.processes import ProcessId, host_name, is_alive, marked_processes, own_process
from .state import read_json, write_private

_PREFIX = "golden-ami-"
# A name that no template has: a copy of it may lie beside this.
_OWNER = ".golden-ami-owner"


def _here() -> dict[str, str]:
    """Where numbers of processes mean what they mean here: containers may share a directory, but not those."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return {"host": host_name(), "namespace": namespace}


def make_owned(parent: pathlib.Path) -> pathlib.Path:
    """Make a directory that says whose it is, before anything else is in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    own = own_process()
    write_private(path / _OWNER, json.dumps({**_here(), "pid": own.pid, "started": own.started}))
    return path


def remove_abandoned(parent: pathlib.Path) -> list[pathlib.Path]:
    """Remove the directories whose owner was killed before it could: there are secrets in them. Calls nothing."""
    abandoned = [path for path in parent.glob(f"{_PREFIX}*") if _is_own(path) and _is_abandoned(path)]
    for path in abandoned:
        shutil.rmtree(path, ignore_errors=True)
    return abandoned


def _is_own(path: pathlib.Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_abandoned(path: pathlib.Path) -> bool:
    owner: dict[str, t.Any] = read_json(path / _OWNER)
    if not owner or {name: owner.get(name) for name in _here()} != _here():
        return False
    pid, started = owner.get("pid"), owner.get("started")
    # Whose it is that says something else is not known.
    if not isinstance(pid, int) or not isinstance(started, int) or is_alive(ProcessId(pid, started)):
        return False
    # A Packer that outlived the module cleans up after itself, and has its files here.
    return not marked_processes(f"TMPDIR={path}".encode())
