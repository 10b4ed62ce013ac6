# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ami_report by its own main(): what it reads, what it writes, and what it says when something can't be read."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import botocore.client
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._inside.store import packed
from ansible_collections.golden.ami.plugins.modules import ami_report
from harness.channel_world import ACCESS, HOME, OTHER, REGION, SECOND, Request, Where, World, ami_id, error
from harness.insides import AFTER, BEFORE, kept

Report = t.Callable[..., dict[str, t.Any]]
HERE, THERE = (HOME, REGION), (OTHER, SECOND)
FILES = ["report.html", "report.json", "report.md"]
WEB = {
    "name": "web",
    "parent": "base",
    "accounts": [HOME, OTHER],
    "regions": [REGION, SECOND],
    "retention": {"keep": 1},
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    made.answers["DescribeParameters"] = lambda where, _request: {
        "Parameters": [{"Name": name} for name in made.parameters.get(where, {})]
    }
    complete = {"golden:complete": "yes"}
    made.version("base", "1", 1, HERE, **complete)
    made.version("web", "1.0", 11, HERE, THERE, **complete, **{"golden:source-ami": ami_id(1)})
    made.version("web", "1.1", 21, HERE, **complete, **{"golden:source-ami": ami_id(1), "golden:tested": "passed x"})
    made.images[HERE][ami_id(21)]["CreationDate"] = "2026-11-02T00:00:00.000Z"
    for version, contents in (("1.0", BEFORE), ("1.1", AFTER)):
        for number, value in enumerate(packed(kept(contents)), start=1):
            made.put(HERE, f"/golden/web/contents/{version}/{number}", value)
    made.put(HERE, "/golden/web/prod", ami_id(11), "promoted: 1.0 after nothing by jo; golden.ami")
    made.put(THERE, "/golden/web/prod", ami_id(12), "by hand")
    return made


# The world knows only the filters that other tests need.
def _without_state(request: Request) -> Request:
    return {**request, "Filters": [one for one in request.get("Filters", []) if one["Name"] != "state"]}


@pytest.fixture
def report(world: World, capsys: pytest.CaptureFixture[str]) -> Report:
    world.answers["DescribeImages"] = lambda where, request: world._DescribeImages(where, _without_state(request))

    def call(*images: dict[str, t.Any], **given: t.Any) -> dict[str, t.Any]:
        arguments = {**ACCESS, "images": list(images) or [WEB], **given}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            ami_report.main()
        assert world.writes() == []
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return call


def test_all_that_is_told_of_an_image(report: Report) -> None:
    result = report({"name": "base"}, WEB)
    assert (result["changed"], result["files"]) == (False, [])
    base, web = result["report"]["images"]
    assert [one["version"] for one in web["versions"]] == ["1.1", "1.0"]
    assert [(one["account"], one["region"]) for one in web["versions"][1]["amis"]] == [HERE, THERE]
    assert {(one["account"], one["channel"], one["version"], one["by"]) for one in web["channels"]} == {
        (HOME, "prod", "1.0", "jo"),
        (OTHER, "prod", "1.0", f"arn:aws:iam::{OTHER}:user/writer"),
    }
    assert web["changes"][0]["summary"].startswith("1 package added (htop)")
    assert web["versions"][0]["tests"]["verdict"] == "passed"
    assert {"from": "base/1", "to": "web/1.1"} in result["report"]["lineage"]["edges"]
    assert web["behind"] is None
    assert [one["version"] for one in base["versions"]] == ["1"]
    assert all(one["pruning"]["action"] == "keep" for version in web["versions"] for one in version["amis"])


def test_a_newer_parent_is_told(world: World, report: Report) -> None:
    world.image(HERE, ami_id(2), tags={"golden:image": "base", "golden:version": "2", "golden:complete": "yes"})
    world.images[HERE][ami_id(2)]["CreationDate"] = "2026-11-03T00:00:00.000Z"
    assert "web is behind" in report()["report"]["images"][0]["behind"]


def test_a_search_says_which_parent_counts(world: World, report: Report) -> None:
    usual = world.answers["DescribeImages"]
    asked: list[Request] = []

    def searched(where: tuple[str, str], request: Request) -> t.Any:
        filters = {one["Name"]: one["Values"] for one in request.get("Filters", [])}
        if "name" not in filters:
            return usual(where, request)
        asked.append({**filters, "Owners": request["Owners"]})
        return {"Images": [{"ImageId": ami_id(3), "CreationDate": "2026-11-03T00:00:00.000Z"}]}

    world.answers["DescribeImages"] = searched
    search = {"owners": ["self"], "name": "base-*", "architecture": "arm64"}
    behind = report({**WEB, "search": search})["report"]["images"][0]["behind"]
    assert f"the newest AMI named base-* is {ami_id(3)}." in behind
    assert [(one["name"], one["architecture"], one["Owners"]) for one in asked] == [(["base-*"], ["arm64"], ["self"])]


def test_it_writes_once_and_check_mode_never(report: Report, tmp_path: Path) -> None:
    directory = tmp_path / "report"
    assert report(directory=str(directory), _ansible_check_mode=True)["changed"] is True
    assert not directory.exists()
    first = report(directory=str(directory))
    assert first["changed"] is True
    assert sorted(file.name for file in directory.iterdir()) == FILES
    assert json.loads((directory / "report.json").read_text()) == first["report"]
    again = report(directory=str(directory))
    assert (again["changed"], again["report"]) == (False, first["report"])
    (directory / "report.html").unlink()
    assert report(directory=str(directory))["changed"] is True
    assert (directory / "report.html").exists()


def test_another_mans_directory_is_left_alone_and_nothing_is_called(
    world: World, report: Report, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    result = report(directory=str(tmp_path))
    assert result["failed"]
    assert "no report of golden.ami" in result["msg"]
    assert world.calls == []


def unreadable(*operations: str, where: Where | None = None) -> t.Callable[[str, Where, Request], None]:
    def hook(operation: str, there: Where, _request: Request) -> None:
        if operation in operations and where in (None, there):
            raise error("AccessDenied", operation)

    return hook


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("DescribeAutoScalingGroups", "references: auto-scaling-groups"),
        ("GetParameterHistory", "channels of web"),
        ("GetParametersByPath", "what is inside versions of web"),
        ("DescribeImages", "AMIs of web"),
        ("AssumeRole", "all of it"),
        ("GetParameters", "references: ssm-parameters"),
    ],
)
def test_what_cannot_be_read_is_named(world: World, report: Report, operation: str, what: str) -> None:
    world.hook = unreadable(operation)
    result = report()
    told = {line["what"]: line["reason"] for line in result["report"]["not_read"]}
    assert "AccessDenied" in told[what]


