# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""One suite on one instance: run it, keep what it printed, and read what it showed."""

from __future__ import annotations

import collections.abc as c
import pathlib

from .._packer.room import tolerated
from .cases import Case, Ran, judged, shortened
from .commands import Ended
from .engines.goss import Goss
from .engines.inspec import Inspec
from .engines.playbook import CheckMode, Playbook
from .engines.testinfra import Testinfra
from .names import CHECK_MODE
from .setting import Engine, Setting, Unreadable
from .ssh import Connection
from .suites import Suite

_ENGINES: dict[str, Engine] = {
    "goss": Goss(),
    "testinfra": Testinfra(),
    "inspec": Inspec(),
    "ansible": Playbook(),
    CHECK_MODE: CheckMode(),
}


def engine_of(suite: Suite) -> Engine:
    return _ENGINES[CHECK_MODE if suite.name == CHECK_MODE else suite.engine]


def check_suites(suites: c.Sequence[Suite], setting: Setting) -> None:
    """Refuse what cannot be run, before anything is launched."""
    for suite in suites:
        engine_of(suite).check(suite, setting)


def run_suite(suite: Suite, connection: Connection, setting: Setting, phase: str, log: pathlib.Path) -> Ran:
    engine = engine_of(suite)
    report = connection.directory / f"{phase}-{suite.name}"
    ended = engine.run(suite, connection, setting, report)
    with tolerated("What a suite printed could not be kept"):
        log.write_text("".join(f"{line}\n" for line in ended.lines), encoding="utf-8")
    scrubbed = [_scrubbed(case, setting) for case in _cases(engine, suite, ended, report, setting.seconds)]
    return Ran(suite.name, suite.engine, phase, tuple(scrubbed), ended.seconds, str(log))


def _cases(engine: Engine, suite: Suite, ended: Ended, report: pathlib.Path, seconds: float) -> c.Sequence[Case]:
    if ended.timed_out:
        why = f"it did not end within {seconds:g} s, and was killed"
        return [Case(suite.name, "error", why, shortened(ended.text), ended.seconds)]
    try:
        cases = judged(engine.cases(suite, ended, report), suite.name)
    except Unreadable as error:
        return [Case(suite.name, "error", str(error), shortened(ended.text), ended.seconds)]
    if ended.code not in engine.good and all(case.good for case in cases):
        why = f"{suite.engine} ended with {ended.code}: {' '.join(ended.text.split())[-300:]}"
        return [*cases, Case(suite.name, "error", why, shortened(ended.text))]
    return cases


def _scrubbed(case: Case, setting: Setting) -> Case:
    """Reports come from files as well, which nobody has looked through."""
    scrub = setting.commands.scrub
    return Case(scrub(case.name), case.outcome, scrub(case.message), scrub(case.details), case.seconds, case.subject)
