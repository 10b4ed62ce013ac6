# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is behind when it was made from another AMI than it would be made from now."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.lineage import (
    Descent,
    Lineage,
    Search,
    lineage,
    read_lineages,
)

OLD, NEW = "ami-0aaaaaaaaaaaaaaa1", "ami-0aaaaaaaaaaaaaaa2"


def ami(image_id: str, image: str, day: int, source: str = "") -> dict[str, t.Any]:
    tags = {"golden:image": image, "golden:source-ami": source}
    created = f"2026-01-{day:02}T00:00:00.000Z"
    return {"ImageId": image_id, "CreationDate": created, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}


IMAGES = [
    ami(OLD, "base", 1),
    ami(NEW, "base", 3),
    ami("ami-web1", "web", 1, NEW),
    ami("ami-web2", "web", 2, OLD),
    ami("ami-db", "db", 4, NEW),
]


def of(name: str, channel: str | None = None, **known: t.Any) -> Lineage:
    return lineage(Descent(name, "base", channel), IMAGES, known.get("channels", {}), known.get("just_made", {}), {})


def test_the_newest_of_an_image_counts() -> None:
    web = of("web")
    assert (web.ami_id, web.source_ami, web.parent_ami, web.behind) == ("ami-web2", OLD, NEW, True)
    assert web.message == (
        f"web is behind: it was made from {OLD} of base, the newest is {NEW}."
        " Build it: -e image=web, or -e rebuild_children=true"
    )
    assert (of("db").behind, of("db").message) == (False, None)


def test_what_was_never_built_is_not_behind() -> None:
    never = of("shop")
    assert (never.ami_id, never.source_ami, never.behind, never.message) == (None, None, False, None)


def test_a_channel_is_followed_instead_of_the_newest() -> None:
    channels = {"/golden/base/prod": OLD}
    assert not of("web", "prod", channels=channels).behind
    assert str(of("db", "prod", channels=channels).message).startswith(
        f"db is behind: it was made from {NEW} of base, the channel prod names {OLD}."
    )
    assert not of("web", "gone", channels=channels).behind


def test_what_was_just_made_need_not_be_seen_yet() -> None:
    assert of("db", just_made={"base": "ami-newer"}).parent_ami == "ami-newer"


def test_of_several_bases_one_is_the_parents() -> None:
    both = [*IMAGES, ami("ami-both", "both", 5, f"ami-other,{NEW}"), ami("ami-past", "past", 5, f"ami-other,{OLD}")]
    assert not lineage(Descent("both", "base"), both, {}, {}, {}).behind
    past = lineage(Descent("past", "base"), both, {}, {}, {})
    assert str(past.message).startswith(
        f"past is behind: it was made from ami-other, {OLD} of base, the newest is {NEW}."
    )


def test_a_parent_whose_change_was_taken_back_has_an_older_ami() -> None:
    assert not of("web", just_made={"base": OLD}).behind
    assert str(of("db", just_made={"base": OLD}).message).startswith(
        f"db is behind: it was made from {NEW} of base, its definition stands for {OLD}."
    )


SEARCH = Search(("self",), "base-*")


def test_a_search_is_followed_instead_of_the_newest_of_the_parent() -> None:
    """It may find another AMI than the newest one, and what was just made is not what it has found."""
    db = Descent("db", "base", search=SEARCH)
    made = lineage(db, IMAGES, {}, {"base": "ami-newer"}, {SEARCH: OLD})
    assert (made.parent_ami, made.behind) == (OLD, True)
    assert str(made.message).startswith(
        f"db is behind: it was made from {NEW} of base, the newest AMI named base-* is {OLD}."
    )
    assert not lineage(db, IMAGES, {}, {}, {SEARCH: NEW}).behind
    assert not lineage(db, IMAGES, {}, {}, {SEARCH: None}).behind


def test_what_is_made_from_it_in_turn_is_told_with_it() -> None:
    web = lineage(Descent("web", "base", descendants=("shop", "blog")), IMAGES, {}, {}, {})
    assert str(web.message).endswith("or -e rebuild_children=true, which goes on with shop, blog")


class FakeCloud:
    def __init__(self) -> None:
        self.requests: list[dict[str, t.Any]] = []

    def ec2(self) -> FakeCloud:
        return self

    def ssm(self) -> FakeCloud:
        return self

    def describe_images(self, **request: t.Any) -> dict[str, t.Any]:
        self.requests.append({entry["Name"]: entry["Values"] for entry in request["Filters"]})
        return {"Images": IMAGES}

    def get_parameters(self, Names: list[str]) -> dict[str, t.Any]:  # noqa: N803 - boto3's name
        self.requests.append({"Names": Names})
        return {"Parameters": [{"Name": name, "Value": NEW} for name in Names]}


def test_one_call_for_all_images_and_one_for_ten_channels() -> None:
    cloud = FakeCloud()
    found = read_lineages(t.cast(t.Any, cloud), [Descent("web", "base"), Descent("db", "base")], {})
    assert [one.behind for one in found] == [True, False]
    assert [request.get("tag:golden:image") for request in cloud.requests] == [["base", "db", "web"]]
    cloud = FakeCloud()
    many = [Descent("web", "base", f"c{number:02}") for number in range(11)]
    assert all(one.behind for one in read_lineages(t.cast(t.Any, cloud), many, {"base": NEW}))
    assert [len(request.get("Names", [])) for request in cloud.requests] == [0, 10, 1]


def test_one_call_for_each_search() -> None:
    cloud = FakeCloud()
    arm = Search(("self",), "base-*", "arm64")
    descents = [Descent(name, "base", search=SEARCH) for name in ("web", "db")] + [Descent("x", "base", search=arm)]
    assert [one.parent_ami for one in read_lineages(t.cast(t.Any, cloud), descents, {})] == ["ami-db"] * 3
    assert [request.get("name") for request in cloud.requests] == [None, ["base-*"], ["base-*"]]
    assert [request.get("architecture") for request in cloud.requests] == [None, None, ["arm64"]]
    assert cloud.requests[0]["tag:golden:image"] == ["db", "web", "x"]
