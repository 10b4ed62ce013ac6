# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own main(): results, failures, check mode."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.modules import live_command


def run(capsys: pytest.CaptureFixture[str], **arguments: t.Any) -> dict[str, t.Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        live_command.main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, argv=python("print('hello')"))
    assert (result["changed"], result["rc"], result["stdout"]) == (True, 0, "hello\n")
    assert "data" not in result


@pytest.mark.parametrize(("text", "changed"), [('{"changed": false, "x": 1}', False), ('{"x": 1}', True)])
def test_json_is_data(capsys: pytest.CaptureFixture[str], text: str, changed: bool) -> None:
    result = run(capsys, argv=python(f"print({text!r})"))
    assert result["data"]["x"] == 1
    assert result["changed"] is changed


def test_failure_tells_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, argv=python("import sys; sys.exit('No Go was found. Install it.')"))
    assert (result["failed"], result["rc"]) == (True, 1)
    assert result["msg"] == "No Go was found. Install it."


def test_silent_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ended with 3" in run(capsys, argv=python("raise SystemExit(3)"))["msg"]


def test_missing_program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = run(capsys, argv=[str(tmp_path / "missing")])
    assert result["failed"] is True
    assert result["msg"].startswith(f"{tmp_path / 'missing'} cannot be run")


def test_progress_file_is_named_in_the_environment(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = "import os; print(os.environ['GOLDEN_PROGRESS_FILE'], os.getcwd())"
    result = run(capsys, argv=python(code), progress_file=str(tmp_path / "p"), chdir=str(tmp_path))
    assert result["stdout"].split() == [str(tmp_path / "p"), str(tmp_path)]


def test_check_mode_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = run(capsys, argv=["touch", str(tmp_path / "x")], _ansible_check_mode=True)
    assert (result["changed"], result["skipped"]) == (False, True)
    assert not (tmp_path / "x").exists()


def test_a_command_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, argv=[])
    assert result["failed"]
    assert "argv" in result["msg"]
