# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs chores of the Taskfile, and ends with what each of them counted and how long it took.

python tests/everything.py CHORE [CHORE …] [--beside CHORE [CHORE …]]…

Those before the first ``--beside`` run one after the other; then each ``--beside`` is a lane of its own, and the lanes
run at the same time, each line with its chore in front. A chore with arguments is one word: 'test:unit -- -k manifest'.
A chore that fails does not keep the others from running; the exit status is 1 then.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# The last line of pytest: "= 3 failed, 224 passed, 1 skipped in 143.21s (0:02:23) =".
PYTEST = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s")
# Where pytest says which tests failed, and with what.
CAUSE = re.compile(r"^(?:FAILED|ERROR|E  ) ")
CAUSES = 12
# What a chore that is not pytest says at its end: "== 12 checks passed (…)", and Molecule "executed 6 scenarios (…)".
OWN = re.compile(r"^== (\d+ [a-z].*)$")
MOLECULE = re.compile(r"Molecule executed (\d+ scenarios? \([^)]*\))")


INTERRUPTED = threading.Event()


@dataclass(frozen=True)
class Outcome:
    """How a chore ended."""

    chore: str
    rc: int
    seconds: float
    counts: str
    causes: tuple[str, ...] = ()

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


def causes(lines: list[str]) -> tuple[str, ...]:
    """What a chore that failed says of it: pytest's own words for each test, or else the last that it said.

    The end of a long log is often all that is kept of it, so the run ends with these.
    """
    told = [COLOUR.sub("", line).rstrip()[:400] for line in lines]
    return tuple([line for line in told if CAUSE.match(line)][-CAUSES:] or [line for line in told if line][-CAUSES:])


def run(chore: str, before: str = "") -> Outcome:
    """Run it, and let its output through as it comes, each line with ``before`` in front of it."""
    began = time.monotonic()
    environment = {**os.environ, **({"FORCE_COLOR": "1"} if sys.stdout.isatty() else {})}
    process = subprocess.Popen(
        ["task", *shlex.split(chore)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    said = bytearray()
    # As it comes, for a row of dots is a line only at its end; with others beside it, by lines.
    while process.stdout and (part := process.stdout.readline() if before else os.read(process.stdout.fileno(), 65536)):
        sys.stdout.buffer.write(before.encode() + part.rstrip(b"\n") + b"\n" if before else part)
        sys.stdout.buffer.flush()
        said += part
    lines = said.decode(errors="replace").splitlines()
    rc = process.wait()
    return Outcome(chore, rc, time.monotonic() - began, counts(lines), causes(lines) if rc else ())


def run_lane(chores: list[str]) -> list[Outcome]:
    outcomes = []
    for chore in chores:
        outcomes.append(run(chore, f"{chore.split()[0].removeprefix('test:'):<12} | "))
        # A Ctrl-C ends the chores that run, in their own time, and begins no other.
        if INTERRUPTED.is_set():
            break
    return outcomes


def lanes_of(words: list[str]) -> tuple[list[str], list[list[str]]]:
    """The chores that run alone, and those of each lane.

    >>> lanes_of(["lint", "--beside", "molecule", "test:broken", "--beside", "test:end_to_end"])
    (['lint'], [['molecule', 'test:broken'], ['test:end_to_end']])
    """
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--beside":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts[0], parts[1:]


def main(words: list[str]) -> int:
    began = time.monotonic()
    alone, lanes = lanes_of(words)
    outcomes = [run(chore) for chore in alone]
    with ThreadPoolExecutor(max_workers=len(lanes) or 1) as pool:
        try:
            outcomes += [outcome for lane in pool.map(run_lane, lanes) for outcome in lane]
        except KeyboardInterrupt:
            INTERRUPTED.set()
            raise
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    print("\n" + "\n".join(outcome.row for outcome in outcomes))
    failed = [outcome.chore for outcome in outcomes if outcome.rc]
    for outcome in outcomes:
        print("".join(f"{outcome.chore}: {line}\n" for line in outcome.causes), end="")
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'Everything passed'}, in {minutes}:{seconds:02} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # The chores got the same Ctrl-C.
        sys.exit(130)
