# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./taskw --list` is the map of the project: in groups, a line each, nothing internal in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(CHECKOUT / "tests"))

import chores

NAMES = [
    "ansible-collection-init",
    "ansible-collection-install",
    "ansible-collection-update",
    "ansible-validate-playbooks",
    "create-legacy-packer-deps",
    "docker-login",
    "docker-run",
    "packer-build",
    "toolkit:versions",
    "toolkit:sbom",
]
TASKFILE = """\
tasks:
  # == One ==
  b:
    desc: B
  # == Two ==
  a:
    desc: A
"""


def listed(*chores: tuple[str, int], taskfile: str = "/x/Taskfile.yml") -> dict[str, t.Any]:
    tasks = [
        {"name": name, "desc": name.upper(), "location": {"taskfile": taskfile, "line": line}} for name, line in chores
    ]
    return {"tasks": tasks, "location": "/x/Taskfile.yml"}


def test_chores_are_in_groups_in_the_order_of_the_file() -> None:
    assert chores.grouped(listed(("a", 6), ("b", 3)), TASKFILE) == {"One": [("b", "B")], "Two": [("a", "A")]}


def test_a_chore_without_a_group_is_a_mistake() -> None:
    with pytest.raises(chores.MapError, match="a stands above the first group"):
        chores.grouped(listed(("a", 1)), TASKFILE)


def test_a_person_s_own_chores_are_a_group_of_their_own() -> None:
    own = listed(("local:mine", 3), taskfile="/x/Taskfile.local.yml")
    assert list(chores.grouped(own, TASKFILE)) == ["Your own, of Taskfile.local.yml"]


def test_a_description_stays_on_its_line() -> None:
    text = chores.text_of({"One": [("a", "what\n  it does"), ("longer", "x")]})
    assert text.endswith("One\n  a       what it does\n  longer  x\n")


def run(*words: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def shown() -> list[str]:
    """What ``task default`` prints, which is what taskw runs for --list."""
    done = run("task", "--taskfile", "Taskfile.yml", "default")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_map_names_what_people_know_and_nothing_internal(shown: list[str]) -> None:
    names = [line.split()[0] for line in shown[1:] if line.startswith("  ")]
    assert set(NAMES) <= set(names)
    assert len(names) == len(set(names))
    hidden = json.loads(run("task", "--taskfile", "Taskfile.yml", "--list-all", "--json").stdout)["tasks"]
    internal = {one["name"] for one in hidden if not one["desc"]}
    assert {"lint:ruff", "lint:checks"} <= internal
    assert not internal & set(names)
    assert not [name for name in names if "*" in name or name.startswith("lint:")]


def test_the_map_has_a_line_for_each_chore(shown: list[str]) -> None:
    groups = [line for line in shown[2:] if line and not line.startswith(" ")]
    assert groups[:2] == ["Images", "Names that people know"]
    for line in shown[1:]:
        assert not line.startswith("  ") or len(line.split(maxsplit=1)) == 2, line


def test_taskw_prints_the_map_for_list_and_for_nothing() -> None:
    text = (CHECKOUT / "taskw").read_text()
    assert "1:--list | 1:-l) set -- default ;;" in text


def test_a_person_s_taskfile_is_taken_up_with_its_environment(tmp_path: Path) -> None:
    """What git does not see: tasks under local:, and the environment of all chores, such as the role of the person."""
    shutil.copy(CHECKOUT / "Taskfile.yml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(CHECKOUT / "tests" / "chores.py", tmp_path / "tests")
    (tmp_path / "Taskfile.local.yml").write_text(
        'version: "3"\nenv: {AWS_PROFILE: mine}\ntasks:\n  hello: {desc: Greets, cmds: ["echo hello"]}\n'
    )
    (tmp_path / "python").write_text('#!/bin/sh\necho "profile: $AWS_PROFILE"\n')
    (tmp_path / "python").chmod(0o755)
    task = shutil.which("task")
    assert task
    done = run("env", "-u", "AWS_PROFILE", f"PATH={tmp_path}:/usr/bin:/bin", task, "cloud:status", cwd=tmp_path)
    assert done.stdout == "profile: mine\n", done.stderr
    assert "local:hello" in run(task, "default", cwd=tmp_path).stdout
    assert "Taskfile.local.yml" in (CHECKOUT / ".gitignore").read_text().split()
