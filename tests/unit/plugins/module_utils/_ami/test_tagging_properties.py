# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties of what ami_tag decides, on any tags."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.tagging import Tagged, plan_steps, tags_after
from hypothesis import given
from hypothesis import strategies as st

HERE, THERE = Place("111111111111", "eu-west-1"), Place("111111111111", "us-east-1")
keys = st.sampled_from(["team", "stage", "aws:backup", "golden:image", "x"])
own = st.dictionaries(keys.filter(lambda key: not key.startswith("aws:")), st.sampled_from(["1", "2"]))
tags = st.dictionaries(keys, st.sampled_from(["1", "2"]))
Tags = dict[str, str]


def applied(some: list[Tagged], wanted: Tags) -> dict[str, Tags]:
    """What EC2 makes of the steps."""
    found = {one.resource: dict(one.before) for one in some}
    for sequence in plan_steps(some, wanted):
        for step in sequence:
            for resource in step.resources:
                if step.action == "untag":
                    for key in step.arguments["keys"]:
                        found[resource].pop(key, None)
                else:
                    found[resource].update(step.arguments["tags"])
    return found


@given(st.lists(st.tuples(tags, st.sampled_from([HERE, THERE])), max_size=6), own, st.booleans())
def test_the_steps_make_what_the_plan_says(befores: list[tuple[Tags, Place]], wanted: Tags, purge: bool) -> None:
    some = [
        Tagged(place, f"ami-{n}", f"snap-{n}", before, tags_after(before, wanted, purge=purge))
        for n, (before, place) in enumerate(befores)
    ]
    made = applied(some, wanted)
    assert made == {one.resource: one.after for one in some}
    again = [
        Tagged(one.place, one.image_id, one.resource, one.after, tags_after(one.after, wanted, purge=purge))
        for one in some
    ]
    assert plan_steps(again, wanted) == []
    # At most one call of each kind in a place.
    for sequence in plan_steps(some, wanted):
        assert [step.action for step in sequence] in (["untag"], ["tag"], ["untag", "tag"])
        assert len({step.place for step in sequence}) == 1


@given(tags, own, st.booleans())
def test_what_stays(before: Tags, wanted: Tags, purge: bool) -> None:
    after = tags_after(before, wanted, purge=purge)
    assert wanted.items() <= after.items()
    for key, value in before.items():
        if key.startswith(("aws:", "golden:")) or not purge:
            assert after[key] == wanted.get(key, value)
    assert after.keys() <= before.keys() | wanted.keys()
