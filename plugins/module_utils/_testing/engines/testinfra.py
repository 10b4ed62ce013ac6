# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""testinfra: tests in Python, run by pytest on the control side, which looks into the instance over SSH."""

from __future__ import annotations

import collections.abc as c
import importlib.util
import pathlib
import sys

from ..cases import Case, judged, shortened
from ..commands import Ended
from ..errors import TestError
from ..junit import NotJUnit, read
from ..setting import Setting, Unreadable
from ..ssh import HOST, Connection
from ..suites import Suite

_CHECK = 120.0
PLUGIN = "golden_ami_variables"
VARIABLES = "GOLDEN_TEST_VARIABLES"
# What tests in Python get the build's variables by.
_PLUGIN_TEXT = f'''\
import json
import os

import pytest


@pytest.fixture(scope="session")
def golden_variables():
    """The variables of the build, as a dictionary."""
    with open(os.environ["{VARIABLES}"], encoding="utf-8") as file:
        return json.load(file)
'''
# Nothing of a configuration around the tests is to change how they run here.
_INI = "[pytest]\naddopts =\n"


class Testinfra:
    good = frozenset({0})
    __test__ = False

    def check(self, suite: Suite, setting: Setting) -> None:
        """pytest collects the tests without a host: that tells errors in them, in what they import, and that there are some."""
        missing = [name for name in ("pytest", "testinfra") if importlib.util.find_spec(name) is None]
        if missing:
            raise TestError(
                f"suites: {suite.name}: {sys.executable} lacks {' and '.join(missing)}: pip install pytest-testinfra, or"
                " let ansible_python_interpreter name a Python that has it. Nothing was launched."
            )
        argv = [*_pytest(suite, setting), "--collect-only", "--hosts=local://"]
        ended = setting.commands.run(argv, timeout=_CHECK, environment=_environment(setting))
        if ended.code or ended.timed_out:
            said = shortened("\n".join(_errors(ended.lines)))
            why = "there is no test in it" if ended.code == 5 else f"pytest can't collect it:\n{said}\n"
            raise TestError(f"suites: {suite.name}: {suite.path}: {why}. Nothing was launched.")

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        more = [f"--hosts=ssh://{HOST}", f"--ssh-config={connection.config}", "--sudo", f"--junit-xml={report}"]
        return setting.commands.run(
            [*_pytest(suite, setting), *more], timeout=setting.seconds, environment=_environment(setting)
        )

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        try:
            return judged(read(report.read_text(encoding="utf-8", errors="replace")), suite.name)
        except (FileNotFoundError, NotJUnit) as error:
            raise Unreadable(f"pytest wrote no report: {shortened(ended.text)}") from error


def _pytest(suite: Suite, setting: Setting) -> list[str]:
    ini, plugin = setting.scratch / "pytest.ini", setting.scratch / f"{PLUGIN}.py"
    ini.write_text(_INI, encoding="utf-8")
    plugin.write_text(_PLUGIN_TEXT, encoding="utf-8")
    quiet = ["-q", "--no-header", "--color=no", "--tb=short", "-p", "no:cacheprovider", "-p", PLUGIN]
    place = ["-c", str(ini), f"--rootdir={suite.root}", "--import-mode=importlib"]
    return [sys.executable, "-m", "pytest", *quiet, *place, str(suite.path)]


def _environment(setting: Setting) -> dict[str, str]:
    return {
        "PYTHONPATH": str(setting.scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "",
        VARIABLES: str(setting.variables_file),
    }


def _errors(lines: c.Sequence[str]) -> list[str]:
    """What pytest says is wrong, without what is around it."""
    told = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return told or [line for line in lines if line.strip()]
