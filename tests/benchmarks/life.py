# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of AMIs, as ratios: copies, waits, prunings, and ten AMIs at once; each on a local cloud of its own.

python tests/benchmarks/life.py      exit status 1 where a promise is not kept
"""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.cloud import CHECKOUT, Cloud, remove_cloud, start_cloud
from life_copy import measure_copies, measure_waiting
from life_prune import measure_prune
from life_tasks import measure_tasks
from promise import Promise

# Seconds that a copy takes: what is added to them by looking for its end is in proportion to them.
COPY = 60.0


def on_a_cloud(name: str, measure: t.Callable[[Cloud], list[Promise]]) -> list[Promise]:
    cloud = start_cloud(name)
    try:
        return measure(cloud)
    finally:
        remove_cloud(cloud)


def measure_life() -> list[Promise]:
    return [
        *measure_waiting(),
        *on_a_cloud("bench-copy", lambda cloud: measure_copies(cloud, COPY)),
        *on_a_cloud("bench-prune", measure_prune),
        *on_a_cloud("bench-tasks", measure_tasks),
    ]


def main() -> int:
    promises = measure_life()
    print(*promises, sep="\n")
    return 0 if all(promise.kept for promise in promises) else 1


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    raise SystemExit(main())
