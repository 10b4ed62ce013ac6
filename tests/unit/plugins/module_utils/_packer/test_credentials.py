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


def test_where_sts_is_out_of_reach_it_is_asked_once() -> None:
    asked = Asked(None, True)
    assert not wait(CredentialsWatch(asked), 0.5)
    assert asked.times == 1


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
