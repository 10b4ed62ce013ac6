# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Whether something is healthy, by what it answers. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

# How much of an answer is told.
_TOLD = 200
_CONSOLE_LINES = 15

STATUS, TARGET, URL, PLAYBOOK = "status checks", "target group", "URL", "playbook"


@dataclasses.dataclass(frozen=True)
class Url:
    """What is asked by HTTP, and what a healthy answer is."""

    url: str
    status: int = 200
    must_say: tuple[str, ...] = ()
    must_not_say: tuple[str, ...] = ()
    headers: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    validate_certs: bool = True


@dataclasses.dataclass(frozen=True)
class Reply:
    """What a URL answered; C(status) is None when nothing did, and C(error) says why."""

    status: int | None
    text: str = ""
    location: str = ""
    error: str = ""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one check shows. C(final): waiting does not make it better."""

    check: str
    healthy: bool
    said: str
    subject: str = ""
    final: bool = False
    seconds: float = 0.0

    def line(self) -> dict[str, t.Any]:
        return {
            "check": self.check,
            "healthy": self.healthy,
            "said": self.said,
            "instance_id": self.subject,
            "seconds": round(self.seconds, 1),
        }


def judge_status(status: c.Mapping[str, t.Any] | None) -> Answer:
    """By EC2's own checks of the system and of the instance, both of which have to pass."""
    if status is None:
        return Answer(STATUS, False, "EC2 says nothing of it yet")
    told = {kind: status[key]["Status"] for kind, key in (("system", "SystemStatus"), ("instance", "InstanceStatus"))}
    said = ", ".join(f"{kind} {one}" for kind, one in told.items())
    return Answer(STATUS, all(one == "ok" for one in told.values()), said)


def judge_target(health: c.Mapping[str, t.Any] | None) -> Answer:
    if health is None:
        return Answer(TARGET, False, "it does not know the instance yet")
    state = str(health["State"])
    why = health.get("Description") or health.get("Reason")
    # Where nothing routes to the group nobody ever asks the target.
    unused = state == "unused" and health.get("Reason") in {"Target.NotInUse", "Target.IpUnusable"}
    return Answer(TARGET, state == "healthy", f"{state} ({why})" if why else state, final=unused)


def judge_reply(asked: str, reply: Reply, wanted: Url) -> Answer:
    """An error page is one, whatever its status says."""
    if reply.status is None:
        return Answer(URL, False, f"{asked} does not answer: {reply.error}")
    if reply.status != wanted.status:
        where = f" to {reply.location}, which is not followed" if reply.location else ""
        return Answer(URL, False, f"{asked} answered {reply.status}{where}, not {wanted.status}: {_shown(reply.text)}")
    for word in wanted.must_not_say:
        if word in reply.text:
            said = f"{asked} answered {reply.status} and says {word!r}, which it must not: {_shown(reply.text, word)}"
            return Answer(URL, False, said)
    missing = [word for word in wanted.must_say if word not in reply.text]
    if missing:
        told = ", ".join(repr(word) for word in missing)
        return Answer(URL, False, f"{asked} answered {reply.status} and does not say {told}: {_shown(reply.text)}")
    return Answer(URL, True, f"{asked} answered {reply.status}")


def _shown(text: str, around: str = "") -> str:
    """A line of the answer: its beginning, or what is around a word."""
    flat = " ".join(text.split())
    word = " ".join(around.split())
    start = max(flat.find(word) - _TOLD // 4, 0) if word else 0
    part = flat[start : start + _TOLD]
    return f"{'…' if start else ''}{part}{'…' if len(flat) > start + _TOLD else ''}" if flat else "nothing"


def last_lines(console: str) -> list[str]:
    """The end of what the console showed."""
    lines = [line.rstrip() for line in console.replace("\r", "\n").splitlines()]
    return [line for line in lines if line.strip()][-_CONSOLE_LINES:]
