# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed from version to version, as far as it is kept."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._report.changes import changes_of
from ansible_collections.golden.ami.plugins.module_utils._report.facts import Facts, Wanted
from harness.insides import AFTER, BEFORE, kept


def facts(**contents: object) -> Facts:
    return Facts(Wanted("web"), contents={name.replace("_", "/"): kept(one) for name, one in contents.items()})  # type: ignore[arg-type]


def test_a_version_is_compared_with_the_nearest_older_one_that_is_known() -> None:
    (newest, middle) = changes_of(facts(a=BEFORE, c=AFTER), ["c", "b", "a"], 5)
    assert (newest["from"], newest["to"], newest["missing"]) == ("a", "c", [])
    assert newest["summary"].startswith("1 package added (htop); 1 service removed (cron.service)")
    assert [change["name"] for change in newest["changes"]] == ["htop", "cron.service"]
    assert (middle["from"], middle["to"], middle["missing"]) == ("a", "b", ["b"])
    assert middle["summary"] is None


def test_what_is_not_kept_is_missing_and_not_the_same() -> None:
    (entry,) = changes_of(facts(), ["b", "a"], 5)
    assert (entry["missing"], entry["summary"], entry["changes"]) == (["a", "b"], None, [])


def test_each_builder_is_compared_with_itself() -> None:
    found = changes_of(facts(a_arm=BEFORE, b_arm=AFTER, b_x86=AFTER), ["b", "a"], 5)
    assert [(one["from"], one["to"], one["missing"]) for one in found] == [
        ("a/arm", "b/arm", []),
        ("a/x86", "b/x86", ["a/x86"]),
    ]


def test_no_more_than_asked_for() -> None:
    assert len(changes_of(facts(), ["c", "b", "a"], 1)) == 1
    assert changes_of(facts(), ["c", "b", "a"], 0) == []
    assert changes_of(facts(), ["a"], 5) == []
    assert changes_of(facts(), [], 5) == []
