# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a consumer takes, what it refuses, and what it lacks: without a call."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import consume_plan
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls_consume import OPERATIONS
from ansible_collections.golden.ami.plugins.module_utils._ami.consume_plan import Grant, Named, Plan
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_plan import Copied, Image
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami, Disk

PUBLISHER, CONSUMER = "111111111111", "222222222222"
THERE, HERE = Place(PUBLISHER, "eu-west-1"), Place(CONSUMER, "eu-west-1")
KEY = f"arn:aws:kms:eu-west-1:{PUBLISHER}:key/theirs"
ROLE = f"arn:aws:iam::{CONSUMER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
GIVEN: dict[str, t.Any] = {
    "publisher_role": None,
    "version": "1.0",
    "copy": False,
    "kms_key": None,
    "name": None,
    "autoscaling_role": consume_plan.SERVICE_ROLE,
    "timeout": 60,
}


def ami(**given: t.Any) -> Ami:
    known: dict[str, t.Any] = {
        "place": HERE,
        "image_id": "ami-1",
        "name": "web-1.0",
        "description": "",
        "state": "available",
        "owner": PUBLISHER,
        "created": datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC),
        "deprecated_at": None,
        "protected": False,
        "public": False,
        "architecture": "x86_64",
        "snapshots": (Disk("snap-1", "/dev/xvda", 8, False),),
        "tags": {},
        "source_image_id": None,
        "source_region": None,
    }
    return Ami(**{**known, **given})


def source(*, snapshots: bool = True, key: str | None = None, **given: t.Any) -> Image:
    disks = (Disk("snap-1", "/dev/xvda", 8, bool(key)),)
    return Image(ami(snapshots=disks, **given), {"snap-1": Copied({}, key)} if snapshots else {})


def plan(**given: t.Any) -> Plan:
    known: dict[str, t.Any] = {
        "image": "web",
        "channel": "prod",
        "version": "1.0",
        "publisher": PUBLISHER,
        "source": source(),
        "place": HERE,
        "grants": (),
        "copy": None,
        "tags": {},
        "lacking": {},
        "parameter": "/golden/web/versions/1.0",
        "channel_parameter": "/golden/web/prod",
        "values": {"/golden/web/versions/1.0": "ami-1", "/golden/web/prod": "ami-1"},
    }
    return Plan(**{**known, **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": None}, "without publisher_role nobody can read what the publisher's channels name"),
        ({"kms_key": "alias/x"}, "kms_key: only a copy"),
        ({"name": "web"}, "name: it is for the copy"),
        ({"autoscaling_role": "a/b"}, "autoscaling_role: 'a/b' is no name of a role"),
        ({"timeout": 0}, "timeout: give one second"),
    ],
)
def test_options_that_can_not_be_meant(given: dict[str, t.Any], said: str) -> None:
    (told,) = consume_plan.option_problems({**GIVEN, **given})
    assert said in told


def test_options_that_can() -> None:
    assert list(consume_plan.option_problems(GIVEN)) == []
    assert list(consume_plan.option_problems({**GIVEN, "version": None, "publisher_role": "reader"})) == []
    assert list(consume_plan.option_problems({**GIVEN, "autoscaling_role": ""})) == []


PUBLISHED = {"golden:image": "web", "golden:version": "1.0"}


@pytest.mark.parametrize(
    ("tags", "version", "said"),
    [
        ({"golden:version": "1.0"}, None, "without the tag golden:image"),
        ({**PUBLISHED, "golden:image": "db"}, None, "is an AMI of db, and web was asked for"),
        ({"golden:image": "web"}, None, "has no tag golden:version"),
        (PUBLISHED, "1.1", "is version 1.0 of web, not 1.1"),
        ({**PUBLISHED, "golden:revoked": "CVE-1"}, None, "is revoked (CVE-1)"),
        ({**PUBLISHED, "golden:tested": "failed today"}, None, "is quarantined"),
        (PUBLISHED, "1.0/arm", None),
        (PUBLISHED, None, None),
    ],
)
def test_what_the_publisher_names(tags: dict[str, str], version: str | None, said: str | None) -> None:
    told = consume_plan.published_problem(ami(place=THERE, tags=tags), "web", "ami-1", THERE, version)
    assert (told is None) if said is None else (said in str(told))


def test_what_the_publisher_names_and_does_not_have() -> None:
    assert "is gone" in str(consume_plan.published_problem(None, "web", "ami-1", THERE, None))


