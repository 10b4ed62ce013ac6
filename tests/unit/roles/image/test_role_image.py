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


def value(name: str, **variables: t.Any) -> t.Any:
    own = {
        key: trust_as_template(text) if isinstance(text, str) else text
        for key, text in yaml.safe_load(VARIABLES.read_text()).items()
    }
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
