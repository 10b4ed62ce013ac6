# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""InSpec, or Cinc Auditor, which is the same program under a free licence: run on the control side, over SSH."""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import typing as t

from ..cases import Case, Outcome, shortened
from ..commands import Ended
from ..errors import TestError
from ..setting import Setting, Unreadable, find_program
from ..ssh import Connection, Way
from ..suites import Suite

# The free one comes first.
PROGRAMS = ("cinc-auditor", "inspec")
_CHECK = 120.0
# It asks on the terminal otherwise.
_ENVIRONMENT = {"CHEF_LICENSE": "accept-silent"}
_OUTCOMES: dict[str, Outcome] = {"passed": "passed", "failed": "failed", "skipped": "skipped"}


class Inspec:
    # 101: nothing failed, and some controls were skipped.
    good = frozenset({0, 101})

    def check(self, suite: Suite, setting: Setting) -> None:
        program = _program(suite, setting)
        if not suite.path.is_dir():
            return
        ended = setting.commands.run([program, "check", str(suite.path)], timeout=_CHECK, environment=_ENVIRONMENT)
        if ended.code:
            raise TestError(
                f"suites: {suite.name}: {program} check {suite.path}: {shortened(ended.text)}. Nothing was launched."
            )

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        if connection.way.proxy:
            raise TestError(f"suites: {suite.name}: InSpec does not reach instances by way of Session Manager.")
        argv = command(_program(suite, setting), suite.path, connection.way, setting.variables_file, report)
        return setting.commands.run(argv, timeout=setting.seconds, environment=_ENVIRONMENT)

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        try:
            text = report.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError as error:
            raise Unreadable(f"it wrote no report: {shortened(ended.text)}") from error
        return read(text)


def _program(suite: Suite, setting: Setting) -> str:
    found = next((one for name in PROGRAMS if (one := find_program(name, setting.commands.path))), None)
    if found is None:
        raise TestError(
            f"suites: {suite.name}: there is neither {' nor '.join(PROGRAMS)}: install one of them. Nothing was launched."
        )
    return found


def command(program: str, path: pathlib.Path, way: Way, variables: pathlib.Path, report: pathlib.Path) -> list[str]:
    """The command line. JSON is YAML, which the inputs are to be."""
    return [
        program,
        "exec",
        str(path),
        f"--target=ssh://{way.user}@{way.address}:{way.port}",
        f"--key-files={way.key}",
        "--sudo",
        f"--input-file={variables}",
        f"--reporter=json:{report}",
        "--no-color",
        # It would write one into the profile.
        "--no-create-lockfile",
    ]


def read(text: str) -> list[Case]:
    """The cases of a report in JSON, of all its profiles. Raises Unreadable."""
    try:
        told = json.loads(text)
        return [
            case
            for profile in told["profiles"]
            for case in [
                *_of_profile(profile),
                *(_case(control, one) for control in profile["controls"] for one in control.get("results") or []),
            ]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"this is no report of InSpec: {text[:300]!r}") from error


def _of_profile(profile: dict[str, t.Any]) -> list[Case]:
    """One that could not be loaded has no controls, and says why."""
    if profile.get("status") not in {"failed", "skipped"}:
        return []
    why = str(profile.get("status_message") or profile.get("skip_message") or "it could not be loaded")
    return [Case(str(profile.get("name", "profile")), "error" if profile["status"] == "failed" else "skipped", why)]


def _case(control: dict[str, t.Any], result: dict[str, t.Any]) -> Case:
    name = f"{control['id']}: {result['code_desc']}"
    outcome = _OUTCOMES.get(result["status"], "error")
    if result.get("exception") and outcome == "failed":
        outcome = "error"
    message = str(result.get("message") or result.get("skip_message") or "")
    details = "\n".join(str(one) for one in [control.get("title"), control.get("desc"), message] if one)
    words = " ".join(message.split())
    seconds = float(result.get("run_time") or 0)
    return Case(name, outcome, words, "" if outcome == "passed" else shortened(details), seconds, str(control["id"]))
