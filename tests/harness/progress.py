# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a snapshot is, in per cent, when a part of its time has passed: evenly, and in the ways in which it may mislead."""

from __future__ import annotations

import collections.abc as c
import itertools
import random

Progress = c.Callable[[float], float | None]

TENTHS = 10


def evenly(_chance: random.Random) -> Progress:
    return lambda part: 100 * part


def unevenly(chance: random.Random) -> Progress:
    """Each tenth of the time up to three times as fast as another one."""
    paces = [chance.uniform(0.5, 1.5) for _tenth in range(TENTHS)]
    reached = [0.0, *itertools.accumulate(paces)]

    def progress(part: float) -> float:
        tenth = min(int(part * TENTHS), TENTHS - 1)
        return 100 * (reached[tenth] + paces[tenth] * (part * TENTHS - tenth)) / reached[-1]

    return progress


def slowing(chance: random.Random) -> Progress:
    """Faster at first than at the end, or the other way round."""
    power = chance.uniform(0.75, 1.35)
    return lambda part: 100 * part**power


def late(chance: random.Random) -> Progress:
    """Nothing for up to a third of the time."""
    begins = chance.uniform(0, 0.33)
    return lambda part: max(0.0, 100 * (part - begins) / (1 - begins))


def in_steps(_chance: random.Random) -> Progress:
    return lambda part: 100.0 * int(part * TENTHS) / TENTHS


def stuck(chance: random.Random) -> Progress:
    """At nothing, and from some moment on at nearly all."""
    jumps = chance.uniform(0.1, 0.9)
    return lambda part: 100.0 if part >= 1 else 99.0 * (part >= jumps)


def early(chance: random.Random) -> Progress:
    """The snapshots are done some time before the AMI is."""
    done = chance.uniform(0.85, 1)
    return lambda part: min(100.0, 100 * part / done)


def silent(_chance: random.Random) -> Progress:
    return lambda _part: None


FAIR = (evenly, unevenly, slowing, late)
MISLEADING = (in_steps, stuck, early, silent)
