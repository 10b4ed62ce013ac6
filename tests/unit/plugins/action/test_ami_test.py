# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin: what the module writes into its log is shown, and nothing else; where nobody could follow, it stays out of it."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.action import ami_test as action
from ansible_collections.golden.ami.plugins.plugin_utils import _steps

STEP = "09:30:00 ==> golden.ami: [0:00] t3.small: boot: goss: 12 passed (0.4 s)"


class Task:
    async_val = 0

    def __init__(self, check: bool, **arguments: t.Any) -> None:
        self.check_mode, self.args = check, arguments


def plugin(
    monkeypatch: pytest.MonkeyPatch, shown: list[str], *, check: bool = False, transport: str = "local"
) -> t.Any:
    made = action.ActionModule.__new__(action.ActionModule)
    made._task = t.cast(t.Any, Task(check, image="web"))
    made._connection = t.cast(t.Any, types.SimpleNamespace(transport=transport))
    monkeypatch.setattr(action.ActionBase, "run", lambda *_given, **_more: {"before": True})
    monkeypatch.setattr(_steps, "show", shown.append)
    return made


def test_the_steps_in_the_log_are_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shown: list[str] = []
    made = plugin(monkeypatch, shown)

    def module(**given: t.Any) -> dict[str, t.Any]:
        path = Path(given["module_args"]["log_path"])
        assert path.parent == tmp_path / "golden.ami" / "logs"
        assert given["module_name"] == "golden.ami.ami_test"
        path.parent.mkdir(parents=True)
        path.write_text(f"{STEP}\nsomething else\n{STEP.replace('goss', 'site')}\n")
        return {"changed": True}

    made._execute_module = module
    assert made.run(task_vars={}) == {"before": True, "changed": True}
    assert [line.partition("] ")[2] for line in shown] == [
        "t3.small: boot: goss: 12 passed (0.4 s)",
        "t3.small: boot: site: 12 passed (0.4 s)",
    ]


@pytest.mark.parametrize("given", [{"check": True}, {"transport": "ssh"}])
def test_where_there_is_nothing_to_follow(monkeypatch: pytest.MonkeyPatch, given: dict[str, t.Any]) -> None:
    made = plugin(monkeypatch, [], **given)
    made._execute_module = lambda **told: told["module_args"]
    assert made.run(task_vars={}) == {"before": True, "image": "web"}


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(_steps, "show", shown.append)
    screen = _steps.Steps("the tests")
    screen.line(STEP)
    screen._idle()
    assert "still at it" in shown[-1]
    assert shown[-1].endswith("the last was t3.small: boot: goss: 12 passed (0.4 s)")
