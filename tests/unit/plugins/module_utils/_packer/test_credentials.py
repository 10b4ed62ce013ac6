# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When it is asked whether credentials have expired, and what ends Packer then."""

from __future__ import annotations

import sys
import time
import typing as t
from pathlib import Path

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.cloud import Cloud
from ansible_collections.golden.ami.plugins.module_utils._packer import credentials
from ansible_collections.golden.ami.plugins.module_utils._packer.credentials import CredentialsWatch
from ansible_collections.golden.ami.plugins.module_utils._packer.process import (
    AncestorWatch,
    SignalTrap,
    Supervised,
)


class Asked:
    """Answers in order, and counts."""

    def __init__(self, *answers: bool | None) -> None:
        self.answers = list(answers)
        self.times = 0

    def __call__(self) -> bool | None:
        self.times += 1
        return self.answers.pop(0) if self.answers else False


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_QUIET", 0.05)


def wait(watch: CredentialsWatch, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if watch.expired():
            return True
        time.sleep(0.005)
    return False


def test_silence_asks_and_an_answer_ends_it() -> None:
    assert wait(CredentialsWatch(Asked(False, True)), 5)


def test_who_speaks_is_not_asked_about() -> None:
    asked = Asked(True)
    watch = CredentialsWatch(asked)
    for _unused in range(20):
        watch.heard()
        assert not watch.expired()
    assert asked.times == 0


def test_each_question_makes_the_next_one_rarer() -> None:
    asked = Asked()
    assert not wait(CredentialsWatch(asked), 1)
    assert 2 <= asked.times <= 5


def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_LONGEST", 0.05)
    asked = Asked()
    assert not wait(CredentialsWatch(asked), 1)
    assert asked.times > 6


def test_a_question_without_an_answer_is_asked_again() -> None:
    assert wait(CredentialsWatch(Asked(None, None, False, None, None, True)), 10)


def test_where_sts_is_out_of_reach_it_is_asked_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_LONGEST", 0.05)
    asked = Asked(None, None, None, True)
    assert not wait(CredentialsWatch(asked), 1)
    assert asked.times == 3


def test_after_a_word_it_is_asked_as_soon_as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_LONGEST", 1000)
    asked = Asked()
    watch = CredentialsWatch(asked)
    watch._pause = 1000
    watch.heard()
    assert not wait(watch, 0.5)
    assert asked.times >= 1


@pytest.mark.parametrize("failure", [RuntimeError, SystemExit])
def test_a_question_that_fails_ends_nothing(failure: type[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    asked = Asked(True)

    def ask() -> bool | None:
        if not asked.times:
            asked.times += 1
            raise failure
        return asked()

    assert wait(CredentialsWatch(ask), 5), "and the next one is asked"
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


def test_the_client_is_made_at_once_and_not_in_the_thread() -> None:
    made: list[str] = []

    def make(service: str, region: str, config: t.Any = None) -> t.Any:
        made.append(service)
        return None

    watch = CredentialsWatch.of(Cloud(make, "eu-west-1"))
    assert made == ["sts"]
    assert not wait(watch, 0.2)
    assert made == ["sts"]


@pytest.mark.parametrize(
    ("code", "known"), [("ExpiredToken", True), ("RequestExpired", True), ("AccessDenied", None), (None, False)]
)
def test_what_sts_says(code: str | None, known: bool | None) -> None:
    class Sts:
        def get_caller_identity(self) -> dict[str, str]:
            if code:
                told: t.Any = {"Error": {"Code": code, "Message": "no"}}
                raise botocore.exceptions.ClientError(told, "GetCallerIdentity")
            return {"Account": "1"}

    watch = CredentialsWatch.of(Cloud(lambda _service, region, config=None: Sts(), "eu-west-1"))
    assert watch._ask() is known


def test_packer_is_ended(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = Supervised(argv, environment={}, directory=str(tmp_path), scratch=tmp_path)
    code, stop = process.run(
        lambda _line: None, timeout=None, trap=SignalTrap(), watch=AncestorWatch([]), expired=lambda: True
    )
    assert code != 0
    assert stop is not None
    assert stop.kind == "expired"
    assert "get new ones" in stop.text
