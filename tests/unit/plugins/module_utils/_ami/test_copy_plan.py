# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is a copy of what, and what is to be done about it, without a call."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_plan import (
    Copied,
    Image,
    Options,
    Wish,
    client_token,
    is_copy,
    make_step,
    step_problem,
    tag_changes,
)
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami, Disk

HOME, EAST, WEST = "111111111111", "us-east-1", "eu-west-1"
BUILD = {"golden:image": "web", "golden:version": "1", "golden:fingerprint": "f"}


def image(image_id: str, region: str = WEST, key: str | None = None, **given: t.Any) -> Image:
    ami = Ami(
        place=Place(HOME, region),
        image_id=image_id,
        name="web",
        description="",
        state="available",
        owner=HOME,
        created=datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC),
        deprecated_at=None,
        protected=False,
        public=False,
        architecture="x86_64",
        snapshots=(Disk(f"snap-{image_id}", "/dev/xvda", 8, bool(key)),),
        tags={},
        source_image_id=None,
        source_region=None,
    )
    return Image(dataclasses.replace(ami, **given), {f"snap-{image_id}": Copied({}, key)})


SOURCE = image("ami-s", EAST, tags=BUILD)
WISH = Wish(SOURCE, Place(HOME, WEST), Options())
COPY = image("ami-c", source_image_id="ami-s", source_region=EAST)


@pytest.mark.parametrize(
    ("known", "copied"),
    [
        (COPY, True),
        (image("ami-c", source_image_id="ami-s"), True),
        (image("ami-c", source_image_id="ami-s", source_region=WEST), False),
        (dataclasses.replace(COPY, made_from_instance=True), False),
        (image("ami-c", tags={"golden:source-copy": "us-east-1/ami-s"}), True),
        (image("ami-c", tags={"golden:source-copy": "eu-west-1/ami-s"}), False),
        (image("ami-c", tags=BUILD), True),
        (image("ami-c", tags={**BUILD, "golden:version": "2"}), False),
        # A version may have an AMI of each of its template's sources.
        (image("ami-c", tags=BUILD, name="web-arm64"), False),
        (image("ami-c", tags={"golden:image": "web"}), False),
        (image("ami-c"), False),
    ],
)
def test_what_is_a_copy(known: Image, copied: bool) -> None:
    assert is_copy(known, WISH) is copied


def test_images_without_a_build_are_not_alike() -> None:
    assert not is_copy(image("ami-c"), Wish(image("ami-s", EAST), Place(HOME, WEST), Options()))


def test_one_of_the_same_build_with_the_name_that_the_copy_gets_is_one() -> None:
    assert is_copy(image("ami-c", tags=BUILD, name="ours"), Wish(SOURCE, Place(HOME, WEST), Options(name="ours")))


def test_of_several_copies_one_that_is_there_is_taken() -> None:
    pending = image("ami-a", source_image_id="ami-s", source_region=EAST, state="pending")
    same_build = image("ami-0", tags=BUILD)
    found = make_step(WISH, [same_build, pending, COPY]).found
    assert found is COPY


def test_one_with_another_key_is_not_taken_for_it() -> None:
    """One of the same build may stand there as well; what was copied is in the way."""
    wish = dataclasses.replace(WISH, key="arn:two")
    assert make_step(wish, [image("ami-b", key="arn:one", tags=BUILD)]).action == "copy"
    step = make_step(wish, [image("ami-b", key="arn:one", source_image_id="ami-s", source_region=EAST)])
    assert "is encrypted with arn:one, not with arn:two" in (step_problem(step) or "")
    right = image("ami-z", key="arn:two", source_image_id="ami-s", source_region=EAST)
    assert make_step(wish, [COPY, right]).found is right


def test_a_pending_copy_may_not_have_its_snapshots_yet() -> None:
    wish = dataclasses.replace(WISH, key="arn:two")
    pending = image("ami-p", source_image_id="ami-s", source_region=EAST, state="pending", snapshots=())
    step = make_step(wish, [pending])
    assert (step.found, step_problem(step)) == (pending, None)


def test_only_what_is_ours_is_removed() -> None:
    theirs = image("ami-f", source_image_id="ami-s", source_region=EAST, state="failed")
    ours = image("ami-g", tags={"golden:source-copy": "us-east-1/ami-s"}, state="failed")
    step = make_step(WISH, [theirs, ours])
    assert (step.action, step.broken) == ("replace", (ours,))
    assert make_step(WISH, [theirs]).action == "copy"


def test_tags_that_others_wrote_stay() -> None:
    wish = dataclasses.replace(WISH, options=Options(tags={"team": "web"}))
    known = image("ami-c", tags={**BUILD, "golden:version": "theirs", "team": "none", "mine": "x"})
    mark = {"golden:source-copy": "us-east-1/ami-s"}
    assert tag_changes(wish, known) == {"ami-c": {"team": "web", **mark}, "snap-ami-c": {"team": "web", **mark}}


def test_tokens() -> None:
    request, place = {"Name": "web"}, Place(HOME, WEST)
    token = client_token(request, place)
    assert token == client_token({"Name": "web"}, place)
    assert len(token) == 64
    others = [
        client_token({"Name": "db"}, place),
        client_token(request, Place(HOME, EAST)),
        client_token(request, Place("222222222222", WEST)),
        client_token(request, place, ["ami-1"]),
    ]
    assert len({token, *others}) == 5
    assert client_token(request, place, ["ami-1", "ami-2"]) == client_token(request, place, ["ami-2", "ami-1"])
