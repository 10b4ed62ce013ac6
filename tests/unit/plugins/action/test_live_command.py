# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin shows what its module writes while it runs, and leaves work and result to it."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.action import live_command


class Action(live_command.ActionModule):
    """With a module that writes two lines into its progress file."""

    def __init__(self, arguments: dict[str, t.Any], *, transport: str = "local", check: bool = False) -> None:
        self._task = types.SimpleNamespace(args=arguments, check_mode=check, async_val=0)
        self._connection = types.SimpleNamespace(transport=transport)
        self.given: dict[str, t.Any] = {}

    def _execute_module(self, **given: t.Any) -> dict[str, t.Any]:
        self.given = given
        progress = given["module_args"].get("progress_file")
        if progress:
            Path(progress).write_text("one\ntwo\n")
        return {"changed": True, "rc": 0}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(live_command, "show", lines.append)
    monkeypatch.setattr(live_command.ActionBase, "run", lambda *_given: {})
    return lines


def test_progress_is_shown_and_the_result_is_the_modules(shown: list[str]) -> None:
    action = Action({"argv": ["make"]})
    assert action.run(None, {"a": 1}) == {"changed": True, "rc": 0}
    assert shown == ["  one", "  two"]
    assert action.given["module_name"] == "golden.ami.live_command"
    assert action.given["task_vars"] == {"a": 1}
    progress = Path(action.given["module_args"]["progress_file"])
    assert not progress.parent.exists(), "nothing is left"


def test_a_file_that_was_named_is_followed_and_stays(shown: list[str], tmp_path: Path) -> None:
    path = tmp_path / "progress"
    Action({"argv": ["make"], "progress_file": str(path)}).run(None, {})
    assert shown == ["  one", "  two"]
    assert path.exists()


@pytest.mark.parametrize("how", [{"transport": "ssh"}, {"check": True}])
def test_elsewhere_and_in_check_mode_it_is_any_module(shown: list[str], how: dict[str, t.Any]) -> None:
    action = Action({"argv": ["make"]}, **how)
    assert action.run()["rc"] == 0
    assert action.given["module_args"] == {"argv": ["make"]}
    assert shown == []
