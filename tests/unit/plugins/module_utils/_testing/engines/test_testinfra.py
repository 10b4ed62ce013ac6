# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests in Python are collected before anything is launched, and run with nothing of a configuration around them."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.engines import testinfra as engine
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, Unreadable
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import Suite

if t.TYPE_CHECKING:
    from ..conftest import Programs

Testinfra = engine.Testinfra


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests" / "test_site.py"
    file.write_text("def test_word(golden_variables):\n    assert golden_variables['word'] == 'hello'\n")
    return Suite("site", "testinfra", file)


@pytest.mark.parametrize(
    ("code", "lines", "said"),
    [
        (5, ("no tests collected in 0.00s",), "there is no test in it"),
        (
            2,
            ("ERROR collecting", "E     File test_site.py, line 3", "E   SyntaxError: invalid syntax"),
            "SyntaxError: invalid syntax",
        ),
        (4, ("ERROR: file or directory not found",), "file or directory not found"),
    ],
)
def test_what_pytest_cannot_collect_is_refused(
    suite: Suite, setting: Setting, programs: Programs, code: int, lines: tuple[str, ...], said: str
) -> None:
    programs.answer = lambda _argv: Ended(code, lines, 0)
    with pytest.raises(TestError, match=said):
        Testinfra().check(suite, setting)
    assert "--collect-only" in programs.seen[0]


def test_without_testinfra_it_is_refused(suite: Suite, setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None if name == "testinfra" else object())
    with pytest.raises(TestError, match=r"lacks (pytest and )?testinfra: pip install pytest-testinfra"):
        Testinfra().check(suite, setting)


def test_it_runs_over_ssh_with_sudo_and_the_variables_in_a_file(
    suite: Suite, setting: Setting, programs: Programs, connection: Connection, tmp_path: Path
) -> None:
    Testinfra().run(suite, connection, setting, tmp_path / "report")
    (argv,), (environment,) = programs.seen, programs.environments
    assert {
        "--hosts=ssh://default",
        f"--ssh-config={connection.config}",
        "--sudo",
        f"--junit-xml={tmp_path / 'report'}",
    } <= set(argv)
    assert argv[-5] == str(suite.path)
    assert "s3cret" not in str(argv) + str(environment)
    assert json.loads(Path(environment["GOLDEN_TEST_VARIABLES"]).read_text())["password"] == "s3cret"
    assert environment["PYTEST_ADDOPTS"] == ""


def test_the_fixture_gives_the_builds_variables(
    suite: Suite, setting: Setting, programs: Programs, tmp_path: Path
) -> None:
    """By pytest itself, below a configuration that would break it."""
    import subprocess

    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    Testinfra().check(replace(suite), setting)
    argv = [word for word in programs.seen[0] if word not in {"--collect-only", "--hosts=local://"}]
    environment = {**os.environ, **programs.environments[0], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert not list(tmp_path.rglob("__pycache__"))


def test_cases(suite: Suite, tmp_path: Path) -> None:
    report = tmp_path / "report"
    with pytest.raises(Unreadable, match="pytest wrote no report: INTERNALERROR"):
        Testinfra().cases(suite, Ended(3, ("INTERNALERROR",), 0), report)
    report.write_text(
        '<testsuites><testsuite><testcase classname="test_site" name="test_word[ssh://default]" time="0.1">'
        '<failure message="AssertionError: no">E  no</failure></testcase></testsuite></testsuites>'
    )
    (case,) = Testinfra().cases(suite, Ended(1, (), 0), report)
    assert (case.outcome, case.message) == ("failed", "AssertionError: no")
    report.write_text("<testsuites/>")
    (nothing,) = Testinfra().cases(suite, Ended(5, (), 0), report)
    assert nothing.outcome == "error"
