# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what each check that passed says of itself, and says it all in one line at the end.

summary.py DIRECTORY NAME WHAT    the check NAME passed; it read WHAT ("240 files")
summary.py DIRECTORY              the line
"""

from __future__ import annotations

import sys
from pathlib import Path


def passed(directory: Path, name: str, what: str) -> str:
    """Keeps a check's line. A check that read nothing has not passed."""
    count = what.split()[0]
    if not count.isdigit() or int(count) == 0:
        raise SystemExit(f"{name} read nothing: {what}")
    directory.mkdir(parents=True, exist_ok=True)
    line = f"{name}: {what}"
    (directory / name.replace(" ", "-")).write_text(line)
    return line


def summary(directory: Path) -> str:
    lines = sorted(path.read_text() for path in directory.iterdir())
    return f"{len(lines)} checks passed ({'; '.join(lines)})"


def main(arguments: list[str]) -> int:
    directory = Path(arguments[0])
    print(f"== {passed(directory, *arguments[1:]) if arguments[1:] else summary(directory)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
