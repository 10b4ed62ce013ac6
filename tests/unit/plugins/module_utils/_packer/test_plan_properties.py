# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""To build or not: the same question has the same answer, and only a complete AMI of just this content is good."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from ansible_collections.golden.ami.plugins.module_utils._packer.plan import Request, counts, decide
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
DAY = 86400
CONTENTS = st.fixed_dictionaries({"template": st.sampled_from("ab"), "base": st.sampled_from("cd")}).map(
    lambda values: {name: fp.part_of({"it": value}) for name, value in values.items()}
)
MEMORIES = st.dictionaries(
    st.sampled_from(["template", "base", "gone"]), st.dictionaries(st.just("it"), st.text(max_size=2))
)


@st.composite
def images(draw: st.DrawFn) -> list[OwnImage]:
    """As EC2 has them: oldest first, some pending, some incomplete, some made by somebody who tags otherwise."""
    found = []
    for number, age in enumerate(sorted(draw(st.lists(st.integers(0, 30 * DAY), max_size=6)), reverse=True)):
        parts = draw(CONTENTS)
        known = {"golden:fingerprint": fp.fingerprint(parts), "golden:fingerprint-parts": fp.parts_tag(parts)}
        tags = draw(st.sampled_from([known, known, known, {}]))
        complete = draw(st.sampled_from([{"golden:complete": "yes"}, {"golden:complete": "no"}, {}]))
        state = draw(st.sampled_from(["available", "available", "pending"]))
        created = NOW - datetime.timedelta(seconds=age)
        found.append(OwnImage(f"ami-{number}", created, {**tags, **complete}, (), {}, state))
    return found


REQUESTS = st.builds(
    Request,
    st.just("web"),
    st.just("eu-west-1"),
    st.just(NOW),
    force=st.booleans(),
    max_age=st.none() | st.integers(0, 30 * DAY).map(float),
    base_known=st.booleans(),
)


def same_content(found: list[OwnImage], parts: fp.Parts) -> list[OwnImage]:
    return [one for one in found if counts(one) and one.tags["golden:fingerprint"] == fp.fingerprint(parts)]


@given(REQUESTS, images(), CONTENTS, MEMORIES)
def test_the_same_question_has_the_same_answer(request: Request, found: t.Any, parts: fp.Parts, memory: t.Any) -> None:
    plan = decide(request, found, parts, memory)
    again = decide(request, list(found), dict(reversed(parts.items())), memory)
    assert (plan.build, plan.fingerprint, plan.current) == (again.build, again.fingerprint, again.current)
    forgetful = decide(request, found, parts, {})
    assert forgetful.build == plan.build, "what this machine remembers is told, and decides nothing"


@given(REQUESTS, images(), CONTENTS)
def test_what_is_good_is_the_newest_complete_one_of_just_this_content(
    request: Request, found: list[OwnImage], parts: fp.Parts
) -> None:
    plan = decide(request, found, parts, {})
    same = same_content(found, parts)
    young = [one for one in same if request.max_age is None or (NOW - one.created).total_seconds() <= request.max_age]
    good = bool(young) and not request.force and request.base_known
    assert plan.build == (not good)
    if good:
        assert plan.current is same[-1]
        assert plan.current.image_id in plan.reason
    else:
        assert plan.reason.startswith("web is to be built: ")


@given(REQUESTS, images(), CONTENTS)
def test_with_force_it_is_built_whatever_there_is(request: Request, found: list[OwnImage], parts: fp.Parts) -> None:
    forced = Request(request.name, request.region, request.now, True, request.max_age, request.base_known)
    assert decide(forced, found, parts, {}).build


@given(images(), CONTENTS, st.integers(0, 30 * DAY), st.integers(0, 30 * DAY))
def test_more_patience_never_builds_more(found: list[OwnImage], parts: fp.Parts, one: int, other: int) -> None:
    few, many = sorted([one, other])

    def builds(max_age: float | None) -> bool:
        return decide(Request("web", "eu-west-1", NOW, max_age=max_age), found, parts, {}).build

    assert builds(few) or not builds(many)
    assert builds(many) or not builds(None)


@given(REQUESTS, images(), CONTENTS)
def test_the_difference_is_empty_when_and_only_when_nothing_is_built(
    request: Request, found: list[OwnImage], parts: fp.Parts
) -> None:
    plan = decide(request, found, parts, {})
    assert (plan.diff["before"] == plan.diff["after"]) == (not plan.build)
