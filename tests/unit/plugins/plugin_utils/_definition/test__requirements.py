# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roles come with an image's requirements, and which of them have no pinned version."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._requirements import Brought, bring

TEXT = """\
roles:
  - name: pinned.role
    version: 1.2.0
  - src: https://example.org/team/webserver.git
    version: main
  - floating.role
  - src: ./here.tar.gz
    name: here
collections:
  - name: community.general
    version: ">=9.0.0"
  - name: ansible.posix
    version: 2.1.0
"""


@pytest.fixture
def brought(tmp_path: Path) -> Brought:
    (tmp_path / "requirements.yml").write_text(TEXT)
    (tmp_path / "here.tar.gz").write_text("")
    return bring(str(tmp_path / "requirements.yml"))


@pytest.mark.parametrize(
    ("role", "there"),
    [
        ("pinned.role", True),
        ("webserver", True),
        ("here", True),
        ("ansible.posix.anything", True),
        ("other", False),
        ("golden.ami.common", False),
    ],
)
def test_roles_by_name_or_by_collection(brought: Brought, role: str, there: bool) -> None:
    assert brought.provides(role) is there


def test_without_requirements_there_is_none() -> None:
    assert not Brought().provides("web")
    assert Brought().loose() == []


def test_credentials_of_what_is_not_pinned_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "requirements.yml").write_text("collections: [{name: 'git+https://me:TOKEN@host/x.git', type: git}]")
    assert bring(str(tmp_path / "requirements.yml")).loose() == ["git+https://********@host/x.git"]


def test_entries_that_may_change_without_a_reason_to_build(brought: Brought) -> None:
    assert brought.loose() == ["webserver", "floating.role", "community.general"]


def test_a_collection_that_does_not_tell_its_name_may_have_any_role(tmp_path: Path) -> None:
    text = "collections:\n  - name: https://example.org/team/things.git\n    type: git\n    version: 1.0.0\n"
    (tmp_path / "requirements.yml").write_text(text)
    brought = bring(str(tmp_path / "requirements.yml"))
    assert brought.provides("team.things.web")
    assert not brought.provides("web")
    assert brought.loose() == []
