# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties of what ami_share decides, on any permissions."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._ami.permissions import (
    ACCOUNT,
    GROUP,
    ORGANIZATION,
    PUBLIC,
    UNIT,
    Change,
    Permissions,
    change,
    described,
    entries,
    not_of_snapshots,
    of_snapshots,
    permissions_of,
    wanted_permissions,
    without,
    words,
)
from hypothesis import given
from hypothesis import strategies as st

accounts = st.sampled_from([str(n) * 12 for n in range(1, 6)])
somebody = st.one_of(
    st.tuples(st.just(ACCOUNT), accounts),
    st.tuples(st.just(ORGANIZATION), st.sampled_from(["o-1", "o-2"])),
    st.tuples(st.just(UNIT), st.sampled_from(["ou-1", "ou-2"])),
    st.just(PUBLIC),
)
permissions = st.frozensets(somebody)
states = st.sampled_from(["add", "remove", "exact"])


@given(permissions, permissions, states)
def test_a_second_time_there_is_nothing_to_do(before: Permissions, wanted: Permissions, state: str) -> None:
    first = change(before, wanted, state)  # type: ignore[arg-type]
    assert not change(first.after, wanted, state)  # type: ignore[arg-type]


@given(permissions, permissions, states)
def test_what_is_sent_makes_what_is_promised(before: Permissions, wanted: Permissions, state: str) -> None:
    one = change(before, wanted, state)  # type: ignore[arg-type]
    assert (before | one.add) - one.remove == one.after
    assert not one.add & one.remove
    assert not one.add & before
    assert one.remove <= before
    assert bool(one) == bool(one.add or one.remove)


@given(permissions, permissions)
def test_adding_takes_nothing_and_removing_gives_nothing(before: Permissions, wanted: Permissions) -> None:
    assert change(before, wanted, "add").remove == frozenset()
    assert change(before, wanted, "add").after >= wanted
    assert change(before, wanted, "remove").add == frozenset()
    assert not change(before, wanted, "remove").after & wanted
    assert change(before, wanted, "exact").after == wanted


@given(permissions, permissions, states)
def test_nobody_comes_in_who_was_not_asked_for(before: Permissions, wanted: Permissions, state: str) -> None:
    """The public above all."""
    assert change(before, wanted, state).add <= wanted  # type: ignore[arg-type]


@given(permissions, permissions, states)
def test_a_snapshot_follows_its_image(before: Permissions, wanted: Permissions, state: str) -> None:
    """Who may launch by number or as anybody may copy as well; organizations and units may not."""
    launch = change(before, wanted, state)  # type: ignore[arg-type]
    volume = change(of_snapshots(before), of_snapshots(wanted), state)  # type: ignore[arg-type]
    assert volume.after == of_snapshots(launch.after)
    assert {kind for kind, _name in volume.add | volume.remove} <= {ACCOUNT, GROUP}
    assert not not_of_snapshots(of_snapshots(wanted))
    assert len(of_snapshots(wanted)) + len(not_of_snapshots(wanted)) == len(wanted)


@given(permissions)
def test_what_ec2_tells_is_what_it_was_told(some: Permissions) -> None:
    assert permissions_of(entries(some)) == some
    told = described(some)
    named = wanted_permissions(
        told["accounts"], told["organizations"], told["organizational_units"], public=told["public"]
    )
    assert named == some


@given(permissions, accounts)
def test_the_owner_is_never_a_target(some: Permissions, owner: str) -> None:
    assert without(some, owner) == {one for one in some if one != (ACCOUNT, owner)}


@given(permissions)
def test_reasons_are_short_and_name_the_public(some: Permissions) -> None:
    assert len(words(some)) < 80
    assert (words(Change(frozenset(), frozenset({PUBLIC})).add)) == "everybody"
