# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import re

from .._ami.leftovers import Learned

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("instances", re.compile(r"Instance ID: (i-[0-9a-f]{8,17})\b")),
    ("key_pairs", re.compile(r"Creating temporary keypair: (packer_[0-9a-f-]+)")),
    ("security_groups", re.compile(r"Creating temporary security group for this instance: (packer_[0-9a-f-]+)")),
    ("images", re.compile(r"\bAMI: (ami-[0-9a-f]{8,17})\b")),
    ("regions", re.compile(r"(?:to|in|for) (?:region )?\(?([a-z]{2}(?:-[a-z]+)+-\d)\)?")),
)


def learn(learned: Learned, text: str) -> bool:
    """Note the ids of what Packer says it creates; True when there was something new.

    Only names that nothing but this run can have: Packer also speaks of the base image and of the user's own groups.
    """
    news = False
    for kind, pattern in _PATTERNS:
        for found in pattern.findall(text):
            known: list[str] = getattr(learned, kind)
            if found not in known:
                known.append(found)
                news = True
    return news
