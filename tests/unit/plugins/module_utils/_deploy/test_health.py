# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as healthy, of each kind of answer."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._deploy.health import (
    Reply,
    Url,
    judge_reply,
    judge_status,
    judge_target,
    last_lines,
)

ASKED = "http://192.0.2.7/"


def status(system: str, instance: str) -> dict[str, t.Any]:
    return {"SystemStatus": {"Status": system}, "InstanceStatus": {"Status": instance}}


@pytest.mark.parametrize(
    ("told", "healthy", "said"),
    [
        (status("ok", "ok"), True, "system ok, instance ok"),
        (status("ok", "initializing"), False, "system ok, instance initializing"),
        (status("impaired", "ok"), False, "system impaired, instance ok"),
        (None, False, "EC2 says nothing of it yet"),
    ],
)
def test_both_status_checks_have_to_pass(told: t.Any, healthy: bool, said: str) -> None:
    answer = judge_status(told)
    assert (answer.healthy, answer.said, answer.final) == (healthy, said, False)


@pytest.mark.parametrize(
    ("told", "healthy", "said", "final"),
    [
        ({"State": "healthy"}, True, "healthy", False),
        (
            {"State": "initial", "Reason": "Elb.RegistrationInProgress"},
            False,
            "initial (Elb.RegistrationInProgress)",
            False,
        ),
        ({"State": "unused", "Reason": "Target.NotInUse"}, False, "unused (Target.NotInUse)", True),
        ({"State": "unused", "Reason": "Target.NotRegistered"}, False, "unused (Target.NotRegistered)", False),
        (None, False, "it does not know the instance yet", False),
    ],
)
def test_of_a_target_only_healthy_is(told: t.Any, healthy: bool, said: str, final: bool) -> None:
    answer = judge_target(told)
    assert (answer.healthy, answer.said, answer.final) == (healthy, said, final)


@pytest.mark.parametrize(
    ("reply", "wanted", "healthy", "said"),
    [
        (Reply(200, "Hello"), Url(ASKED), True, f"{ASKED} answered 200"),
        (Reply(204), Url(ASKED, status=204), True, f"{ASKED} answered 204"),
        (Reply(500, "a\n  b"), Url(ASKED), False, f"{ASKED} answered 500, not 200: a b"),
        (Reply(404), Url(ASKED), False, f"{ASKED} answered 404, not 200: nothing"),
        (Reply(None, error="timed out"), Url(ASKED), False, f"{ASKED} does not answer: timed out"),
        (Reply(200, "x"), Url(ASKED, must_say=("y", "x", "z")), False, "does not say 'y', 'z': x"),
        (Reply(200, "all is well"), Url(ASKED, must_say=("all", "well")), True, "answered 200"),
        (
            Reply(200, "ok Oops"),
            Url(ASKED, must_say=("ok",), must_not_say=("Oops",)),
            False,
            "says 'Oops', which it must not",
        ),
        # As it is written: no patterns, no other case.
        (Reply(200, "ERROR"), Url(ASKED, must_not_say=("error",)), True, "answered 200"),
        (Reply(200, "abc"), Url(ASKED, must_say=("a.c",)), False, "does not say 'a.c'"),
    ],
)
def test_an_error_page_is_one_whatever_its_status(reply: Reply, wanted: Url, healthy: bool, said: str) -> None:
    answer = judge_reply(ASKED, reply, wanted)
    assert answer.healthy == healthy
    assert said in answer.said


def test_of_a_long_answer_what_is_wrong_is_shown() -> None:
    text = "x" * 5000 + " Fatal error: no disk " + "y" * 5000
    said = judge_reply(ASKED, Reply(200, text), Url(ASKED, must_not_say=("Fatal error",))).said
    assert "Fatal error: no disk" in said
    assert len(said) < 400
    assert len(judge_reply(ASKED, Reply(500, text), Url(ASKED)).said) < 300


def test_the_console_ends_with_its_last_lines() -> None:
    console = "".join(f"line {number}\r\n\r\n" for number in range(100))
    lines = last_lines(console)
    assert (len(lines), lines[0], lines[-1]) == (15, "line 85", "line 99")
    assert last_lines("") == []
