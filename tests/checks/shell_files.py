# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the shell scripts among what git keeps, each ended by a NUL: by their name, or by the program that their first line names."""

from __future__ import annotations

import sys
from pathlib import Path

from collection_copy import CHECKOUT, tracked_files

SHELLS = {"sh", "bash", "dash", "ksh"}
NAMED = (".sh", ".bash")
# What Ansible or Packer writes a script from is no shell yet.
SOURCES = (".j2", ".tpl", ".pkrtpl")


def interpreter(first: str) -> str:
    """The name of the program in a script's first line, or nothing: '#!/usr/bin/env bash -e' is bash."""
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    if len(words) > 1 and Path(words[0]).name == "env":
        words = words[1:]
    return Path(words[0]).name if words else ""


def is_shell(path: Path) -> bool:
    if path.name.endswith(NAMED):
        return True
    if path.name.endswith(SOURCES) or not path.is_file():
        return False
    with path.open("rb") as file:
        return interpreter(file.readline(200).decode(errors="replace")) in SHELLS


def main() -> int:
    for name in tracked_files(CHECKOUT):
        if is_shell(CHECKOUT / name):
            sys.stdout.write(f"{name}\0")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