@pytest.mark.parametrize(
    ("found", "copy", "said"),
    [
        (None, False, f"account {PUBLISHER} has not shared it with this account"),
        (source(owner="333333333333"), False, "is of account 333333333333, not of the publisher"),
        (source(state="pending"), False, "is pending, and has to be available"),
        (source(tags={"golden:revoked": "bad"}), False, f"is revoked in account {CONSUMER} (bad)"),
        (source(tags={"golden:tested": "failed here"}), False, "is quarantined"),
        (source(snapshots=False), True, "its snapshots are not"),
        (source(snapshots=False, key=KEY), False, "its snapshots are not"),
        (source(snapshots=False), False, None),
        (source(snapshots=False, public=True), True, None),
        (source(key=KEY), True, None),
    ],
)
def test_what_the_consumer_sees(found: Image | None, copy: bool, said: str | None) -> None:
    told = consume_plan.shared_problem(found, "ami-1", HERE, PUBLISHER, copy=copy)
    assert (told is None) if said is None else (said in str(told))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "has no key alias/x in eu-west-1"),
        ({"KeyState": "PendingDeletion"}, "is PendingDeletion"),
        ({"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"}, "is a key for SIGN_VERIFY (RSA_2048)"),
        ({"KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}, None),
    ],
)
def test_keys_of_ones_own(key: dict[str, t.Any] | None, said: str | None) -> None:
    told = consume_plan.own_key_problem("alias/x", key, HERE)
    assert (told is None) if said is None else (said in str(told))


def test_keys_of_the_publisher() -> None:
    assert consume_plan.their_key_problem(KEY, "ami-1", HERE, None) is None
    told = str(consume_plan.their_key_problem(KEY, "ami-1", HERE, "AccessDenied"))
    assert f"which account {CONSUMER} may not use (AccessDenied)" in told
    assert f"arn:aws:iam::{CONSUMER}:root" in told


def test_tags_are_what_the_publisher_has_and_where_it_is_from() -> None:
    named = Named("ami-1", "1.0", {"golden:fingerprint": "f", "aws:x": "y", "team": "theirs"})
    assert consume_plan.wanted_tags("web", named, PUBLISHER, "eu-west-1", {"team": "ours"}) == {
        "golden:image": "web",
        "golden:version": "1.0",
        "golden:complete": "yes",
        "golden:fingerprint": "f",
        "golden:publisher": f"{PUBLISHER}/eu-west-1/ami-1",
        "team": "ours",
    }
    many = {str(number): "x" for number in range(30)}
    assert consume_plan.room_problem(many, {}) is None
    assert "would have 51 tags" in str(consume_plan.room_problem(many, {f"own{n}": "x" for n in range(20)}))


ENOUGH: dict[str, t.Any] = {"GranteePrincipal": ROLE, "Operations": [*OPERATIONS, "Sign"]}


@pytest.mark.parametrize(
    ("grants", "granted"),
    [
        ([], False),
        ([ENOUGH], True),
        ([{**ENOUGH, "Constraints": {}}], True),
        ([{**ENOUGH, "GranteePrincipal": f"{ROLE}_other"}], False),
        ([{**ENOUGH, "Operations": OPERATIONS[:-1]}], False),
        ([{**ENOUGH, "Constraints": {"EncryptionContextEquals": {"a": "b"}}}], False),
    ],
)
def test_a_grant_is_there_when_one_is_enough(grants: list[dict[str, t.Any]], granted: bool) -> None:
    assert consume_plan.service_role(CONSUMER, consume_plan.SERVICE_ROLE, "aws") == ROLE
    assert consume_plan.is_granted(grants, ROLE) is granted


def test_a_grant_has_one_name_for_one_use() -> None:
    one, other = Grant(KEY, ROLE, False), Grant(KEY, f"{ROLE}_other", False)
    assert one.name == dataclasses.replace(one, there=True).name != other.name


@pytest.mark.parametrize(
    ("recorded", "target", "refused"), [(None, "ami-1", False), ("ami-1", "ami-1", False), ("ami-0", "ami-1", True)]
)
def test_a_version_is_recorded_once(recorded: str | None, target: str, refused: bool) -> None:
    told = consume_plan.record_problem("/golden/web/versions/1.0", recorded, target)
    assert ("is recorded once" in str(told)) is refused
    assert consume_plan.record_problem("/p", "ami-0", None)


def test_nothing_to_do() -> None:
    one = plan(grants=(Grant(KEY, ROLE, True),))
    assert not one.changed
    assert {line["action"] for line in one.lines("ami-1")} == {"none"}
    assert one.before() == one.after("ami-1")
    assert not any(move.changes for move in one.moves("ami-1"))


@pytest.mark.parametrize(
    ("given", "kind", "action"),
    [
        ({"grants": (Grant(KEY, ROLE, False),)}, "grant", "grant"),
        ({"lacking": {"team": "web"}}, "tag", "tag"),
        ({"values": {"/golden/web/versions/1.0": "ami-1", "/golden/web/prod": "ami-0"}}, "parameter", "move"),
        ({"values": {"/golden/web/versions/1.0": "ami-1"}}, "parameter", "create"),
    ],
)
def test_each_thing_that_lacks_is_a_change(given: dict[str, t.Any], kind: str, action: str) -> None:
    one = plan(**given)
    assert one.changed
    assert [(line["kind"], line["action"]) for line in one.lines("ami-1") if line["action"] != "none"] == [
        (kind, action)
    ]
    assert one.before() != one.after("ami-1")


def test_refusals_are_told_together_and_once() -> None:
    assert consume_plan.refusal([None, "a.", None, "b.", "a."]) == "Nothing was changed. a. b."
    assert consume_plan.refusal([None]) is None
    assert consume_plan.newest_named([]) is None
    later = ami(image_id="ami-2", created=datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC))
    assert consume_plan.newest_named([later, ami()]) is later
