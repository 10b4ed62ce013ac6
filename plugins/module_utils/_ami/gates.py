# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a version must have shown before a channel may name it. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from .calls import AmiError
from .channels import REVOKED as MOVED_OFF
from .channels import ROLLED_BACK, Entry, last_stay
from .quarantine import REMEDY, TESTED_TAG
from .quarantine import first_word as _word
from .versions import Artifact

_SEVERITIES = ("none", "low", "medium", "high", "critical")
_KINDS = ("tested", "soaked", "scan", "approved", "base_not_eol")
NOT_REVOKED = "not_revoked"
NOT_QUARANTINED = "not_quarantined"
# Those that hold whatever is asked for.
ALWAYS = (NOT_REVOKED, NOT_QUARANTINED)
SCAN_TAG = "golden:scan"

ARGUMENT_SPEC: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "tested": {"type": "bool"},
        "soaked": {
            "type": "dict",
            "options": {"channel": {"type": "str", "required": True}, "days": {"type": "float", "required": True}},
        },
        "scan": {
            "type": "dict",
            "options": {"max_severity": {"type": "str", "choices": list(_SEVERITIES), "required": True}},
        },
        "approved": {
            "type": "dict",
            "options": {
                "by": {"type": "list", "elements": "str", "default": []},
                "tag": {"type": "str", "default": "golden:approved-by"},
            },
        },
        "base_not_eol": {
            "type": "dict",
            "options": {"date": {"type": "str"}, "tag": {"type": "str", "default": "golden:base-eol"}},
        },
    },
    "mutually_exclusive": [_KINDS],
    "required_one_of": [_KINDS],
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a gate is passed, and why."""

    gate: str
    passed: bool
    reason: str

    def line(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)

    def said(self) -> str:
        return f"{'passed' if self.passed else 'failed'}  {self.gate}: {self.reason}"


@dataclasses.dataclass(frozen=True)
class Evidence:
    """All that gates look at: the artifacts, the moves of other channels where the version is judged, and the time."""

    artifacts: tuple[Artifact, ...]
    lead: Artifact
    histories: dict[str, tuple[Entry, ...]]
    now: datetime.datetime

    def tags(self, name: str) -> list[str]:
        """What the artifacts say by a tag, in whichever place. A copy need not have what was tagged later."""
        return [one.ami.tags[name] for one in self.artifacts if one.ami and one.ami.tags.get(name)]


def check_gates(gates: c.Iterable[dict[str, t.Any]]) -> None:
    """Refuse a date that is none, a time that is none, before anything is called."""
    for gate in gates:
        eol = gate.get("base_not_eol")
        if eol and eol["date"] and _date(eol["date"]) is None:
            raise AmiError(f"gates: base_not_eol.date: {eol['date']!r} is no date; one looks like 2028-06-30.")
        if gate.get("soaked") and gate["soaked"]["days"] < 0:
            raise AmiError(f"gates: soaked.days: {gate['soaked']['days']:g} is no time; say 0 or more.")


def soak_channels(gates: c.Iterable[dict[str, t.Any]]) -> list[str]:
    """The channels whose history the gates need."""
    return list(dict.fromkeys(gate["soaked"]["channel"] for gate in gates if gate.get("soaked")))


def judge(gates: c.Sequence[dict[str, t.Any]], evidence: Evidence) -> tuple[Verdict, ...]:
    """The verdict of each gate that is asked for, and of those that always are."""
    asked = [(kind, gate[kind]) for gate in gates for kind in _KINDS if gate.get(kind) not in (None, False)]
    return (
        not_revoked(evidence),
        *not_quarantined(evidence),
        *(_JUDGES[kind](options, evidence) for kind, options in asked),
    )


def not_revoked(evidence: Evidence) -> Verdict:
    revoked = [problem for one in evidence.artifacts if one.revoked is not None and (problem := one.problem())]
    return Verdict(NOT_REVOKED, not revoked, "; ".join(revoked) or "it is not revoked in any of the places")


def not_quarantined(evidence: Evidence) -> list[Verdict]:
    """A verdict only where tests failed: that a version was never tested is the gate tested's business."""
    problems = [problem for one in evidence.artifacts if (problem := one.quarantined)]
    return [Verdict(NOT_QUARANTINED, False, f"{'; '.join(problems)}. {REMEDY}")] if problems else []


