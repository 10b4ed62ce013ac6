# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the history of a channel tells: who moved it, what stands, where a rollback leads."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._ami.channels import (
    PROMOTED,
    REVOKED,
    ROLLED_BACK,
    UNDONE,
    Entry,
    Move,
    channels_of,
    check_channel,
    check_image,
    description_of,
    diff_of,
    entry_of,
    former,
    is_rolled_back,
    last_stay,
    standing,
)

DAY = datetime.timedelta(days=1)
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def history(*moves: tuple[str, str]) -> list[Entry]:
    """One move a day."""
    return [Entry(f"ami-{name}", START + number * DAY, kind, name) for number, (kind, name) in enumerate(moves)]


@pytest.mark.parametrize(
    "name", ["versions", "locks", "revoked", "contents", "Prod", "", "a/b", "-x", "a" * 64, "pro d"]
)
def test_names_that_no_channel_has(name: str) -> None:
    with pytest.raises(AmiError, match="channel: "):
        check_channel(name)


@pytest.mark.parametrize("name", ["dev", "prod-eu", "v1.2", "blue_green"])
def test_names_of_channels(name: str) -> None:
    check_channel(name)
    check_image("web-2")


def test_names_that_no_image_has() -> None:
    with pytest.raises(AmiError, match="'web/x' is no image's name"):
        check_image("web/x")


def test_what_is_written_is_read_again() -> None:
    by = "arn:aws:sts::111111111111:assumed-role/pipeline/build"
    for kind in (PROMOTED, ROLLED_BACK, REVOKED, UNDONE):
        told = {"Value": "ami-2", "LastModifiedDate": START, "Description": description_of(kind, "1.1", "1.0", by)}
        assert entry_of(told) == Entry("ami-2", START, kind, "1.1", "1.0", by)
    first = {"Value": "ami-1", "LastModifiedDate": START, "Description": description_of(PROMOTED, "1.0", None, by)}
    assert entry_of(first).former is None
    assert len(description_of(PROMOTED, "1.0", None, "x" * 2000)) == 1024


def test_what_somebody_else_wrote() -> None:
    told = {"Value": "ami-1", "LastModifiedDate": START, "LastModifiedUser": "arn:aws:iam::1:user/eve"}
    assert entry_of(told) == Entry("ami-1", START, by="arn:aws:iam::1:user/eve")


def test_a_rollback_takes_back_and_a_promotion_adds() -> None:
    moves = history(
        (PROMOTED, "a"),
        (PROMOTED, "b"),
        (PROMOTED, "c"),
        (ROLLED_BACK, "b"),
        (PROMOTED, "d"),
        (UNDONE, "b"),
        (PROMOTED, "e"),
    )
    assert [entry.version for entry in standing(moves)] == ["a", "b", "e"]
    assert [entry.version for entry in former(moves)] == ["b", "a"]
    assert not is_rolled_back(moves)
    assert is_rolled_back(moves[:4])


def test_where_nothing_was_before() -> None:
    assert former([]) == []
    assert former(history((PROMOTED, "a"), (PROMOTED, "a"))) == []
    assert [entry.version for entry in former(history((PROMOTED, "a"), (PROMOTED, "b"), (PROMOTED, "a")))] == ["b"]
    assert [entry.version for entry in standing(history((PROMOTED, "b"), (ROLLED_BACK, "lost")))] == ["b", "lost"]


def test_how_long_it_stayed() -> None:
    moves = history((PROMOTED, "a"), (PROMOTED, "b"), (PROMOTED, "b"), (ROLLED_BACK, "a"))
    left = last_stay(moves, "ami-b")
    assert left
    assert (left.days(START + 99 * DAY), left.ended_by) == (2, ROLLED_BACK)
    here = last_stay(moves, "ami-a")
    assert here
    assert (here.since, here.days(START + 5 * DAY), here.ended_by) == (START + 3 * DAY, 2, None)
    assert last_stay(moves, "ami-c") is None


def test_channels_among_parameters() -> None:
    names = ["prod", "dev", "versions/1.0", "locks/promote", "versions", "revoked/ami-1", "contents"]
    assert channels_of("web", [f"/golden/web/{name}" for name in names] + ["/golden/db/test"]) == ["dev", "prod"]


def test_a_move() -> None:
    place = Place("111111111111", "eu-west-1")
    move = Move(place, "prod", "/golden/web/prod", None, "ami-1", None, "1.0", "its first")
    assert (move.action, move.changes) == ("create", True)
    assert list(move.line())[:3] == ["account", "region", "image_id"]
    assert diff_of([move])["before"] == {"111111111111/eu-west-1/golden/web/prod": None}
