# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role hands on from one image to the next, and says of those that failed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARIABLES = Path(__file__).parents[4] / "roles" / "image" / "vars" / "main.yml"


def trusted(given: t.Any) -> t.Any:
    if isinstance(given, dict):
        return {key: trusted(inner) for key, inner in given.items()}
    return trust_as_template(given) if isinstance(given, str) else given


def value(name: str, **variables: t.Any) -> t.Any:
    own = {key: trusted(given) for key, given in yaml.safe_load(VARIABLES.read_text()).items()}
    return Templar(DataLoader(), variables={**own, **variables}).template(own[name])


def made(check: bool, **build: t.Any) -> t.Any:
    return value("__image_made_now", image_definition={"name": "base"}, image_build=build, ansible_check_mode=check)


@pytest.mark.parametrize("check", [False, True])
def test_a_parent_that_is_still_good_is_handed_on(check: bool) -> None:
    """It need not be the newest: a change of it may have been taken back."""
    assert made(check, changed=False, artifacts=[{"ami_id": "ami-1"}]) == {"base": "ami-1"}


def test_a_parent_that_was_built_is_handed_on() -> None:
    assert made(False, changed=True, artifacts=[{"ami_id": "ami-1"}]) == {"base": "ami-1"}


def test_what_is_not_one_ami_is_looked_for() -> None:
    assert made(True, changed=True, artifacts=[]) == {}
    assert made(False, changed=True, artifacts=[{"ami_id": "ami-1"}, {"ami_id": "ami-2"}]) == {}


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        ({"msg": "It broke.\nmore", "ssh": "ssh -i key admin@host"}, "It broke. Log in: ssh -i key admin@host"),
        ({"msg": "It broke.", "ssh": "ssh a\nssh b"}, "It broke. Log in: ssh a Log in: ssh b"),
        ({"msg": "It broke.", "ssh": None}, "It broke."),
        ({"msg": "It broke."}, "It broke."),
        ({"msg": ""}, "see above"),
    ],
)
def test_the_summary_says_how_to_log_in_to_what_was_kept(failed: dict[str, t.Any], said: str) -> None:
    assert value("__image_cause", ansible_failed_result=failed) == said


@pytest.mark.parametrize(
    ("parent", "base", "follows"),
    [
        (None, {"ssm_parameter": "/x"}, None),
        ("base", {"image": "base"}, None),
        ("base", {"image": "base", "channel": "stable"}, "stable"),
    ],
)
def test_a_report_is_told_what_an_image_follows(parent: str | None, base: dict[str, str], follows: str | None) -> None:
    definition = {
        "name": "web",
        "description": "",
        "parent": parent,
        "base": base,
        "retention": {"keep": 2, "max_age": None},
        "distribution": {"role_name": "x"},
    }
    told = value(
        "__image_reported",
        image_definition=definition,
        __image_all_regions=["us-east-1"],
        __image_all_accounts=[],
        image_prune_launch_template_versions=False,
        image_prune_accept_unread=["fleets"],
    )
    assert (told["parent"], told["follows"]) == (parent, follows)
    assert (told["regions"], told["accounts"]) == (["us-east-1"], [])
    assert told["retention"] == {
        "keep": 2,
        "max_age": None,
        "launch_template_versions": False,
        "accept_unread": ["fleets"],
    }


def test_where_a_report_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def directory(given: str) -> t.Any:
        variables = {"image_name": "base, web", "__image_state_directory": "/state"}
        return value("__image_report_directory", image_report_directory=given, **variables)

    assert directory("seen") == str(tmp_path / "seen")
    assert directory("") == "/state/reports/base,web"
