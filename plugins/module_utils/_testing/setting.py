# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What all engines work with: the build's variables, the programs, and where things are on this machine."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import functools
import json
import pathlib
import shutil
import typing as t

from .._packer.state import write_private
from .cases import Case
from .commands import Commands, Ended
from .ssh import Connection
from .suites import Suite


class Unreadable(ValueError):
    """What an engine printed is no report of its."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """C(variables) are those of the build, secret ones too. C(seconds) is what each suite may take."""

    commands: Commands
    variables: c.Mapping[str, t.Any]
    seconds: float
    goss: str
    roles_path: tuple[str, ...]
    architectures: frozenset[str]
    # In check mode a program that would be brought need not be there.
    check: bool = False

    @property
    def scratch(self) -> pathlib.Path:
        return self.commands.scratch

    @functools.cached_property
    def variables_file(self) -> pathlib.Path:
        """The variables as JSON, which all engines read: nobody else can, and no command line has them."""
        path = self.scratch / "variables.json"
        write_private(path, json.dumps(self.variables, default=str))
        return path


class Engine(t.Protocol):
    """What runs tests of one kind."""

    # Exit statuses of a run in which nothing went wrong.
    good: frozenset[int]

    def check(self, suite: Suite, setting: Setting) -> None:
        """Refuse, before anything is launched, what could not run."""

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        """Run it on the instance. C(report) is where a report of its may be written."""

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        """What it showed. Raises Unreadable."""


def find_program(name: str, environment_path: str) -> str | None:
    return shutil.which(name, path=environment_path)
