# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following a file that grows, and a module that writes into one."""

from __future__ import annotations

import contextlib
import os
import time
import types
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils import _live
from ansible_collections.golden.ami.plugins.plugin_utils._live import LiveFile, kept_log, passing_log, run_followed


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def test_lines_come_while_the_block_runs(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    with LiveFile(path, lines.append, interval=0.01):
        append(path, b"one\ntwo\r\n")
        wait_for(lines, 2)
        assert lines == ["one", "two"]


def test_what_was_there_before_is_not_shown(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    append(path, b"old\n")
    with LiveFile(path, lines.append, interval=0.01):
        append(path, b"new\n")
    assert lines == ["new"]


def test_half_lines_and_half_characters_wait(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", list[str]()
    with LiveFile(path, lines.append, interval=0.01):
        append(path, "größ".encode()[:3])
        time.sleep(0.05)
        assert lines == []
        append(path, "größ".encode()[3:] + b"e\nrest")
        wait_for(lines, 1)
    assert lines == ["größe", "rest"]


def test_a_failing_display_does_not_fail_the_task(tmp_path: Path) -> None:
    path = tmp_path / "log"

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with LiveFile(path, fail, interval=0.01):
        append(path, b"one\n")
        time.sleep(0.05)


class Screen:
    """Keeps what it is shown, and whether its heartbeat runs."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.beating: list[bool] = []
        self.heartbeat = t.cast(t.Any, self._heartbeat())

    @contextlib.contextmanager
    def _heartbeat(self) -> t.Iterator[None]:
        self.beating.append(True)
        yield
        self.beating.append(False)

    def line(self, raw: str) -> None:
        self.shown.append(raw)


class Action:
    """With a module that writes a line into its log, where it has one, and then does what the test says."""

    def __init__(
        self, *, transport: str = "local", check: bool = False, after: int = 0, fails: bool = False, **arguments: t.Any
    ) -> None:
        self._task = types.SimpleNamespace(args=arguments, check_mode=check, async_val=after)
        self._connection = types.SimpleNamespace(transport=transport)
        self._fails = fails
        self.given: dict[str, t.Any] = {}

    def _execute_module(self, **given: t.Any) -> dict[str, t.Any]:
        self.given = given
        if path := given["module_args"].get("log_path"):
            file = Path(os.path.expanduser(os.path.expandvars(path)))
            file.parent.mkdir(parents=True, exist_ok=True)
            append(file, b"a step\n")
        if self._fails:
            raise RuntimeError("the module is gone")
        return {"changed": True}


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "state"


def follow(action: Action, log: _live.Log, variables: dict[str, t.Any] | None = None) -> tuple[t.Any, list[Screen]]:
    screens: list[Screen] = []

    def screen() -> Screen:
        screens.append(Screen())
        return screens[-1]

    result = run_followed(t.cast(t.Any, action), "golden.ami.some", screen, variables, log=log)
    return result, screens


LOGS = pytest.mark.parametrize("log", [kept_log("some"), passing_log])


@LOGS
def test_the_modules_log_is_shown_and_its_result_given(log: _live.Log) -> None:
    action = Action(image="web")
    result, [screen] = follow(action, log, {"a": 1})
    assert result == {"changed": True}
    assert screen.shown == ["a step"]
    assert screen.beating == [True, False]
    given = dict(action.given)
    assert given.pop("module_args").keys() == {"image", "log_path"}
    assert given == {"module_name": "golden.ami.some", "task_vars": {"a": 1}, "wrap_async": 0}
    assert action._task.args == {"image": "web"}, "a task in a loop has its arguments for the next item"


@LOGS
@pytest.mark.parametrize("how", [{"transport": "ssh"}, {"check": True}, {"after": 60}])
def test_where_nobody_could_follow_it_is_any_module(log: _live.Log, how: dict[str, t.Any], tmp_path: Path) -> None:
    action = Action(image="web", **how)
    result, screens = follow(action, log, {"a": 1})
    assert (result, screens) == ({"changed": True}, [])
    assert action.given["module_args"] == {"image": "web"}
    assert action.given["wrap_async"] == how.get("after", 0)
    assert action.given["task_vars"] == {"a": 1}
    assert not list(tmp_path.iterdir())


def test_a_kept_log_is_among_the_others_and_stays(state: Path) -> None:
    action = Action()
    follow(action, kept_log("some"))
    follow(action, kept_log("some"))
    kept = sorted((state / "golden.ami" / "logs").iterdir())
    assert len(kept) == 2
    assert all(file.match("some-??????????????-??????.log") for file in kept)


def test_a_passing_log_goes_whatever_the_module_does() -> None:
    action = Action(fails=True)
    with pytest.raises(RuntimeError):
        follow(action, passing_log)
    path = Path(action.given["module_args"]["log_path"])
    assert path.name == "progress"
    assert not path.parent.exists()


@LOGS
def test_a_log_that_the_task_names_is_added_to_and_stays(log: _live.Log, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "log"
    append(path, b"of an earlier run\n")
    _unused, [screen] = follow(Action(log_path="~/log"), log)
    assert screen.shown == ["a step"]
    assert path.read_text() == "of an earlier run\na step\n"


def test_what_the_task_names_reaches_the_module_as_it_is_or_expanded(tmp_path: Path) -> None:
    """A log that is kept belongs to the module's user, one that passes to the user of the screen."""
    action = Action(log_path="~/log")
    follow(action, kept_log("some"))
    assert action.given["module_args"]["log_path"] == "~/log"
    follow(action, passing_log)
    assert action.given["module_args"]["log_path"] == str(tmp_path / "home" / "log")
