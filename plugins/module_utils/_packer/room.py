# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import contextlib
import errno
import os
import pathlib
import tempfile

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .errors import PackerError
from .state import make_private, state_directory

# Bytes that a build writes at least: log, record and profile; what Packer prints, a manifest, copies of templates.
_BUILD = 4 << 20
# What it takes to find out whether there is something to build.
_LOOK = 64 << 10
_FULL = (errno.ENOSPC, errno.EDQUOT)


def require_room_to_look() -> None:
    """Refuse to begin where variable files and copies of templates could not be written."""
    _require(_temporary(), "the temporary directory", "TMPDIR", _LOOK)


def require_room_to_build() -> None:
    """Refuse to launch anything where a build could not write down what it does."""
    _require(state_directory(), "the state directory", "XDG_STATE_HOME", _BUILD)
    _require(_temporary(), "the temporary directory", "TMPDIR", _BUILD)


def _temporary() -> pathlib.Path:
    return pathlib.Path(tempfile.gettempdir())


def _require(directory: pathlib.Path, what: str, variable: str, needed: int) -> None:
    """Writing tells what asking does not: quotas, a file system that is read-only, a directory of somebody else's."""
    try:
        make_private(directory)
        with tempfile.TemporaryFile(dir=directory) as file:
            os.posix_fallocate(file.fileno(), 0, needed)
    except OSError as error:
        raise _no_room(error, f"{directory} ({what})", variable, needed) from error


def _no_room(error: OSError, where: str, variables: str, needed: int) -> PackerError:
    why = f"has no room for the {needed >> 10} KiB that are needed" if error.errno in _FULL else "cannot be written to"
    return PackerError(
        f"{where} {why}: {error.strerror or error}. Nothing was launched. Make room there, or let {variables} name"
        " another directory."
    )


@contextlib.contextmanager
def room_to_begin() -> c.Iterator[None]:
    """Say of a disk that is full before anything was launched which one that is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _no_room(error, str(error.filename or "A file system"), "XDG_STATE_HOME or TMPDIR", _BUILD) from error


@contextlib.contextmanager
def tolerated(what: str) -> c.Iterator[None]:
    """Go on without a file: what the build has launched needs its clean-up more than that."""
    try:
        yield
    except OSError as error:
        warn(f"{what}: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.")
