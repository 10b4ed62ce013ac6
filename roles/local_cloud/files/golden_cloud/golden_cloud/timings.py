# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timings as the environment tells them: ``GOLDEN_CLOUD_TIMINGS='image_pending=60,instance_pending=10'``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from golden_cloud.ports import Timings

VARIABLE = "GOLDEN_CLOUD_TIMINGS"


def from_environment(environment: Mapping[str, str]) -> Timings:
    """The timings named in the environment, the others as usual; ``ValueError`` naming what is wrong."""
    known = [field.name for field in dataclasses.fields(Timings)]
    told: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in environment.get(VARIABLE, "").split(","))):
        name, _equals, text = (word.strip() for word in part.partition("="))
        if name not in known:
            raise ValueError(f"{VARIABLE}: there is no timing {name!r}; there are {', '.join(known)}")
        told[name] = _seconds(name, text)
    return Timings(**told)


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{VARIABLE}: {name} takes seconds, such as {name}=2.5, not {text!r}")
    return seconds
