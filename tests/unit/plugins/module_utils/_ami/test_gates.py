# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each gate passes what it should, and tells why it does not."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._ami.channels import PROMOTED, ROLLED_BACK, Entry
from ansible_collections.golden.ami.plugins.module_utils._ami.gates import Evidence, check_gates, judge, soak_channels
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._ami.versions import Artifact

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
PLACES = [Place("111111111111", "eu-west-1"), Place("222222222222", "us-east-1")]


def ami(place: Place, tags: dict[str, str]) -> Ami:
    given = {field.name: None for field in dataclasses.fields(Ami)}
    told = {"place": place, "image_id": "ami-1", "state": "available", "tags": tags}
    return Ami(**t.cast(dict[str, t.Any], {**given, **told}))


def evidence(*tags: dict[str, str], **histories: tuple[Entry, ...]) -> Evidence:
    """The tags of the AMI in the first place, in the second."""
    artifacts = tuple(
        Artifact(place, "web", "1.0", "ami-1", ami(place, told))
        for place, told in zip(PLACES, tags or ({},), strict=False)
    )
    return Evidence(artifacts, artifacts[0], histories, NOW)


def verdict(gate: dict[str, t.Any], given: Evidence) -> tuple[bool, str]:
    first, *always, second = judge([gate], given)
    assert (first.gate, first.passed) == ("not_revoked", True)
    assert [one.gate for one in always if one.passed] == []
    assert second.gate == next(iter(gate))
    return second.passed, second.reason


def test_none_but_the_one_that_is_always_there() -> None:
    (only,) = judge([{"tested": False}, {"tested": None, "scan": None}], evidence())
    assert only.line() == {"gate": "not_revoked", "passed": True, "reason": "it is not revoked in any of the places"}


def test_revoked_in_one_place_is_revoked() -> None:
    (only,) = judge([], evidence({}, {"golden:revoked": "leaks"}))
    assert not only.passed
    assert "222222222222/us-east-1 is revoked (leaks)" in only.reason


def test_whose_tests_failed_in_one_place_is_quarantined_whatever_is_asked_for() -> None:
    _revoked, only = judge([], evidence({"golden:tested": "passed"}, {"golden:tested": "failed 2026-11-20 by run-1"}))
    assert (only.gate, only.passed) == ("not_quarantined", False)
    assert "ami-1 in 222222222222/us-east-1 is quarantined" in only.reason
    assert "test it again (golden.ami.ami_test)" in only.reason
    assert len(judge([], evidence({"golden:tested": "passed"}))) == 1


@pytest.mark.parametrize(
    ("tags", "passed", "said"),
    [
        ([{}], False, "no AMI of it has the tag golden:tested"),
        ([{}, {"golden:tested": "passed 2026-11-20"}], True, "says passed"),
        ([{"golden:tested": "passed"}, {"golden:tested": "failed"}], False, "says passed, failed"),
    ],
)
def test_tested(tags: list[dict[str, str]], passed: bool, said: str) -> None:
    found = verdict({"tested": True}, evidence(*tags))
    assert found[0] is passed
    assert said in found[1]


def stays(*moves: tuple[str, str, float]) -> tuple[Entry, ...]:
    """Moves of a channel, each so many days ago."""
    return tuple(Entry(name, NOW - datetime.timedelta(days=days), kind) for kind, name, days in moves)


@pytest.mark.parametrize(
    ("moves", "passed", "said"),
    [
        (stays(), False, "there is no channel dev"),
        (stays((PROMOTED, "ami-9", 9)), False, "it was never in dev"),
        (stays((PROMOTED, "ami-1", 3)), True, "3.0 of 3 days in dev, since 2026-11-18"),
        (stays((PROMOTED, "ami-1", 2.9)), False, "2.9 of 3 days"),
        (stays((PROMOTED, "ami-1", 9), (PROMOTED, "ami-2", 5)), True, "4.0 of 3 days"),
        (
            stays((PROMOTED, "ami-1", 9), (ROLLED_BACK, "ami-0", 1)),
            False,
            "it was taken out of dev at 2026-11-20 00:00 UTC",
        ),
        (stays((PROMOTED, "ami-1", 9), (ROLLED_BACK, "ami-0", 5), (PROMOTED, "ami-1", 1)), False, "1.0 of 3 days"),
    ],
)
def test_soaked(moves: tuple[Entry, ...], passed: bool, said: str) -> None:
    found = verdict({"soaked": {"channel": "dev", "days": 3.0}}, evidence(dev=moves))
    assert found[0] is passed
    assert said in found[1]


@pytest.mark.parametrize(
    ("words", "passed", "said"),
    [
        ([], False, "scan it"),
        (["medium, by inspector"], True, "the worst that was found is medium, allowed is medium"),
        (["none", "high"], False, "is high"),
        (["terrible"], False, "terrible, which is no severity"),
    ],
)
def test_scan(words: list[str], passed: bool, said: str) -> None:
    found = verdict({"scan": {"max_severity": "medium"}}, evidence(*({"golden:scan": word} for word in words)))
    assert found[0] is passed
    assert said in found[1]


@pytest.mark.parametrize(
    ("by", "names", "passed", "said"),
    [
        ([], "", False, "it waits for the approval"),
        (["alice"], "", False, "it waits for the approval of alice"),
        ([], "bob", True, "approved by bob"),
        (["alice", "carol"], "bob", False, "approved by bob, and needs that of alice or carol"),
        (["alice"], "bob, alice", True, "approved by alice"),
    ],
)
def test_approved(by: list[str], names: str, passed: bool, said: str) -> None:
    found = verdict({"approved": {"by": by, "tag": "ok"}}, evidence({"ok": names}))
    assert found == (passed, found[1])
    assert said in found[1]


@pytest.mark.parametrize(
    ("date", "tag", "passed", "said"),
    [
        (None, None, False, "nobody says when its base ends: set date, or the tag eol"),
        ("2026-11-21", None, True, "is maintained until 2026-11-21"),
        ("2026-11-20", "2030-01-01", False, "was maintained until 2026-11-20"),
        (None, "2030-01-01", True, "until 2030-01-01"),
        (None, "later", False, "'later', which is no date"),
    ],
)
def test_base_not_eol(date: str | None, tag: str | None, passed: bool, said: str) -> None:
    found = verdict({"base_not_eol": {"date": date, "tag": "eol"}}, evidence({"eol": tag} if tag else {}))
    assert found[0] is passed
    assert said in found[1]


def test_what_is_refused_before_anything_is_read() -> None:
    check_gates([{"base_not_eol": {"date": "2030-01-01"}}, {"soaked": {"channel": "dev", "days": 0}}, {"tested": True}])
    with pytest.raises(AmiError, match="'2030-13-01' is no date"):
        check_gates([{"base_not_eol": {"date": "2030-13-01"}}])
    with pytest.raises(AmiError, match="-1 is no time"):
        check_gates([{"soaked": {"channel": "dev", "days": -1}}])


def test_channels_that_gates_look_at() -> None:
    gates = [{"soaked": {"channel": "dev", "days": 1}}, {"tested": True}, {"soaked": {"channel": "dev", "days": 2}}]
    assert soak_channels(gates) == ["dev"]
