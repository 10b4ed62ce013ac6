# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is of the family of a version, and that what is taken away can be given back."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami, Disk
from ansible_collections.golden.ami.plugins.module_utils._ami.revocation import (
    DESCENDANT,
    VERSION,
    Facts,
    Kin,
    Record,
    family,
    read_record,
    record_parameter,
    restore,
    revoke,
)

HERE, THERE = Place("111111111111", "eu-west-1"), Place("222222222222", "us-east-1")
SHARED = frozenset({("UserId", "333333333333"), ("OrganizationArn", "arn:aws:organizations::1:organization/o-1")})
SOME = frozenset({("UserId", "333333333333")})


def ami(image_id: str, place: Place = HERE, **given: t.Any) -> Ami:
    tags = given.pop("tags", {})
    for name in ("image", "version", "source"):
        if name in given:
            tags["golden:source-ami" if name == "source" else f"golden:{name}"] = given.pop(name)
    empty = {field.name: None for field in dataclasses.fields(Ami)}
    disks = (Disk(image_id.replace("ami", "snap"), "/dev/xvda", 8, False),)
    told = {"place": place, "image_id": image_id, "state": "available", "tags": tags, "snapshots": disks}
    return Ami(**t.cast(dict[str, t.Any], {**empty, **told, **given}))


def facts(given: Ami, record: Record | None = None, launch: t.Any = SHARED, volumes: t.Any = SOME) -> Facts:
    return Facts(Kin(given, VERSION, ""), launch, {one.snapshot_id: volumes for one in given.snapshots}, record)


def test_a_family() -> None:
    amis = [
        ami("ami-1", image="base", version="1"),
        ami("ami-2", THERE, image="base", version="1", source_image_id="ami-1"),
        ami("ami-3", image="base", version="2", source="ami-0"),
        ami("ami-4", THERE, image="web", version="7", source="ami-9,ami-2"),
        ami("ami-5", image="shop", version="3", source="ami-4"),
        ami("ami-6", source_image_id="ami-5"),
        ami("ami-7", source="unknown"),
    ]
    found = {one.ami.image_id: one for one in family(amis, "base", "1")}
    assert list(found) == ["ami-1", "ami-2", "ami-4", "ami-5", "ami-6"]
    assert [one.kind for one in found.values()] == [VERSION, VERSION, DESCENDANT, DESCENDANT, DESCENDANT]
    assert found["ami-4"].reason == "version 7 of web is made from ami-2"
    assert found["ami-6"].reason == "it is made from ami-5"
    assert family(amis, "base", "9") == []


def test_a_circle_ends() -> None:
    amis = [ami("ami-1", image="a", version="1", source="ami-2"), ami("ami-2", source="ami-1")]
    assert [one.ami.image_id for one in family(amis, "a", "1")] == ["ami-1", "ami-2"]


def test_where_it_is_written_down() -> None:
    assert record_parameter("web", "ami-1") == "/golden/web/revoked/ami-1"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"by": "x"}', "null", '{"volumes": 1}'])
def test_what_is_no_record(text: str) -> None:
    assert read_record(text) is None


def test_revoked_and_restored_is_as_before() -> None:
    given = facts(ami("ami-1", image="web", version="1"))
    taken = revoke(given, {"/golden/web/prod": "ami-0"}, "me", "now", "leaks")
    assert taken.after() == {"state": "disabled", "revoked": True, "launch": [], "volumes": {}}
    assert taken.record
    record = read_record(taken.record.text())
    assert record == taken.record
    assert (record.by, record.reason, record.channels) == ("me", "leaks", {"/golden/web/prod": "ami-0"})
    after = facts(ami("ami-1", state="disabled", tags={"golden:revoked": "now"}), record, frozenset(), frozenset())
    assert not revoke(after, {}, "you", "later", "").changes
    back = restore(after)
    assert back.after() == given.shown()
    assert back.drops_record
    assert not restore(given).changes


def test_what_is_left_of_a_first_try_stays_written_down() -> None:
    """It was killed after the AMI was disabled, before its snapshot was unshared; a channel came to name it since."""
    record = Record("me", "now", "leaks", "available", SHARED, {"snap-1": SOME})
    half = facts(ami("ami-1", state="disabled", tags={"golden:revoked": "now"}), record, frozenset(), SOME)
    taken = revoke(half, {"/golden/web/dev": "ami-0"}, "you", "later", "")
    assert taken.changes
    assert taken.record == dataclasses.replace(record, channels={"/golden/web/dev": "ami-0"})


def test_what_was_disabled_before_stays_so() -> None:
    retired = facts(ami("ami-1", state="disabled"), None, frozenset(), frozenset())
    taken = revoke(retired, {}, "me", "now", "")
    assert taken.record
    after = facts(
        ami("ami-1", state="disabled", tags={"golden:revoked": "now"}), taken.record, frozenset(), frozenset()
    )
    assert restore(after).state == "disabled"


def test_a_record_that_somebody_removed() -> None:
    lost = facts(ami("ami-1", state="disabled", tags={"golden:revoked": "now"}), None, frozenset(), frozenset())
    assert not revoke(lost, {}, "me", "now", "").changes
    assert restore(lost).after() == {"state": "available", "revoked": False, "launch": [], "volumes": {}}


def test_one_that_failed_is_not_disabled() -> None:
    assert revoke(facts(ami("ami-1", state="failed")), {}, "me", "now", "").state == "failed"


def test_whom_it_is_shared_with() -> None:
    assert facts(ami("ami-1"), Record(launch=SHARED), SOME).shared_with == [
        "333333333333",
        "arn:aws:organizations::1:organization/o-1",
    ]
