# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs chores of the Taskfile one after the other, and ends with what each of them counted and how long it took.

python tests/everything.py CHORE [CHORE …]      a chore with arguments is one word: 'test:unit -- -k manifest'

A chore that fails does not keep the others from running; the exit status is 1 then.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# The last line of pytest: "= 3 failed, 224 passed, 1 skipped in 143.21s (0:02:23) =".
PYTEST = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s")
# What a chore that is not pytest says at its end: "== 12 checks passed (…)", and Molecule "executed 6 scenarios (…)".
OWN = re.compile(r"^== (\d+ [a-z].*)$")
MOLECULE = re.compile(r"Molecule executed (\d+ scenarios? \([^)]*\))")


@dataclass(frozen=True)
class Outcome:
    """How a chore ended."""

    chore: str
    rc: int
    seconds: float
    counts: str

    @property
    def row(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        return f"{self.chore:<22} {'passed' if self.rc == 0 else 'FAILED'} {minutes:>3}:{seconds:02} {self.counts}"


def counts(lines: list[str]) -> str:
    """What the lines that a chore printed count, as ``227 passed, 1 skipped``; pytest's figures are added up."""
    found: Counter[str] = Counter()
    own = ""
    for line in (COLOUR.sub("", one).strip() for one in lines):
        if match := PYTEST.match(line):
            for number, what in re.findall(r"(\d+) ([a-z]+)", match[1]):
                found[what] += int(number)
        elif match := OWN.match(line) or MOLECULE.search(line):
            own = match[1]
    return ", ".join([*(f"{number} {what}" for what, number in found.items()), *([own] if own else [])])


def run(chore: str) -> Outcome:
    """Run it, and let its output through as it comes."""
    began = time.monotonic()
    if sys.stdout.isatty():
        os.environ.setdefault("FORCE_COLOR", "1")
    process = subprocess.Popen(["task", *shlex.split(chore)], stdout=subprocess.PIPE)
    said = bytearray()
    # As it comes, for a row of dots is a line only at its end.
    while process.stdout and (part := os.read(process.stdout.fileno(), 65536)):
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        said += part
    lines = said.decode(errors="replace").splitlines()
    return Outcome(chore, process.wait(), time.monotonic() - began, counts(lines))


def main(chores: list[str]) -> int:
    began = time.monotonic()
    outcomes = [run(chore) for chore in chores]
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    print("\n" + "\n".join(outcome.row for outcome in outcomes))
    failed = [outcome.chore for outcome in outcomes if outcome.rc]
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'Everything passed'}, in {minutes}:{seconds:02} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # The chore got the same Ctrl-C and cleans up in its own time.
        sys.exit(130)
