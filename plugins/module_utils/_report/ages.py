# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Ages and moments for people."""

from __future__ import annotations

import datetime

_HOUR = 3600
_DAY = 24 * _HOUR
_MONTH = 30.44 * _DAY
_YEAR = 365.25 * _DAY


def moment(when: datetime.datetime) -> str:
    """In UTC, as ISO 8601 has it."""
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> str:
    """The same for a person: 2026-11-21 09:34 UTC. Whatever else it is stays as it is."""
    try:
        when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    if when.tzinfo is None:
        return text
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def age(then: datetime.datetime, now: datetime.datetime) -> str:
    """In words, coarse on purpose: a report is another one when these are."""
    seconds = (now - then).total_seconds()
    if seconds < _HOUR:
        return "less than an hour"
    if seconds < 2 * _DAY:
        return _counted(seconds / _HOUR, "hour")
    if seconds < 60 * _DAY:
        return _counted(seconds / _DAY, "day")
    if seconds < 2 * _YEAR:
        return _counted(seconds / _MONTH, "month")
    return _counted(seconds / _YEAR, "year")


def _counted(figure: float, unit: str) -> str:
    return f"{int(figure)} {unit}{'' if int(figure) == 1 else 's'}"
