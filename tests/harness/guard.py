# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes the cloud of a test run that was killed and could not do so itself.

python guard.py COMMAND [ARGUMENT …]

Waits for the end of its standard input, which whoever started it holds open as long as it lives. When a word came before,
all is in order; without one it runs the command, and removes the cloud's directory once that has worked. That is
XDG_STATE_HOME, and no argument: it is no process of the cloud's, and tests look for these by their command lines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main(directory: str, command: list[str]) -> int:
    if sys.stdin.buffer.read():
        return 0
    # What it prints goes where the guard's own output goes: nowhere.
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        shutil.rmtree(directory, ignore_errors=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(os.environ["XDG_STATE_HOME"], sys.argv[1:]))
