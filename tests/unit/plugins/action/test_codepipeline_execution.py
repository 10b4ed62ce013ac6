# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin: what the module tells is shown while it waits; where nobody could follow, it stays out of it."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.action import codepipeline_execution as action
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_progress import ProgressFile


def plugin(monkeypatch: pytest.MonkeyPatch, shown: list[str], *, check: bool = False, **more: t.Any) -> t.Any:
    made = action.ActionModule.__new__(action.ActionModule)
    arguments = {"pipeline": "web", **more.get("arguments", {})}
    made._task = t.cast(t.Any, types.SimpleNamespace(args=arguments, check_mode=check, async_val=0))
    made._connection = t.cast(t.Any, types.SimpleNamespace(transport=more.get("transport", "local")))
    monkeypatch.setattr(action.ActionBase, "run", lambda *_given, **_more: {"before": True})
    monkeypatch.setattr(action, "show", shown.append)
    return made


def module(**given: t.Any) -> dict[str, t.Any]:
    assert given["module_name"] == "golden.ami.codepipeline_execution"
    with ProgressFile(given["module_args"]["log_path"]) as progress:
        progress.step("Build / packer begins")
        progress.build("09:30:00 packer says")
    return {"changed": True, "path": given["module_args"]["log_path"]}


def test_steps_and_lines_of_builds_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    made = plugin(monkeypatch, shown)
    made._execute_module = module
    result = made.run(task_vars={})
    assert shown == ["  [0:00] Build / packer begins", "      | 09:30:00 packer says"]
    assert (result["before"], result["changed"]) == (True, True)
    assert not Path(result["path"]).parent.exists(), "nothing is left"


def test_a_file_that_was_named_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[str] = []
    path = tmp_path / "log"
    path.write_text("09:00:00 ==> golden.ami: [0:00] of an earlier run\n")
    made = plugin(monkeypatch, shown, arguments={"log_path": str(path)})
    made._execute_module = module
    made.run(task_vars={})
    assert len(shown) == 2
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize("given", [{"check": True}, {"transport": "ssh"}])
def test_where_there_is_nothing_to_follow(monkeypatch: pytest.MonkeyPatch, given: dict[str, t.Any]) -> None:
    made = plugin(monkeypatch, [], **given)
    made._execute_module = lambda **told: told["module_args"]
    assert made.run(task_vars={}) == {"before": True, "pipeline": "web"}


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(action, "show", shown.append)
    screen = action._Screen()
    screen.line("09:30:00 ==> golden.ami: [0:12] Build / packer begins")
    screen._idle()
    assert "still: Build / packer begins" in shown[-1]
