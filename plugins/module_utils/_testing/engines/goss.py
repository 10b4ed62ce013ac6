# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""goss: a program without dependencies, which is brought to the instance with its files and runs there as root."""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import platform
import shlex
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from ..cases import Case, Outcome, shortened
from ..commands import Ended
from ..errors import TestError
from ..setting import Setting, Unreadable, find_program
from ..ssh import REMOTE, Connection
from ..suites import Suite

_FILE = "goss.yaml"
# The machine in an ELF file's head, and what EC2 calls it.
_MACHINES = {62: "x86_64", 183: "arm64"}
_ARCHITECTURES = {"aarch64": "arm64"}
_CHECK = 60.0
_OUTCOMES: dict[int, Outcome] = {0: "passed", 1: "failed", 2: "skipped"}


def gossfile(suite: Suite) -> pathlib.Path:
    return suite.path / _FILE if suite.path.is_dir() else suite.path


def architecture_of(head: bytes) -> str | None:
    """What an executable's first bytes say that it runs on; None when it is none of Linux."""
    if head[:4] != b"\x7fELF" or len(head) < 20:
        return None
    return _MACHINES.get(int.from_bytes(head[18:20], "little"))


class Goss:
    good = frozenset({0})

    def check(self, suite: Suite, setting: Setting) -> None:
        """The program fits, and the file is good with these variables: goss itself reads it, where it runs here."""
        if not gossfile(suite).is_file():
            raise TestError(f"suites: {suite.name}: there is no {gossfile(suite)}. Nothing was launched.")
        if setting.check and find_program(setting.goss, setting.commands.path) is None:
            warn(f"{suite.name} is not validated: there is no {setting.goss} yet.")
            return
        program = _program(setting)
        with open(program, "rb") as file:
            architecture = architecture_of(file.read(20))
        for one in setting.architectures:
            if architecture != one:
                raise TestError(
                    f"goss: {program} is a program for {architecture or 'something else than Linux'}, and the AMI is {one}: name"
                    " one for it with goss. Nothing was launched."
                )
        if _ARCHITECTURES.get(platform.machine(), platform.machine()) == architecture:
            _render(suite, setting, program)

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        brought = connection.upload(
            "goss",
            {"goss": pathlib.Path(_program(setting)), "variables.json": setting.variables_file},
            timeout=setting.seconds,
        ) or Ended(0, (), 0)
        if brought.code == 0:
            brought = connection.upload(f"suites/{suite.name}", {".": suite.root}, timeout=setting.seconds) or brought
        if brought.code:
            return brought
        file = f"{REMOTE}/suites/{suite.name}/{gossfile(suite).relative_to(suite.root)}"
        arguments = [
            "-g",
            file,
            "--vars",
            f"{REMOTE}/goss/variables.json",
            "validate",
            "--format",
            "json",
            "--no-color",
        ]
        return connection.run(shlex.join(["sudo", "-n", f"{REMOTE}/goss/goss", *arguments]), timeout=setting.seconds)

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        return read(ended.text)


def _program(setting: Setting) -> str:
    found = find_program(setting.goss, setting.commands.path)
    if found is None:
        raise TestError(
            f"goss: there is no program {setting.goss}. The role golden.ami.packer brings one (tasks_from: goss); or install it,"
            " and name it with goss. Nothing was launched."
        )
    return found


def _render(suite: Suite, setting: Setting, program: str) -> None:
    argv = [program, "-g", str(gossfile(suite)), "--vars", str(setting.variables_file), "render"]
    ended = setting.commands.run(argv, timeout=_CHECK)
    said = " ".join(line for line in ended.lines if line.strip())
    if ended.code:
        raise TestError(
            f"suites: {suite.name}: goss can't read {gossfile(suite)}: {said[-600:]}. Nothing was launched."
        )
    if ended.lines and ended.lines[-1].strip() == "{}":
        raise TestError(
            f"suites: {suite.name}: goss finds no test in {gossfile(suite)}: its keys are file, service, port, command and so on."
            " Nothing was launched."
        )


def read(text: str) -> list[Case]:
    """The cases of goss's report in JSON. What it warns of comes before. Raises Unreadable."""
    _before, brace, rest = text.partition("{")
    try:
        told: dict[str, t.Any] = json.JSONDecoder().raw_decode(brace + rest)[0]
        return [_case(one) for one in told["results"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"goss printed no report: {' '.join(text.split())[-600:] or 'nothing at all'}") from error


def _case(one: dict[str, t.Any]) -> Case:
    name = f"{one['resource-type']}: {one['resource-id']}: {one['property']}"
    said = str(one["summary-line"])
    outcome = "skipped" if one["skipped"] else _OUTCOMES.get(one["result"], "error")
    wrong = one.get("err")
    if wrong and outcome != "skipped":
        outcome, said = "error", f"{said}\n{wrong}"
    title = f" ({one['title']})" if one.get("title") else ""
    words = " ".join(str(one.get("summary-line-compact") or said).removeprefix(f"{name}:").split())
    bad = outcome in {"failed", "error"}
    return Case(
        f"{name}{title}",
        outcome,
        words if bad else "",
        shortened(said) if bad else "",
        one["duration"] / 1e9,
        str(one["resource-type"]),
    )
