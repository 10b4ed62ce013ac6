# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Moves channels: under a lock, in every place or in none, and read back."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import datetime
import secrets
import time
import typing as t

from ansible.module_utils.common.warnings import warn

from . import calls, calls_parameters
from .accounts import Place
from .at_once import at_once
from .channels import UNDONE, Move, description_of
from .cloud import Cloud
from .lock_parameter import ParameterLock
from .owner import Owner, this_process
from .steps import why

Clouds = c.Mapping[Place, Cloud]

# Seconds between two looks at what was written, at first and at most.
_SOON, _LATER = 0.2, 2.0
# What a promotion takes beyond the time it waits for its parameters; clocks may differ, too.
_MARGIN = 600.0
_WORK = "promote"


class ChannelError(Exception):
    """Channels were not moved. C(result) has what is known."""

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result = result


def run_id(now: datetime.datetime) -> str:
    return f"golden-{_WORK}-{now.strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)}"


def _is_dead(owner: Owner) -> bool:
    return owner.is_dead()


class ChannelLocks:
    """Lets one at a time move the channels of an image: a lock in each place, taken in one order by everybody.

    So of those who have a place in common one gets all that it needs, wherever each of them was started.
    """

    def __init__(self, clouds: Clouds, image: str, timeout: float) -> None:
        self._image = image
        self._locks = {place: ParameterLock(clouds[place], image, place.region, work=_WORK) for place in sorted(clouds)}
        now = datetime.datetime.now(datetime.UTC)
        self._owner = this_process(run_id(now), now, now + datetime.timedelta(seconds=timeout + _MARGIN))
        self._taken: list[Place] = []

    def __enter__(self) -> ChannelLocks:
        with contextlib.ExitStack() as undo:
            undo.callback(self._release)
            for place, lock in self._locks.items():
                holder = lock.take(self._owner, _is_dead)
                if holder:
                    raise ChannelError(
                        f"The channels of {self._image} are being moved by {holder}: it has the SSM parameter {lock.name} in"
                        f" {place}. Nothing was changed. Run again when it is over; when it is dead, remove that parameter."
                    )
                self._taken.append(place)
            undo.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._release()

    def _release(self) -> None:
        def release(place: Place) -> None:
            self._locks[place].release(self._owner)

        for place, error in zip(self._taken, at_once(release, self._taken), strict=True):
            if error is not None:
                warn(
                    f"The lock {self._locks[place].name} in {place} could not be removed ({why(error)}): until it expires at"
                    f" {self._owner.expires}, no channel of {self._image} can be moved there. That needs ssm:DeleteParameter."
                )
        self._taken = []


@dataclasses.dataclass
class _Progress:
    """What of the moves is written."""

    written: list[Move] = dataclasses.field(default_factory=list)
    unknown: list[Move] = dataclasses.field(default_factory=list)


class Mover:
    """Writes moves that C(kind) says, for C(by). Seconds: C(timeout) is for all that is written to read back."""

    def __init__(self, clouds: Clouds, kind: str, by: str, timeout: float) -> None:
        self._clouds = clouds
        self._kind = kind
        self._by = by
        self._timeout = timeout

    def apply(self, moves: c.Sequence[Move]) -> None:
        """All of them, or none: what was written is written back when one fails, and the error says so."""
        todo = [move for move in moves if move.changes]
        progress = _Progress()
        try:
            self._write(todo, progress)
            self._wait(todo)
        except (ChannelError, calls.AmiError) as error:
            told = str(error) if isinstance(error, ChannelError) else why(error)
            restored, left = self._restore(progress)
            raise ChannelError(_failed(told, restored, left), **_result(restored, left)) from error
        except BaseException:
            self._restore(progress)
            raise

    def _put(self, move: Move, image_id: str, kind: str, version: str, former: str | None) -> None:
        ssm = self._clouds[move.place].ssm(move.place.region)
        calls_parameters.put_channel(ssm, move.parameter, image_id, description_of(kind, version, former, self._by))

    def _write(self, moves: c.Sequence[Move], progress: _Progress) -> None:
        def write(move: Move) -> None:
            # Until the answer is there, nobody knows whether it is written.
            progress.unknown.append(move)
            self._put(move, move.after, self._kind, move.version, move.former)
            progress.unknown.remove(move)
            progress.written.append(move)

        failed = [(move, error) for move, error in zip(moves, at_once(write, moves), strict=True) if error is not None]
        if failed:
            raise ChannelError("; ".join(f"{move.place}: {why(error)}" for move, error in failed))

    def _wait(self, moves: c.Sequence[Move]) -> None:
        unread = self._unread(moves, lambda move: move.after)
        if unread:
            places = ", ".join(f"{move.place} (the AMI {move.after})" for move in unread)
            raise ChannelError(
                f"SSM did not take what was written within {self._timeout:g} s in {places}: it does so when the AMI does not"
                " exist there or is not available, and does not tell why; or timeout is too short"
            )

    def _unread(self, moves: c.Sequence[Move], wanted: c.Callable[[Move], str | None]) -> list[Move]:
        """Those that do not read as is wanted when the time is over."""
        until = time.monotonic() + self._timeout
        pause = _SOON
        left = list(moves)
        while left := [move for move in left if self._read(move) != wanted(move)]:
            rest = until - time.monotonic()
            if rest <= 0:
                break
            time.sleep(min(pause, rest))
            pause = min(2 * pause, _LATER)
        return left

    def _read(self, move: Move) -> str | None:
        return calls.get_parameter(self._clouds[move.place].ssm(move.place.region), move.parameter)

    def _restore(self, progress: _Progress) -> tuple[list[Move], list[tuple[Move, str]]]:
        """Write back what was. What was written, and what could not be, with the reason."""
        doubtful = list(progress.unknown)
        moves = [*progress.written, *doubtful]

        def restore(move: Move) -> bool:
            if move in doubtful and self._read(move) != move.after:
                return False
            if move.before is None:
                calls.delete_parameter(self._clouds[move.place].ssm(move.place.region), move.parameter)
            else:
                self._put(move, move.before, UNDONE, move.former or "unknown", move.version)
            return True

        answers = list(zip(moves, at_once(restore, moves), strict=True))
        left = [(move, why(answer)) for move, answer in answers if isinstance(answer, calls.AmiError)]
        restored = [move for move, answer in answers if answer is True]
        # SSM takes it without a word even when that AMI is gone by now.
        told = f"SSM did not take it back within {self._timeout:g} s"
        try:
            unread = self._unread(restored, lambda move: move.before)
        except calls.AmiError as error:
            unread, told = restored, f"whether SSM took it back is not known: {why(error)}"
        left += [(move, told) for move in unread]
        return [move for move in restored if move not in unread], left


def _failed(told: str, restored: c.Sequence[Move], left: c.Sequence[tuple[Move, str]]) -> str:
    back = ", ".join(f"{move.place} ({move.before or 'no parameter'})" for move in restored)
    said = f" What was written is undone in {back}." if restored else " Nothing else was written."
    if not left:
        return f"No channel was moved: {told}.{said} Remove the cause, and run again."
    stuck = "; ".join(
        f"{move.place}: {move.parameter} names {move.after} or {move.before} ({error})" for move, error in left
    )
    return (
        f"The channel was not moved everywhere: {told}.{said} It could not be undone in {stuck}. Remove the cause, and run"
        " again, which completes it, or roll back."
    )


def _result(restored: c.Sequence[Move], left: c.Sequence[tuple[Move, str]]) -> dict[str, t.Any]:
    return {
        "restored": [move.line() for move in restored],
        "not_restored": [{**move.line(), "error": error} for move, error in left],
    }