def test_an_account_that_cannot_be_entered_leaves_the_rest(world: World, report: Report) -> None:
    """What pruning would take is not known then, nor who uses the AMIs there."""
    world.hook = unreadable("AssumeRole")
    (web,) = report()["report"]["images"]
    assert web["pruning"] is None
    assert [one["version"] for one in web["versions"]] == ["1.1", "1.0"]
    assert all(one["users_not_read"] == [f"account {OTHER}"] for version in web["versions"] for one in version["amis"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": []}, "images: it is empty"),
        ({"images": [{"name": "Web"}]}, "no image's name"),
        ({"images": [{"name": "web"}, {"name": "web"}]}, "web is there twice"),
        ({"images": [{"name": "web", "follows": "versions"}]}, "versions can be no channel"),
        ({"changes": -1}, "less than nothing"),
    ],
)
def test_what_is_refused(world: World, report: Report, given: dict[str, t.Any], said: str) -> None:
    result = report(**given)
    assert result["failed"]
    assert said in result["msg"]
    assert world.calls == []


def test_retention_that_is_no_option_is_said_to_be_unknown(report: Report) -> None:
    told = report({"name": "web", "retention": {"keeep": 1}})["report"]
    assert "retention has keeep, which is unknown" in told["not_read"][0]["reason"]
