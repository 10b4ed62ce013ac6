# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from ansible_collections.golden.ami.plugins.module_utils._packer.plan import Memory, Plan, Request, decide

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)


def parts(**values: str) -> fp.Parts:
    return {name: fp.part_of({"file": value}) for name, value in values.items()}


def own(content: fp.Parts, *, days: int = 1, state: str = "available", version: str = "1") -> OwnImage:
    tags = {"golden:fingerprint": fp.fingerprint(content), "golden:fingerprint-parts": fp.parts_tag(content)}
    created = NOW - datetime.timedelta(days=days)
    return OwnImage(f"ami-{version}", created, {**tags, "golden:version": version}, (), {}, state)


def plan(images: list[OwnImage], content: fp.Parts, memory: Memory | None = None, **request: object) -> Plan:
    return decide(Request("web", "eu-west-1", NOW, **request), images, content, memory or {})  # type: ignore[arg-type]


def test_the_newest_of_the_same_content_is_good() -> None:
    content = parts(template="1")
    made = plan([own(content, days=9, version="1"), own(content, version="2")], content)
    assert (made.build, made.current and made.current.image_id) == (False, "ami-2")
    assert made.reason == "ami-2 (version 2) is still good: nothing changed since 2026-11-20 12:00 UTC."


def test_an_older_one_of_the_same_content_is_good_as_well() -> None:
    assert not plan([own(parts(a="1")), own(parts(a="2"), version="2")], parts(a="1")).build


def test_one_that_was_not_completed_is_not_good_but_another_may_be() -> None:
    content = parts(a="1")
    incomplete = own(content, version="2")
    incomplete.tags["golden:complete"] = "no"
    made = plan([incomplete], content)
    assert made.build
    assert "ami-2 (version 2) has this content, but its version record and tags were not completed" in made.reason
    assert not plan([own(content, days=2), incomplete], content).build


@pytest.mark.parametrize(
    ("images", "request_", "said"),
    [
        ([], {}, "there is no AMI of web in eu-west-1 yet"),
        ([own(parts(a="1"), state="pending")], {}, "there is no AMI of web in eu-west-1 yet"),
        ([own(parts(a="1"))], {"force": True}, "with force"),
        ([own(parts(a="1"), days=8)], {"max_age": 7 * 86400.0}, "is 8 days old, more than 7 days"),
        ([own(parts(a="1"))], {"base_known": False}, "could not be asked, so it may have changed"),
        ([own(parts(a="2"))], {}, "a changed since ami-1 (version 1)"),
    ],
)
def test_reasons_to_build(images: list[OwnImage], request_: dict[str, object], said: str) -> None:
    made = plan(images, parts(a="1"), **request_)
    assert made.build
    assert said in made.reason


def test_files_are_named_where_they_are_known() -> None:
    before = {"role common": fp.part_of({f"f{n}": "1" for n in range(9)})}
    after = {"role common": fp.part_of({f"f{n}": "2" for n in range(9)})}
    made = plan([own(before)], after, {"role common": before["role common"].items})
    assert "role common changed (f0, f1, f2, f3, f4 and 4 more) since" in made.reason


def test_tools_say_from_which_to_which() -> None:
    before, after = ({"tools": fp.part_of({"packer": version})} for version in ("1.15.0", "1.16.0"))
    made = plan([own(before)], after, {"tools": before["tools"].items})
    assert "tools changed (packer 1.15.0 → 1.16.0)" in made.reason


def test_diff_compares_digests_of_one_length() -> None:
    many = {f"role {'x' * 4}{n}": fp.part_of({"f": "1"}) for n in range(14)}
    made = plan([own(many)], {**many, "new": fp.part_of({})})
    before, after = made.diff["before"]["parts"], made.diff["after"]["parts"]
    assert {name: after[name] for name in before} == before
    assert {len(value) for value in before.values()} == {6}
