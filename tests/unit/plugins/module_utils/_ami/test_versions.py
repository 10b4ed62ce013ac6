# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which artifact a version has in a place, and why no channel can name one."""

from __future__ import annotations

import dataclasses
import datetime
import re

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami
from ansible_collections.golden.ami.plugins.module_utils._ami.versions import (
    Artifact,
    check_artifacts,
    check_version,
    version_parameter,
)

HERE, THERE = Place("111111111111", "eu-west-1"), Place("222222222222", "us-east-1")
AMI = Ami(
    place=HERE,
    image_id="ami-1",
    name="web",
    description="",
    state="available",
    owner="111111111111",
    created=datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC),
    deprecated_at=None,
    protected=False,
    public=False,
    architecture="x86_64",
    snapshots=(),
    tags={},
    source_image_id=None,
    source_region=None,
)
GOOD = Artifact(HERE, "web", "1.0", "ami-1", AMI)


def test_where_it_is_kept() -> None:
    assert version_parameter("web", "1.0") == "/golden/web/versions/1.0"


@pytest.mark.parametrize("version", ["", "../x", "1.0/a/b", "/1", "1 0"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(AmiError, match="is no version"):
        check_version(version)


@pytest.mark.parametrize("version", ["1.0", "20261121.093000", "2.0/arm64"])
def test_versions(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize(
    ("artifact", "said"),
    [
        (GOOD, None),
        (dataclasses.replace(GOOD, image_id=None), "there is none in 111111111111/eu-west-1"),
        (dataclasses.replace(GOOD, ami=None), "ami-1 in 111111111111/eu-west-1 is gone"),
        (dataclasses.replace(GOOD, ami=dataclasses.replace(AMI, state="disabled")), "is disabled, not available"),
        (
            dataclasses.replace(GOOD, ami=dataclasses.replace(AMI, tags={"golden:revoked": "leaks"})),
            "is revoked (leaks)",
        ),
    ],
)
def test_problems(artifact: Artifact, said: str | None) -> None:
    problem = artifact.problem()
    assert (problem is None) if said is None else (problem is not None and said in problem)


def _refusal(*artifacts: Artifact, known: list[str] | None = None) -> str:
    with pytest.raises(AmiError) as caught:
        check_artifacts(artifacts, lambda: known or [])
    return str(caught.value.message)


def test_good_ones_and_revoked_ones_pass() -> None:
    revoked = dataclasses.replace(GOOD, ami=dataclasses.replace(AMI, tags={"golden:revoked": "leaks"}))
    # What is revoked is a gate's business.
    check_artifacts([GOOD, revoked], list)


def test_what_is_missing_is_told_with_what_helps() -> None:
    missing = dataclasses.replace(GOOD, image_id=None, ami=None)
    said = _refusal(GOOD, dataclasses.replace(missing, place=THERE))
    assert "Version 1.0 of web is not in 222222222222/us-east-1" in said
    assert "golden.ami.ami_copy from ami-1 in 111111111111/eu-west-1" in said
    assert "None of web is recorded there" in _refusal(missing)
    assert "say which: 1.0/arm, 1.0/x86" in _refusal(missing, known=["0.9", "1.0/arm", "1.0/x86"])
    many = [f"1.{number:02}" for number in range(1, 20)]
    assert re.search(r"There are 1\.19, 1\.18, .*1\.10\.$", _refusal(missing, known=many))
    assert "is gone" in _refusal(dataclasses.replace(GOOD, ami=None))
