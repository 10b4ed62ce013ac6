# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while something takes long. Needs nothing but the standard library."""

from __future__ import annotations

import os
import sys


def say(text: str) -> None:
    """Tell of progress, to whoever follows the file that Ansible names, else on standard error."""
    named = os.environ.get("GOLDEN_PROGRESS_FILE")
    if named:
        with open(named, "a") as file:
            file.write(text + "\n")
    else:
        print(text, file=sys.stderr, flush=True)
