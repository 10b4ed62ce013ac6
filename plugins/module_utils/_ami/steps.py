# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The steps of a plan, taken beside each other; what was done and what was not is known when one of them fails."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .accounts import Place
from .at_once import at_once
from .calls import AmiError


@dataclasses.dataclass(frozen=True)
class Step:
    """One writing call: where, about which AMIs, what it does to which resources, with what, and why."""

    place: Place
    image_ids: tuple[str, ...]
    action: str
    resources: tuple[str, ...]
    reason: str
    arguments: dict[str, t.Any]

    def lines(self) -> list[dict[str, t.Any]]:
        """One for each AMI, for results."""
        return [
            {
                "account": self.place.account,
                "region": self.place.region,
                "image_id": image_id,
                "action": self.action,
                "resources": list(self.resources),
                "reason": self.reason,
            }
            for image_id in self.image_ids
        ]


class ResultError(Exception):
    """A failure that has results as well."""

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result = result


class PartlyDoneError(ResultError):
    """Some steps failed. C(result) has C(done) and C(not_done)."""


def lines_of(steps: c.Iterable[Step]) -> list[dict[str, t.Any]]:
    return [line for step in steps for line in step.lines()]


def why(error: AmiError) -> str:
    """In AWS's words where it is AWS that refused."""
    return f"{error.message}: {error.exception}" if error.exception is not None else str(error.message)


@dataclasses.dataclass(frozen=True)
class _Outcome:
    done: list[Step]
    failed: tuple[Step, AmiError] | None
    left: list[Step]


def take(sequences: c.Sequence[c.Sequence[Step]], perform: c.Callable[[Step], None]) -> None:
    """Take the steps of each sequence one after the other, several sequences at a time.

    A step that fails ends its sequence only. Then PartlyDoneError says what was done, what was not, and how to go on.
    """

    def follow(sequence: c.Sequence[Step]) -> _Outcome:
        for number, step in enumerate(sequence):
            try:
                perform(step)
            except AmiError as error:
                return _Outcome(list(sequence[:number]), (step, error), list(sequence[number + 1 :]))
        return _Outcome(list(sequence), None, [])

    outcomes = [one for one in at_once(follow, sequences) if isinstance(one, _Outcome)]
    failed = [one.failed for one in outcomes if one.failed]
    if failed:
        raise PartlyDoneError(
            _message(failed, sum(len(one.done) for one in outcomes)),
            done=lines_of(step for one in outcomes for step in one.done),
            not_done=[
                *({**line, "error": why(error)} for step, error in failed for line in step.lines()),
                *({**line, "error": None} for one in outcomes for step in one.left for line in step.lines()),
            ],
        )


def _message(failed: list[tuple[Step, AmiError]], done: int) -> str:
    told = [f"{step.action} {', '.join(step.resources)} in {step.place}: {why(error)}" for step, error in failed]
    return (
        f"{len(failed)} of the calls failed, {done} were done and stay. {'; '.join(told)}."
        " Remove the cause, an AWS permission that lacks for example, and run the task again: it does what is not done yet."
        " 'done' and 'not_done' in the result have all of it."
    )
