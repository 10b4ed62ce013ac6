# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How properties are searched: the same cases in each run, so that a red run means a change, and quickly."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# How long a case takes says something about the machine, not about the code.
settings.register_profile(
    "repeat",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
# To look for more than that: HYPOTHESIS_PROFILE=search ./taskw test:unit -- -k properties
settings.register_profile("search", settings.get_profile("repeat"), derandomize=False, max_examples=3000)
# Hypothesis also tries what stands in the modules that are loaded by then: another selection of tests were other cases.
providers._get_local_constants = lambda: providers._local_constants
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))
