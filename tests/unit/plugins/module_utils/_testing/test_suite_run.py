# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an engine does, its suite ends with cases: some that passed, or one that says why there are none."""

from __future__ import annotations

import collections.abc as c
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing import suite_run
from ansible_collections.golden.ami.plugins.module_utils._testing.cases import Case, Ran
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.engines.playbook import CheckMode, Playbook
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, Unreadable
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection
from ansible_collections.golden.ami.plugins.module_utils._testing.suite_run import check_suites, engine_of, run_suite
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import Suite

SUITE = Suite("site", "goss", Path("/tests/site.yaml"))


class Engine:
    good = frozenset({0})

    def __init__(self, ended: Ended, cases: c.Sequence[Case] | Exception) -> None:
        self.ended, self.told, self.checked = ended, cases, 0

    def check(self, _suite: Suite, _setting: Setting) -> None:
        self.checked += 1

    def run(self, *_given: t.Any) -> Ended:
        return self.ended

    def cases(self, *_given: t.Any) -> c.Sequence[Case]:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


Run = t.Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, setting: Setting, connection: Connection, tmp_path: Path) -> Run:
    def act(ended: Ended, cases: c.Sequence[Case] | Exception) -> Ran:
        monkeypatch.setitem(suite_run._ENGINES, "goss", t.cast(t.Any, Engine(ended, cases)))
        return run_suite(SUITE, connection, setting, "boot", tmp_path / "log")

    return act


def test_what_it_showed(run: Run, tmp_path: Path) -> None:
    ran = run(Ended(0, ("one", "two"), 1.5), [Case("a"), Case("b", "skipped")])
    assert ran == Ran("site", "goss", "boot", (Case("a"), Case("b", "skipped")), 1.5, str(tmp_path / "log"))
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("ended", "cases", "said"),
    [
        (Ended(-2, ("half",), 60, True), [Case("a")], "it did not end within 60 s, and was killed"),
        (
            Ended(1, ("sudo: no",), 1),
            Unreadable("goss printed no report: sudo: no"),
            "goss printed no report: sudo: no",
        ),
        (Ended(78, ("core dumped",), 1), [Case("a")], "goss ended with 78: core dumped"),
        (Ended(0, (), 1), [], "there is no test in it"),
        (Ended(0, (), 1), [Case("a", "skipped")], "all 1 tests were skipped"),
    ],
)
def test_a_suite_that_did_not_go_well_has_an_error(
    run: Run, ended: Ended, cases: c.Sequence[Case] | Exception, said: str
) -> None:
    ran = run(ended, cases)
    assert not ran.passed
    assert said in ran.bad[-1].message
    assert ran.bad[-1].name == "site"


def test_a_status_that_goes_with_failing_tests_is_no_error_of_its_own(run: Run) -> None:
    assert len(run(Ended(1, (), 1), [Case("a", "failed", "no")]).cases) == 1


def test_secrets_are_taken_out_of_reports(run: Run) -> None:
    (case,) = run(Ended(1, (), 1), [Case("is s3cret", "failed", "s3cret!", "all of s3cret")]).cases
    assert (case.name, case.message, case.details) == ("is ********", "********!", "all of ********")


def test_the_images_own_playbook_runs_in_check_mode() -> None:
    assert isinstance(engine_of(Suite("check-mode", "ansible", Path("/p.yml"))), CheckMode)
    verify = engine_of(Suite("verify", "ansible", Path("/p.yml")))
    assert isinstance(verify, Playbook)
    assert not isinstance(verify, CheckMode)


def test_all_are_checked(monkeypatch: pytest.MonkeyPatch, setting: Setting) -> None:
    engine = Engine(Ended(0, (), 0), [])
    monkeypatch.setitem(suite_run._ENGINES, "goss", t.cast(t.Any, engine))
    check_suites([SUITE, SUITE], setting)
    assert engine.checked == 2
