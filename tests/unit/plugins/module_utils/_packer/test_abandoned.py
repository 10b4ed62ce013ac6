# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.abandoned import make_owned, remove_abandoned


def owned_by_a_dead_process(parent: Path, **more: t.Any) -> Path:
    path = make_owned(parent)
    owner = path / ".golden-ami-owner"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    owner.write_text(json.dumps({**json.loads(owner.read_text()), "pid": ended.pid, "started": 1, **more}))
    (path / "secrets.pkrvars.json").write_text("{}")
    return path


def test_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    path = owned_by_a_dead_process(tmp_path)
    assert remove_abandoned(tmp_path) == [path]
    assert not path.exists()


def test_a_number_that_is_used_again_protects_nothing(tmp_path: Path) -> None:
    path = make_owned(tmp_path)
    owner = path / ".golden-ami-owner"
    owner.write_text(json.dumps({**json.loads(owner.read_text()), "started": 1}))
    assert remove_abandoned(tmp_path) == [path]


def test_those_of_living_runs_stay(tmp_path: Path) -> None:
    path = make_owned(tmp_path)
    assert remove_abandoned(tmp_path) == []
    assert path.exists()


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"namespace": "pid:[1]"}])
def test_processes_of_another_machine_or_container_are_not_judged(tmp_path: Path, other: dict[str, str]) -> None:
    owned_by_a_dead_process(tmp_path, **other)
    assert remove_abandoned(tmp_path) == []


@pytest.mark.parametrize("other", [{"pid": None}, {"pid": "1"}, {"started": None}])
def test_where_it_is_not_said_which_process_it_was_nothing_goes(tmp_path: Path, other: dict[str, t.Any]) -> None:
    owned_by_a_dead_process(tmp_path, **other)
    assert remove_abandoned(tmp_path) == []


def test_directories_of_somebody_else_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owned_by_a_dead_process(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    assert remove_abandoned(tmp_path) == []


def test_without_an_owner_and_behind_a_link_nothing_goes(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = owned_by_a_dead_process(elsewhere)
    (tmp_path / "golden-ami-link").symlink_to(target)
    (tmp_path / "golden-ami-mine").mkdir()
    assert remove_abandoned(tmp_path) == []
    assert target.exists()


def test_a_packer_that_cleans_up_still_has_its_files(tmp_path: Path) -> None:
    path = owned_by_a_dead_process(tmp_path)
    code = "print(flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    child = subprocess.Popen([sys.executable, "-c", code], env={"TMPDIR": str(path)}, **pipes)
    try:
        # A process that is just being started shows no environment yet.
        assert child.stdout is not None
        child.stdout.readline()
        assert remove_abandoned(tmp_path) == []
    finally:
        child.kill()
        child.wait()
    assert remove_abandoned(tmp_path) == [path]
