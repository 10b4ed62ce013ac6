# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of a report: by version, by place, with what is not known named as such."""

from __future__ import annotations

import dataclasses
import json

from ansible_collections.golden.ami.plugins.module_utils._ami.details import NotRead
from ansible_collections.golden.ami.plugins.module_utils._report.facts import Facts, Wanted, World
from harness.planted_report import AWAY, HOME, ami, report, world


def test_versions_are_the_newest_first_with_their_copies() -> None:
    base, web, _wordpress = report()["images"]
    assert [one["version"] for one in web["versions"]] == [
        "20261122150000",
        "20261121073000",
        "20261116073000",
        "20261002073000",
    ]
    assert [(ami["account"], ami["region"]) for ami in web["versions"][2]["amis"]] == [
        dataclasses.astuple(HOME),
        dataclasses.astuple(AWAY),
    ]
    assert (web["versions"][0]["created"], web["versions"][0]["age"]) == ("2026-11-22T15:04:48Z", "1 hour")
    assert web["versions"][1]["tests"] == {"verdict": "failed", "told": "failed 2026-11-21T08:02:44Z by run 77c1"}
    assert base["versions"][1]["amis"][0]["state"] == "deprecated"


def test_a_failure_in_one_place_is_one_of_the_version() -> None:
    tagged = [
        ami("web", "1", n, 1, tags={"golden:tested": f"{word} today"}) for n, word in ((1, "passed"), (2, "failed"))
    ]
    (image,) = report(World((Facts(Wanted("web"), (HOME,), tuple(tagged)),)))["images"]
    assert image["versions"][0]["tests"]["verdict"] == "failed"


def test_an_empty_tag_of_revocation_counts() -> None:
    (image,) = report(World((Facts(Wanted("web"), (HOME,), (ami("web", "1", 1, 1, tags={"golden:revoked": ""}),)),)))[
        "images"
    ]
    assert image["versions"][0]["revoked"] == ""


def test_who_uses_an_ami_is_open_where_a_source_was_not_read() -> None:
    web = report()["images"][1]
    here, there = web["versions"][2]["amis"]
    assert [one["kind"] for one in here["users"]] == ["auto-scaling-group", *["instance"] * 4]
    assert (here["users_not_read"], there["users_not_read"]) == ([], ["auto-scaling-groups"])


def test_channels_are_no_users() -> None:
    made = world()
    key = (HOME.region, made.images[1].amis[-1].image_id)
    told = next(iter(made.references.values()))[0]
    made.references[key] = tuple(
        dataclasses.replace(told, kind="ssm-parameter", id=name) for name in ("/golden/web/dev", "/golden/webmail/dev")
    )
    users = report(made)["images"][1]["versions"][0]["amis"][0]["users"]
    assert [one["id"] for one in users] == ["/golden/webmail/dev"]


def test_what_pruning_would_take_is_counted_or_not_known() -> None:
    made = world()
    assert report(made)["images"][1]["pruning"]["counts"] == {"keep": 4, "deprecate": 1, "disable": 0, "delete": 0}
    made.images[1].pruning = None
    assert report(made)["images"][1]["pruning"] is None


def test_permissions_that_were_not_read_are_none() -> None:
    made = world()
    made.launch.clear()
    assert report(made)["images"][0]["versions"][0]["amis"][0]["permissions"] is None


def test_what_was_not_read_is_told_once_and_all_of_it_is_json() -> None:
    made = world()
    made.images[0].not_read.append(made.not_read[0])
    told = report(made)
    assert len(told["not_read"]) == 1
    assert json.loads(json.dumps(told)) == told


def test_a_version_that_is_gone_has_the_name_that_its_channel_was_given() -> None:
    made = world()
    made.images[2].amis = ()
    (channel,) = report(made)["images"][2]["channels"]
    assert channel["version"] == "20261003090000"


def test_whether_the_channels_of_a_place_are_known() -> None:
    made = world()
    base, web, _wordpress = made.images
    base.not_read.append(NotRead(AWAY, "all of it", "AccessDenied"))
    web.not_read.append(NotRead(HOME, "channels of web", "AccessDenied"))
    web.not_read.append(NotRead(AWAY, "AMIs of web", "AccessDenied"))
    known = [[place["channels_read"] for place in image["places"]] for image in report(made)["images"]]
    assert known == [[True, False], [False, True], [True]]
