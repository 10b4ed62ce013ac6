# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the reader looks for definitions and roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import COLLECTION, Reader, find_role
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError


def test_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Reader(None).directories == [tmp_path / "images", COLLECTION / "playbooks" / "images"]
    # What the paths in a definition are told to runs elsewhere.
    assert Reader(["mine"]).directories == [tmp_path / "mine"]


def test_roles_beside_a_definition_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("images/web/roles/common", "roles/common", "roles/other"):
        (tmp_path / place / "tasks").mkdir(parents=True)
    (tmp_path / "images" / "web" / "image.yml").write_text(
        "base: {id: ami-12345678}\nprovision: {roles: [common, other]}\n"
    )
    definition = Reader(["images"]).load("web").definition
    assert definition["content"]["role common"] == [str(tmp_path / "images/web/roles/common")]
    assert definition["content"]["role other"] == [str(tmp_path / "roles" / "other")]
    assert definition["roles_path"][:2] == [str(tmp_path / "images/web/roles"), str(tmp_path / "roles")]


def test_hooks_of_another_form_are_told_at_once() -> None:
    with pytest.raises(DefinitionError, match="golden_hooks: before: expected a list, found a text"):
        Reader(None, {"before": "audit"})


@pytest.mark.parametrize("name", ["no.such.role", "golden.ami.nothing", "nothing"])
def test_roles_that_are_not_there(tmp_path: Path, name: str) -> None:
    assert find_role(name, [tmp_path]) is None


def test_a_role_of_a_collection(tmp_path: Path) -> None:
    found = find_role("golden.ami.sysprep", [tmp_path])
    assert found
    assert found.resolve() == COLLECTION.resolve() / "roles" / "sysprep"
