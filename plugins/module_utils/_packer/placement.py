# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import re
import typing as t

# EC2 has no room for this instance type in this zone, or does not offer it there. EC2's API reference, "Error codes".
_NO_CAPACITY = re.compile(r"\b(Insufficient(Instance|Host|ReservedInstance)?Capacity|Unsupported)\b")
_LAUNCH = re.compile(r"RunInstances|CreateFleet|launching (source|spot) instance", re.IGNORECASE)


def lacks_capacity(code: int, errors: c.Iterable[str]) -> bool:
    """Whether Packer failed because there was no room for the instance, so that another place may do.

    Packer has no other word for it than the error that EC2 gave.
    """
    return code != 0 and any(_LAUNCH.search(error) and _NO_CAPACITY.search(error) for error in errors)


def placement_names(placements: c.Iterable[dict[str, t.Any]]) -> list[str]:
    """The variables that placements set."""
    return list(dict.fromkeys(name for placement in placements for name in placement))


def placement_text(placement: dict[str, t.Any]) -> str:
    """C(t3.small in subnet-1), for a sentence."""
    return " in ".join(str(value) for value in placement.values() if value not in (None, "")) or "the default place"