def _tested(_options: bool, evidence: Evidence) -> Verdict:
    words = [_word(tag) for tag in evidence.tags(TESTED_TAG)]
    if not words:
        return Verdict("tested", False, f"no AMI of it has the tag {TESTED_TAG}: test it, and tag it with passed")
    wrong = [word for word in words if word != "passed"]
    return Verdict("tested", not wrong, f"the tag {TESTED_TAG} says {', '.join(dict.fromkeys(words))}")


def _soaked(options: dict[str, t.Any], evidence: Evidence) -> Verdict:
    channel, days = options["channel"], float(options["days"])
    entries = evidence.histories.get(channel, ())
    stay = last_stay(entries, evidence.lead.image_id or "")
    if not entries:
        return Verdict("soaked", False, f"there is no channel {channel} in {evidence.lead.place}")
    if stay is None:
        return Verdict("soaked", False, f"it was never in {channel}: promote it there first")
    if stay.ended_by in {ROLLED_BACK, MOVED_OFF}:
        when = stay.until.strftime("%Y-%m-%d %H:%M UTC") if stay.until else ""
        return Verdict("soaked", False, f"it was taken out of {channel} at {when}")
    spent = stay.days(evidence.now)
    since = stay.since.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Verdict("soaked", spent >= days, f"{spent:.1f} of {days:g} days in {channel}, since {since}")


def _scan(options: dict[str, t.Any], evidence: Evidence) -> Verdict:
    allowed = options["max_severity"]
    words = [_word(tag) for tag in evidence.tags(SCAN_TAG)]
    if not words:
        return Verdict(
            "scan", False, f"no AMI of it has the tag {SCAN_TAG}: scan it, and tag it with the worst severity"
        )
    unknown = [word for word in words if word not in _SEVERITIES]
    if unknown:
        said = f"the tag {SCAN_TAG} says {unknown[0]}, which is no severity ({', '.join(_SEVERITIES)})"
        return Verdict("scan", False, said)
    worst = max(words, key=_SEVERITIES.index)
    passed = _SEVERITIES.index(worst) <= _SEVERITIES.index(allowed)
    return Verdict("scan", passed, f"the worst that was found is {worst}, allowed is {allowed}")


def _approved(options: dict[str, t.Any], evidence: Evidence) -> Verdict:
    tag, wanted = options["tag"], options["by"]
    given = sorted({name for text in evidence.tags(tag) for name in text.replace(",", " ").split()})
    whom = f" of {' or '.join(wanted)}" if wanted else ""
    if not given:
        return Verdict("approved", False, f"no AMI of it has the tag {tag}: it waits for the approval{whom}")
    counted = [name for name in given if name in wanted or not wanted]
    said = ", ".join(counted or given)
    reason = f"approved by {said}" if counted else f"approved by {said}, and needs that{whom}"
    return Verdict("approved", bool(counted), reason)


def _base_not_eol(options: dict[str, t.Any], evidence: Evidence) -> Verdict:
    told = [options["date"]] if options["date"] else evidence.tags(options["tag"])
    if not told:
        return Verdict("base_not_eol", False, f"nobody says when its base ends: set date, or the tag {options['tag']}")
    dates = [_date(_word(text)) for text in told]
    known = [date for date in dates if date is not None]
    if len(known) < len(dates):
        return Verdict(
            "base_not_eol", False, f"the tag {options['tag']} says {told[dates.index(None)]!r}, which is no date"
        )
    end = min(known)
    passed = evidence.now.date() <= end
    return Verdict("base_not_eol", passed, f"its base {'is' if passed else 'was'} maintained until {end.isoformat()}")


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


_JUDGES: dict[str, c.Callable[[t.Any, Evidence], Verdict]] = {
    "tested": _tested,
    "soaked": _soaked,
    "scan": _scan,
    "approved": _approved,
    "base_not_eol": _base_not_eol,
}
