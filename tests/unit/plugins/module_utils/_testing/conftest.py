# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that run without a machine: what they were told, and what they answer."""

from __future__ import annotations

import collections.abc as c
import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection, Way

Answer = c.Callable[[list[str]], Ended]


class Programs:
    """In place of Commands. C(answer) tells how a program ends, by its command line; C(seen) are those that ran."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.path = os.environ["PATH"]
        self.seen: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.fed: list[bytes] = []
        self.answer: Answer = lambda _argv: Ended(0, (), 0.1)
        self.paused = 0.0

    def scrub(self, text: str) -> str:
        return text.replace("s3cret", "********")

    def check(self) -> None:
        pass

    def pause(self, seconds: float) -> None:
        self.paused += seconds

    def run(self, argv: c.Sequence[str], *, timeout: float, environment: t.Any = None, **more: t.Any) -> Ended:
        assert timeout > 0
        self.seen.append(list(argv))
        self.environments.append(dict(environment or {}))
        if more.get("stdin"):
            self.fed.append(more["stdin"].read())
        return self.answer(list(argv))


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Programs(scratch)


@pytest.fixture
def setting(programs: Programs) -> Setting:
    return Setting(
        commands=t.cast(t.Any, programs),
        variables={"word": "hello", "password": "s3cret"},
        seconds=60,
        goss="goss",
        roles_path=("/roles",),
        architectures=frozenset({"x86_64"}),
    )


@pytest.fixture
def connection(programs: Programs, tmp_path: Path) -> Connection:
    directory = tmp_path / "cell"
    directory.mkdir()
    return Connection(Way("192.0.2.7", "admin", tmp_path / "key"), directory, t.cast(t.Any, programs))
