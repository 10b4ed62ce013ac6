# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run leaves for a later one, should it be killed."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.processes import host_name, own_process
from ansible_collections.golden.ami.plugins.module_utils._packer.record import (
    RunRecord,
    dead_runs,
    runs_directory,
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def record(run_id: str = "golden-1", **given: t.Any) -> RunRecord:
    """Of a process that is dead: its number is this one's, but it began at another time."""
    fields: dict[str, t.Any] = {
        "run_id": run_id,
        "image": "web",
        "region": "eu-west-1",
        "endpoint_url": None,
        "profile": None,
        "pid": own_process().pid,
        "started": 1,
        "host": host_name(),
        "scratch": str(runs_directory() / "scratch"),
    }
    made = RunRecord(**{**fields, **given})
    made.write()
    return made


def ids(**given: t.Any) -> list[str]:
    return [one.run_id for one in dead_runs(**{"endpoint_url": None, "profile": None, **given})]


def test_where_nothing_ran_yet() -> None:
    assert ids() == []


def test_those_of_dead_processes_of_this_machine_in_this_cloud() -> None:
    record("dead")
    record("alive", started=own_process().started)
    record("elsewhere", host="elsewhere")
    record("local", endpoint_url="http://127.0.0.1:9")
    record("profile", profile="dev")
    record("kept", kept={"since": "today"})
    assert ids() == ["dead"]
    assert ids(kept=True) == ["kept"]
    assert ids(endpoint_url="http://127.0.0.1:9") == ["local"]
    assert ids(profile="dev") == ["profile"]


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"learned": {}}', '{"learned": null}', '{"learned": {"x": 1}}'])
def test_what_is_no_record_is_passed_over(text: str) -> None:
    made = record()
    made.path.with_name("broken.json").write_text(text)
    assert ids() == ["golden-1"]


def test_one_of_a_newer_release_is_left_to_that() -> None:
    made = record()
    made.path.write_text(json.dumps({**dataclasses.asdict(made), "new": 1}))
    assert ids() == []


def test_it_is_read_as_it_was_written() -> None:
    made = record(artifacts=["ami-1"], parameters=[{"region": "eu-west-1", "name": "/golden/web"}], locks=True)
    assert dead_runs(None, None) == [made]
    assert oct(made.path.stat().st_mode & 0o777) == "0o600"


def test_with_it_go_the_key_and_the_directory(tmp_path: Path) -> None:
    scratch, key = tmp_path / "scratch", tmp_path / "key"
    scratch.mkdir()
    key.touch()
    made = record(scratch=str(scratch), key_file=str(key))
    made.remove()
    made.remove()
    assert not [path for path in (scratch, key, made.path) if path.exists()]
