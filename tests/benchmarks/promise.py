# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A promise about speed, and how it was kept."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass


@dataclass
class Promise:
    what: str
    measured: float
    most: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        return self.measured <= self.most

    def __str__(self) -> str:
        figure = (
            f"{self.measured:.2f}{self.unit}" if isinstance(self.measured, float) else f"{self.measured}{self.unit}"
        )
        return f"{'kept  ' if self.kept else 'BROKEN'}  {self.what:<66} {figure:>9}  (at most {self.most:g}{self.unit})"


def timed(work: t.Callable[[], t.Any]) -> tuple[float, t.Any]:
    start = time.monotonic()
    result = work()
    return time.monotonic() - start, result


def say(words: str) -> None:
    print(f"bench: {words}", flush=True)
