# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report on images in two accounts: three files of the same data, written when something differs and only then."""

from __future__ import annotations

import json
import secrets
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.golden.ami.plugins.module_utils._inside import store
from harness.cloud import Cloud, Run
from harness.faults import faults
from harness.four import Four
from harness.insides import AFTER, BEFORE, kept
from harness.versions import BASE, OTHER, Versions

HOME_REGION, OTHER_REGION = "us-east-1", "eu-west-1"
MODULE = "golden.ami.ami_report"
FILES = ("report.json", "report.html", "report.md")


class Planted:
    """A parent and a child in a directory of the user's, with two versions each, without a build."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.cloud, self.versions, self.directory = cloud, Versions(cloud), directory
        self.base, self.web = (f"{name}-{secrets.token_hex(3)}" for name in ("base", "web"))
        for image, source in ((self.base, {"ssm_parameter": BASE}), (self.web, {"image": self.base})):
            file = directory / "images" / image / "image.yml"
            file.parent.mkdir()
            more = {"distribution": {"regions": [OTHER_REGION], "accounts": [OTHER]}, "retention": {"keep": 1}}
            file.write_text(yaml.safe_dump({"base": source, "provision": {"roles": ["web"]}, **more}))
        home = (self.versions.home, HOME_REGION)
        (self.parent,) = self.versions.make(self.base, "1.0", home)
        self.first = self._child("1.0", home, (OTHER, OTHER_REGION))
        self.second = self._child("1.1", home)
        for version, contents in (("1.0", BEFORE), ("1.1", AFTER)):
            store.write(self.versions.client("ssm"), self.web, version, kept(contents))
        self.versions.client("ssm").put_parameter(
            Name=f"/golden/{self.web}/prod", Value=self.first[0], Type="String", DataType="aws:ec2:image"
        )

    def _child(self, version: str, *places: tuple[str, str]) -> list[str]:
        tags = {"golden:source-ami": self.parent, "golden:tested": "passed 2026-11-21T09:41:07Z by run <b>1</b>"}
        return self.versions.make(self.web, version, *places, **tags)

    def play(self, *arguments: str) -> Run:
        run = self.cloud.play("report.yml", "-e", f"image={self.base},{self.web}", *arguments, cwd=self.directory)
        assert run.rc == 0, run.output
        return run

    def files(self, directory: str) -> dict[str, tuple[int, str]]:
        found = sorted((self.directory / directory).iterdir())
        return {file.name: (file.stat().st_ino, file.read_text()) for file in found}


@pytest.fixture
def planted(cloud: Cloud, images: Path) -> Planted:
    return Planted(cloud, images)


def of(report: dict[str, t.Any], image: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = next(one for one in report["images"] if one["name"] == image)
    return found


def test_the_playbook_writes_three_files_once(planted: Planted) -> None:
    said = planted.play("-e", "report_directory=seen/report", "--check")
    assert "Would be written" in said.words
    assert not (planted.directory / "seen").exists()
    first = planted.play("-e", "report_directory=seen/report")
    assert first.recap("changed") == 1
    found = planted.files("seen/report")
    assert sorted(found) == sorted(FILES)
    assert str(planted.directory / "seen" / "report" / "report.html") in "".join(first.output.split())
    again = planted.play("-e", "report_directory=seen/report")
    assert again.recap("changed") == 0
    assert planted.files("seen/report") == found
    assert "Nothing differs since" in again.words

    report = json.loads(found["report.json"][1])
    web = of(report, planted.web)
    assert [one["version"] for one in web["versions"]] == ["1.1", "1.0"]
    assert [one["age"] for one in web["versions"]] == ["less than an hour"] * 2
    assert [ami["image_id"] for ami in web["versions"][0]["amis"]] == planted.second
    assert {ami["image_id"] for ami in web["versions"][1]["amis"]} == set(planted.first)
    (channel,) = web["channels"]
    assert (channel["channel"], channel["version"], channel["region"]) == ("prod", "1.0", HOME_REGION)
    assert {"from": f"{planted.base}/1.0", "to": f"{planted.web}/1.1"} in report["lineage"]["edges"]
    assert web["changes"][0]["summary"].startswith("1 package added (htop); 1 service removed (cron.service)")
    assert web["pruning"] is not None
    assert web["behind"] is None
    for name in ("report.html", "report.md"):
        text = found[name][1]
        assert all(image_id in text for image_id in (*planted.first, *planted.second)), name
        assert "<b>1" not in text.replace("\\<b", ""), name

    # Something differs: a version more, so the child is behind.
    (newer,) = planted.versions.make(planted.base, "1.1", (planted.versions.home, HOME_REGION))
    last = planted.play("-e", "report_directory=seen/report")
    assert last.recap("changed") == 1
    after = planted.files("seen/report")
    assert all(after[name][1] != found[name][1] and newer in after[name][1] for name in FILES)
    assert f"{planted.web} is behind" in of(json.loads(after["report.json"][1]), planted.web)["behind"]


def test_the_module_reads_only(four: Four, planted: Planted, tmp_path: Path) -> None:
    options = {"images": [{"name": planted.web, "parent": planted.base}], "directory": str(tmp_path / "report")}
    outcome = four.module(MODULE, options)
    outcome.expect(changed=True, writes={}, idle_reads=60)
    assert outcome.apply.result["files"] == [str(tmp_path / "report" / name) for name in FILES]


def test_what_cannot_be_read_is_named(four: Four, cloud: Cloud, planted: Planted) -> None:
    """In the data, and where the reader looks for who uses an AMI."""
    with faults(cloud, "DescribeAutoScalingGroups", "error", code="AccessDenied", times=None):
        report = four.module(MODULE, {"images": [{"name": planted.web}]}).apply.result["report"]
    unread = {line["what"]: line["reason"] for line in report["not_read"]}
    assert "AccessDenied" in unread["references: auto-scaling-groups"]
    amis = [ami for version in of(report, planted.web)["versions"] for ami in version["amis"]]
    assert all("auto-scaling-groups" in ami["users_not_read"] for ami in amis)
    with faults(cloud, "AssumeRole", "error", code="AccessDenied", times=None):
        asked = {"name": planted.web, "accounts": [planted.versions.home, OTHER]}
        report = four.module(MODULE, {"images": [asked]}).apply.result["report"]
    assert ("all of it", OTHER) in {(line["what"], line["account"]) for line in report["not_read"]}
    assert of(report, planted.web)["pruning"] is None
    assert len(of(report, planted.web)["versions"]) == 2


def test_a_directory_of_something_else_is_refused(four: Four, tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("mine")
    said = four.refused(MODULE, {"images": [{"name": "web"}], "directory": str(tmp_path)})
    assert "no report of golden.ami" in said
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text() == "mine"
