# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin: the steps that the module tells in its log are shown, and the result is the module's."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.action import ami_deploy as action
from ansible_collections.golden.ami.plugins.plugin_utils import _steps


def test_the_steps_in_the_log_are_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shown: list[str] = []
    made = action.ActionModule.__new__(action.ActionModule)
    made._task = t.cast(t.Any, types.SimpleNamespace(check_mode=False, async_val=0, args={"image": "web"}))
    made._connection = t.cast(t.Any, types.SimpleNamespace(transport="local"))
    monkeypatch.setattr(action.ActionBase, "run", lambda *_given, **_more: {"before": True})
    monkeypatch.setattr(_steps, "show", shown.append)

    def module(**given: t.Any) -> dict[str, t.Any]:
        path = Path(given["module_args"]["log_path"])
        assert path.name.startswith("deploy-")
        assert given["module_name"] == "golden.ami.ami_deploy"
        path.parent.mkdir(parents=True)
        path.write_text("09:30:00 ==> golden.ami: [0:00] launched i-1\n")
        return {"changed": True}

    made._execute_module = module
    assert made.run(task_vars={}) == {"before": True, "changed": True}
    assert [line.partition("] ")[2] for line in shown] == ["launched i-1"]
