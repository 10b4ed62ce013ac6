# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a schedule is due: rates, cron expressions and single times, as EventBridge reads them.

In summer time a clock skips times, and shows others twice: a time that is skipped is not made up for, one that comes
twice counts the first time alone.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

YEARS = range(1970, 2200)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)(s?)\s*\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


class InvalidExpression(Exception):
    """The text names the expression and what is wrong with it."""


@dataclass(frozen=True)
class Rate:
    every: timedelta

    def following(self, after: datetime, begun: datetime) -> datetime | None:
        """A whole number of intervals after it has begun."""
        passed = max(0, (after - begun) // self.every)
        return begun + (passed + 1) * self.every


@dataclass(frozen=True)
class At:
    time: datetime

    def following(self, after: datetime, begun: datetime) -> datetime | None:
        # One that is in the past when the schedule is made is still done, once.
        return self.time if self.time > after or after == begun else None


@dataclass(frozen=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: str
    months: tuple[int, ...]
    week_days: str
    years: tuple[int, ...]
    zone: tzinfo

    def following(self, after: datetime, _begun: datetime) -> datetime | None:
        local = after.astimezone(self.zone)
        for day in self._days(local.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    found = _in_zone(datetime(day.year, day.month, day.day, hour, minute), self.zone)
                    if found is not None and found > after:
                        return found
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in self.years:
            for month in self.months if year >= first.year else ():
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self._has(day):
                        yield day

    def _has(self, day: date) -> bool:
        if self.month_days != "?":
            return _month_day(self.month_days, day)
        return _week_day(self.week_days, day)


Expression = Rate | At | Cron


def _in_zone(local: datetime, zone: tzinfo) -> datetime | None:
    """The first time at which clocks there show it; None when they never do."""
    found = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return found if found.astimezone(zone).replace(tzinfo=None) == local else None


def parse(text: str, zone_name: str = "UTC") -> Expression:
    """``InvalidExpression`` when it is none."""
    zone = _zone(zone_name)
    match = _RATE.fullmatch(text)
    if match:
        number = int(match[1])
        if number < 1 or (number == 1) == bool(match[3]):
            raise InvalidExpression(f"Invalid Schedule Expression {text}: rate(1 minute), rate(5 minutes)")
        return Rate(number * _UNITS[match[2]])
    match = _AT.fullmatch(text)
    if match:
        return At(_single(text, match[1], zone))
    match = _CRON.fullmatch(text)
    if match:
        return _cron(text, match[1].split(), zone)
    raise InvalidExpression(f"Invalid Schedule Expression {text}.")


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # They are those of this machine, which may have none.
        missing = "" if available_timezones() else " This machine has no time zones: install its package tzdata."
        raise InvalidExpression(f"Invalid Schedule Expression Timezone {name}.{missing}") from error


def _single(text: str, when: str, zone: tzinfo) -> datetime:
    try:
        local = datetime.fromisoformat(when)
    except ValueError as error:
        raise InvalidExpression(f"Invalid Schedule Expression {text}: {error}") from error
    found = _in_zone(local, zone)
    if found is None:
        raise InvalidExpression(f"Invalid Schedule Expression {text}: there is no such time in its time zone")
    return found


def _cron(text: str, fields: list[str], zone: tzinfo) -> Cron:
    try:
        if len(fields) != 6:
            raise ValueError("it must have six fields")
        minutes, hours, month_days, months, week_days, years = fields
        if (month_days == "?") == (week_days == "?"):
            raise ValueError("either the day of the month or that of the week must be ?")
        made = Cron(
            _numbers(minutes, range(60)),
            _numbers(hours, range(24)),
            month_days,
            _numbers(months, range(1, 13), _MONTHS),
            week_days,
            _numbers(years, YEARS),
            zone,
        )
        # Both are understood with a day at hand.
        made._has(date(2024, 1, 1))
        return made
    except ValueError as error:
        raise InvalidExpression(f"Invalid Schedule Expression {text}: {error}") from error


def _numbers(field: str, values: range, names: list[str] | None = None) -> tuple[int, ...]:
    """All that a field of lists, ranges and steps means."""
    found: set[int] = set()
    for part in field.split(","):
        bounds, slash, step = part.partition("/")
        low, dash, high = bounds.partition("-")
        first = values[0] if low == "*" else _number(low, values, names)
        last = _number(high, values, names) if dash else values[-1] if slash or low == "*" else first
        every = int(step) if slash else 1
        if every < 1 or last < first:
            raise ValueError(f"{part} means nothing")
        found |= set(range(first, last + 1, every))
    return tuple(sorted(found))


def _number(text: str, values: range, names: list[str] | None) -> int:
    if names is not None and text.upper() in names:
        return values[names.index(text.upper())]
    if not text.isdigit() or int(text) not in values:
        raise ValueError(f"{text} is not from {values[0]} to {values[-1]}")
    return int(text)


def _month_day(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    match = re.fullmatch(r"(\d+|L)W", field)
    if match is None:
        return day.day in _numbers(field, range(1, 32))
    wanted = last if match[1] == "L" else _number(match[1], range(1, 32), None)
    return wanted <= last and day == _nearest_week_day(date(day.year, day.month, wanted), last)


def _nearest_week_day(day: date, last: int) -> date:
    """Without leaving the month."""
    if day.weekday() == calendar.SATURDAY:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == calendar.SUNDAY:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _week_day(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    """Sunday is 1."""
    last = calendar.monthrange(day.year, day.month)[1]
    match = re.fullmatch(r"(\w+)#([1-5])", field)
    if match:
        return number == _number(match[1], range(1, 8), _DAYS) and (day.day - 1) // 7 + 1 == int(match[2])
    match = re.fullmatch(r"(\w*)L", field)
    if match:
        wanted = _number(match[1], range(1, 8), _DAYS) if match[1] else 7
        return number == wanted and (not match[1] or day.day + 7 > last)
    return number in _numbers(field, range(1, 8), _DAYS)
