# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a lock is: what was written is read again, all else is nobody's, and a time that is over stays over."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.owner import Owner, read_owner, this_process
from hypothesis import example, given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
TIMES = st.datetimes(datetime.datetime(2020, 1, 1), datetime.datetime(2040, 1, 1), timezones=st.just(datetime.UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
OWNERS = st.builds(
    Owner,
    run=st.text(max_size=9),
    host=st.text(max_size=9),
    pid=st.integers(1, 1 << 22),
    started=TIMES.map(datetime.datetime.isoformat),
    expires=TIMES.map(datetime.datetime.isoformat),
    process_started=st.integers(0, 1 << 40),
    boot=st.sampled_from(["", "another"]),
    namespace=st.sampled_from(["", "pid:[1]"]),
)
JSON: st.SearchStrategy[t.Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just([]) | st.just({})
)


@given(OWNERS)
def test_what_was_written_is_read(owner: Owner) -> None:
    assert read_owner(owner.text()) == owner
    assert owner.run in owner.said()


@given(OWNERS, TIMES, TIMES)
def test_a_time_that_is_over_stays_over(owner: Owner, one: datetime.datetime, other: datetime.datetime) -> None:
    earlier, later = sorted([one, other])
    assert owner.expired(later) or not owner.expired(earlier)
    assert owner.expired(datetime.datetime.fromisoformat(owner.expires))


@given(OWNERS)
def test_nobody_of_another_machine_is_dead(owner: Owner) -> None:
    assert not owner.is_dead()


def usable(owner: Owner | None) -> bool:
    """Whoever is read can be named and judged."""
    return owner is None or (bool(owner.said()) and owner.expired(datetime.datetime.now(datetime.UTC)) in (True, False))


@given(OWNERS, JSON, st.data())
def test_another_value_in_it_is_nobody_or_somebody_who_can_be_judged(
    owner: Owner, value: t.Any, data: st.DataObject
) -> None:
    # Of this machine, so that its process is looked for.
    here = this_process("here", NOW, NOW)
    content = {**json.loads(owner.text()), "boot": here.boot, "namespace": here.namespace, "pid": here.pid}
    name = data.draw(st.sampled_from(sorted(content)))
    found = read_owner(json.dumps({**content, name: value}))
    assert usable(found)
    assert found is None or found.is_dead() in (True, False)


@given(st.text(max_size=40))
@example("[" * 100_000)
@example("null")
def test_any_text_is_nobody(text: str) -> None:
    assert read_owner(text) is None


def test_a_time_without_a_zone_is_nobodys() -> None:
    owner = Owner("a", "here", 1, "2026-11-21T09:00:00+00:00", "2026-11-21T10:00:00")
    assert read_owner(owner.text()) is None
