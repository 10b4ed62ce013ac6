# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether the tests of an AMI failed: then it stays where it is, and goes nowhere. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c

from .images import Ami

# Its first word is passed or failed; what follows is for people: when, and by which run.
TESTED_TAG = "golden:tested"
_FAILED = "failed"
REMEDY = "Build a version that passes; or correct the tests, and test it again (golden.ami.ami_test)."


def first_word(text: str) -> str:
    """The first word: what follows is for people, such as a date or the name of a scanner."""
    return text.split()[0].rstrip(",;:").lower() if text.split() else ""


def quarantined(tags: c.Mapping[str, str]) -> bool:
    return first_word(tags.get(TESTED_TAG, "")) == _FAILED


def quarantine_problem(ami: Ami) -> str | None:
    """Why an AMI goes nowhere; None when its tests did not fail."""
    if not quarantined(ami.tags):
        return None
    return (
        f"{ami.image_id} in {ami.place} is quarantined, for its tests failed ({TESTED_TAG} is {ami.tags[TESTED_TAG]!r})"
    )
