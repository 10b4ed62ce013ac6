# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays whose results, and whose calls to a local cloud, are written down task by task."""

from __future__ import annotations

import configparser
import json
import os
import typing as t
from dataclasses import dataclass
from pathlib import Path

from harness.calls import Call, of_clients
from harness.cloud import CHECKOUT, Cloud, Run
from harness.outcome import NAMES, Step, Task

CALLBACKS = Path(__file__).parent / "callback"
CONNECTION = {name: f"{{{{ golden_connection.{name} or omit }}}}" for name in ("profile", "region", "endpoint_url")}


@dataclass
class Recorder:
    """Runs plays on a local cloud. ``directory`` is for what they are made of and what is written down."""

    cloud: Cloud
    directory: Path

    def tasks(
        self, name: str, options: dict[str, t.Any], count: int, variables: dict[str, t.Any], cwd: Path = CHECKOUT
    ) -> tuple[Run, list[Step]]:
        """Run a module so many times in one play, in check mode each first time: a step of each task."""
        return self._tasks(play_of(name, [options], count, variables), cwd)

    def pairs(self, name: str, several: list[dict[str, t.Any]]) -> list[tuple[Step, Step]]:
        """Run a module in check mode and without for each of several options, all in one play."""
        _run, steps = self._tasks(play_of(name, several, 2, {}), CHECKOUT)
        return list(zip(steps[::2], steps[1::2], strict=True))

    def _tasks(self, play: dict[str, t.Any], cwd: Path) -> tuple[Run, list[Step]]:
        path = self.directory / "four.yml"
        path.write_text(json.dumps([play], indent=1))
        run, lines = self._recorded(path, cwd, {})
        if len(lines) != len(play["tasks"]):
            raise AssertionError(f"{play['name']}: {len(lines)} of {len(play['tasks'])} steps ended:\n{run.output}")
        return run, [Step(line["task"], line["result"], self._read_calls(*line["calls"])) for line in lines]

    def playbook(
        self, name: str, playbook: str | Path, *arguments: str, cwd: Path, environment: dict[str, str]
    ) -> Step:
        """Run a playbook: one step, with its tasks in it."""
        before = self._end_of_calls()
        run, lines = self._recorded(playbook, cwd, environment, *arguments)
        calls = self._read_calls(before, self._end_of_calls())
        tasks = [Task(line["task"], line["action"], line["status"], line["result"]) for line in lines]
        changed = any(task.result.get("changed") for task in tasks if task.status == "ok")
        return Step(name, {"changed": changed, "failed": run.rc != 0}, calls, run.output, tasks)

    def secrets(self) -> list[str]:
        """Those of the cloud's own keys."""
        credentials = configparser.ConfigParser()
        credentials.read(self._state / "credentials")
        return [credentials[section]["aws_secret_access_key"] for section in credentials.sections()]

    def _recorded(
        self, playbook: str | Path, cwd: Path, environment: dict[str, str], *arguments: str
    ) -> tuple[Run, list[dict[str, t.Any]]]:
        """Gives as well what the callback wrote, a line for each task."""
        record = self.directory / "four.jsonl"
        record.unlink(missing_ok=True)
        told = {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "four",
            "FOUR_RECORD": str(record),
            "FOUR_CALLS": str(self._calls),
        }
        run = self.cloud.play(os.fspath(playbook), *arguments, cwd=cwd, **told, **environment)
        lines = record.read_text().splitlines() if record.is_file() else []
        return run, [json.loads(line) for line in lines]

    def _end_of_calls(self) -> int:
        return self._calls.stat().st_size if self._calls.is_file() else 0

    def _read_calls(self, start: int, end: int) -> list[Call]:
        """Those between two places of the cloud's record."""
        if not self._calls.is_file():
            return []
        with self._calls.open("rb") as record:
            # A cloud that was reset meanwhile has a new record, and one that grew large is put aside.
            start = record.seek(start if start <= end else 0)
            return of_clients(json.loads(line) for line in record.read(end - start).splitlines())

    @property
    def _calls(self) -> Path:
        return self._state / "calls.jsonl"

    @property
    def _state(self) -> Path:
        return self.cloud.home / "golden.ami" / "local_cloud" / self.cloud.name


def play_of(name: str, several: list[dict[str, t.Any]], count: int, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """A play as those of the collection are, with nothing in it but the module: so many times with each of the options."""
    return {
        "name": f"{name}, {count} times",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(CHECKOUT / "playbooks" / "vars" / "cloud.yml")],
        "vars": variables,
        "environment": "{{ golden_environment }}",
        "module_defaults": {"group/golden.ami.aws": CONNECTION, "group/amazon.aws.aws": CONNECTION},
        "tasks": [
            {"name": step, name: options, "check_mode": number % 2 == 0, "diff": True, "ignore_errors": True}
            for options in several
            for number, step in enumerate(NAMES[:count])
        ],
    }
