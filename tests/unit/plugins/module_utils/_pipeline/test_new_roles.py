# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role that is new is waited for, and nothing else is."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.new_roles import once_the_role_is_known

CODE = "InvalidInputException"


class Clock:
    """Time passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.sleep", made.sleep)
    monkeypatch.setattr("time.monotonic", lambda: made.now)
    return made


def refused(words: str, *, code: str = CODE, times: int = 1000) -> t.Callable[[], int]:
    """Fails that often, and gives the number of its calls then."""
    calls: list[None] = []

    def call() -> int:
        calls.append(None)
        if len(calls) > times:
            return len(calls)
        error: t.Any = {"Error": {"Code": code, "Message": words}}
        raise botocore.exceptions.ClientError(error, "Create")

    return call


@pytest.mark.parametrize("words", ["may not assume it", "may not describe it"])
def test_it_is_tried_again_until_it_works(words: str, clock: Clock) -> None:
    assert once_the_role_is_known(refused(words, times=2), CODE, "assume", "describe") == 3
    assert clock.now > 0


def test_not_for_ever(clock: Clock) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="assume"):
        once_the_role_is_known(refused("may not assume it"), CODE, "assume")
    assert 50 < clock.now < 80


@pytest.mark.parametrize(("code", "words"), [(CODE, "a bad name"), ("Other", "may not assume it")])
def test_what_is_wrong_for_another_reason_is_wrong_at_once(code: str, words: str, clock: Clock) -> None:
    with pytest.raises(botocore.exceptions.ClientError):
        once_the_role_is_known(refused(words, code=code), CODE, "assume")
    assert clock.now == 0
