# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks: roles, or task files, that run besides what provisions; all that they read counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _content, _hooks
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import read_schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, read_source

SCHEMA = read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for role, needs in (("audit", []), ("agent", ["audit"]), ("broken", ["nowhere"])):
        for part in ("meta", "tasks"):
            (tmp_path / "roles" / role / part).mkdir(parents=True)
        (tmp_path / "roles" / role / "meta" / "main.yml").write_text(json.dumps({"dependencies": needs}))
    (tmp_path / "hooks" / "files").mkdir(parents=True)
    (tmp_path / "hooks" / "one.yml").write_text("- copy: src=motd dest=/etc/motd\n- include_role: {name: agent}\n")
    (tmp_path / "hooks" / "motd").touch()
    return tmp_path


def find(here: Path, text: str, provided: str = "") -> list[_hooks.Hook]:
    def find_role(name: str) -> Path | None:
        path = here / "roles" / name
        return path if path.is_dir() else None

    finder = _hooks.Finder(find_role, lambda name: name == provided)
    return finder.find(read_source(text, "image.yml"), ("hooks",), here)


def test_roles_and_task_files(here: Path) -> None:
    hooks = find(here, "hooks:\n  before: [agent]\n  after: [hooks/one.yml]\n")
    assert [(hook.moment, hook.name, hook.run) for hook in hooks] == [
        ("before", "agent", "agent"),
        ("after", "hooks/one.yml", str(here / "hooks" / "one.yml")),
    ]
    assert _hooks.content(hooks, here) == {
        "hook before agent": [str(here / "roles" / "agent")],
        "role audit": [str(here / "roles" / "audit")],
        "hook after hooks/one.yml": [str(here / "hooks")],
        "role agent": [str(here / "roles" / "agent")],
    }


def test_beside_a_definition_is_more_than_a_hook(here: Path) -> None:
    (here / "two.yml").write_text("- template: {src: motd.j2, dest: /etc/motd}\n- copy: src=/etc/hosts dest=/x\n")
    (here / "motd.j2").touch()
    (here / "files").mkdir()
    hooks = find(here, "hooks: {before: [two.yml]}\n")
    assert _hooks.content(hooks, here) == {
        "hook before two.yml": [str(here / name) for name in ("two.yml", "files", "motd.j2")]
    }


def test_of_a_file_that_is_elsewhere_its_directory_counts(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "two.yml").write_text("- include_tasks: three.yml\n")
    (elsewhere / "three.yml").write_text("[]\n")
    hooks = find(here, f"hooks:\n  before: [{elsewhere}/two.yml]\n")
    assert hooks[0].name == "two.yml"
    assert _hooks.content(hooks, here) == {"hook before two.yml": [str(elsewhere)]}


def test_without_hooks_there_are_none(here: Path) -> None:
    assert find(here, "description: x\n") == []
    assert find(here, "hooks: {}\n") == []


def test_what_is_not_there_is_told_with_its_place_all_at_once(here: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        find(here, "hooks:\n  before:\n    - gone\n    - hooks/gone.yml\n  after: [broken]\n")
    told = str(caught.value).splitlines()
    assert told[0].startswith("image.yml:3: hooks.before[0]: there is no role gone: not in roles/ beside")
    assert (
        told[1]
        == f"image.yml:4: hooks.before[1]: there is no task file hooks/gone.yml (looked for {here}/hooks/gone.yml)"
    )
    assert told[2].startswith("image.yml:5: hooks.after[0]: there is no role nowhere, which broken uses: ")


def test_what_requirements_bring_needs_not_be_here(here: Path) -> None:
    hooks = find(here, "hooks:\n  before: [theirs]\n", provided="theirs")
    assert _hooks.content(hooks, here) == {}


def test_those_of_all_images_are_around_those_of_one(here: Path) -> None:
    of_all = find(here, "hooks: {before: [audit], after: [audit], after_sysprep: [audit]}\n")
    of_image = find(here, "hooks: {before: [agent], after: [agent]}\n")
    merged = [(hook.moment, hook.name) for hook in _hooks.merge(of_all, of_image)]
    assert merged == [
        ("before", "audit"),
        ("before", "agent"),
        ("after", "agent"),
        ("after", "audit"),
        ("after_sysprep", "audit"),
    ]


def test_hooks_of_all_images_have_a_form() -> None:
    assert _hooks.read_all_images_hooks({"before": ["x"]}, SCHEMA).data == {"before": ["x"]}
    assert _hooks.read_all_images_hooks(None, SCHEMA).data == {}
    with pytest.raises(DefinitionError, match="golden_hooks: befor: unknown key; did you mean before"):
        _hooks.read_all_images_hooks({"befor": ["x"]}, SCHEMA)


def test_roles_that_cannot_be_followed_are_noted() -> None:
    roles = _content.roles_of_names(["{{ role }}"], lambda _name: None)
    assert (roles.templated, roles.missing) == (["{{ role }}"], [])
