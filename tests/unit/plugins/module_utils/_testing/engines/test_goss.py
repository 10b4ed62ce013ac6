# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""goss's own report, as version 0.4.9 prints it, and what is refused before anything is launched."""

from __future__ import annotations

import json
import platform
import stat
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.engines.goss import Goss, architecture_of, read
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, Unreadable
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import Suite

if t.TYPE_CHECKING:
    from ..conftest import Programs

HEAD = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00"
HERE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "x86_64")


def result(name: str, code: int, summary: str, **more: t.Any) -> dict[str, t.Any]:
    kind, resource, prop = name.split(": ")
    compact = " ".join(summary.split())
    return {
        "duration": 9044,
        "end-time": "2026-11-22T04:42:34.325563129Z",
        "err": None,
        "matcher-result": {"actual": False, "expected": True, "message": "to equal", "transform-chain": None},
        "meta": None,
        "property": prop,
        "resource-id": resource,
        "resource-type": kind,
        "result": code,
        "skipped": code == 2,
        "successful": code != 1,
        "summary-line": summary,
        "summary-line-compact": compact,
        "title": "",
        **more,
    }


REPORT = json.dumps(
    {
        "results": [
            result("File: /etc/hostname: exists", 0, "File: /etc/hostname: exists: matches expectation: true"),
            result("File: /etc/nope: exists", 1, "File: /etc/nope: exists:\nExpected\n    false\nto equal\n    true"),
            result("File: /etc/nope: contains", 2, "File: /etc/nope: contains: skipped"),
            result("Command: x: exit-status", 1, "Command: x: exit-status:", err="timed out", title="the site"),
        ],
        "summary": {"failed-count": 2, "skipped-count": 1, "test-count": 4, "total-duration": 10436132},
    }
)


def test_a_report() -> None:
    found = read(f"2026/11/22 04:42:34 DEPRECATION WARNING: file.contains\n{REPORT}\n")
    assert [(one.name, one.outcome) for one in found] == [
        ("File: /etc/hostname: exists", "passed"),
        ("File: /etc/nope: exists", "failed"),
        ("File: /etc/nope: contains", "skipped"),
        ("Command: x: exit-status (the site)", "error"),
    ]
    assert found[1].message == "Expected false to equal true"
    assert found[1].details.startswith("File: /etc/nope: exists:\nExpected")
    assert "timed out" in found[3].details
    assert (found[0].subject, found[0].message) == ("File", "")
    assert found[0].seconds == pytest.approx(9.044e-6)


@pytest.mark.parametrize("text", ["", "sudo: a password is required", "{", '{"results": 1}', '{"results": [{}]}'])
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(Unreadable, match="goss printed no report"):
        read(text)


@pytest.mark.parametrize(
    ("head", "architecture"),
    [
        (HEAD + b"\x3e\x00", "x86_64"),
        (HEAD + b"\xb7\x00", "arm64"),
        (HEAD + b"\x08\x00", None),
        (b"#!/bin/sh\nexit 0 # long enough", None),
        (b"", None),
    ],
)
def test_which_machine_a_program_is_for(head: bytes, architecture: str | None) -> None:
    assert architecture_of(head) == architecture


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    root = tmp_path / "tests"
    root.mkdir()
    (root / "goss.yaml").write_text("file: {}")
    return Suite("goss", "goss", root / "goss.yaml")


def program(path: Path, machine: str = HERE) -> str:
    path.write_bytes(HEAD + (b"\xb7\x00" if machine == "arm64" else b"\x3e\x00"))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_goss_reads_its_file_with_the_builds_variables(
    suite: Suite, setting: Setting, programs: Programs, tmp_path: Path
) -> None:
    setting = replace(setting, goss=program(tmp_path / "goss"), architectures=frozenset({HERE}))
    programs.answer = lambda _argv: Ended(0, ("file:", "    /etc: {}"), 0)
    Goss().check(suite, setting)
    assert programs.seen == [[setting.goss, "-g", str(suite.path), "--vars", str(setting.variables_file), "render"]]
    assert json.loads(setting.variables_file.read_text()) == {"word": "hello", "password": "s3cret"}
    assert setting.variables_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            Ended(1, ("2026/11/22 yaml: line 2: did not find expected node content",), 0),
            "line 2: did not find expected",
        ),
        (Ended(0, ("{}",), 0), "goss finds no test in"),
    ],
)
def test_a_file_that_goss_cannot_use_is_refused(
    suite: Suite, setting: Setting, programs: Programs, tmp_path: Path, answer: Ended, said: str
) -> None:
    programs.answer = lambda _argv: answer
    setting = replace(setting, goss=program(tmp_path / "goss"), architectures=frozenset({HERE}))
    with pytest.raises(TestError, match=said):
        Goss().check(suite, setting)


def test_a_goss_for_another_machine_is_refused(suite: Suite, setting: Setting, tmp_path: Path) -> None:
    setting = replace(setting, goss=program(tmp_path / "goss", "arm64"), architectures=frozenset({"x86_64"}))
    with pytest.raises(TestError, match="is a program for arm64, and the AMI is x86_64"):
        Goss().check(suite, setting)


def test_no_goss_and_no_file(suite: Suite, setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(TestError, match=r"there is no program /nowhere/goss\. The role golden\.ami\.packer brings one"):
        Goss().check(suite, replace(setting, goss="/nowhere/goss"))
    with pytest.raises(TestError, match="there is no .*/goss.yaml"):
        Goss().check(Suite("goss", "goss", tmp_path), setting)


def test_in_check_mode_one_that_would_be_brought_is_no_reason_to_fail(
    suite: Suite, setting: Setting, programs: Programs
) -> None:
    Goss().check(suite, replace(setting, goss="/nowhere/goss", check=True))
    assert programs.seen == []


def test_it_runs_on_the_instance_as_root(
    suite: Suite, setting: Setting, programs: Programs, connection: Connection, tmp_path: Path
) -> None:
    setting = replace(setting, goss=program(tmp_path / "goss"))
    ended = Goss().run(suite, connection, setting, tmp_path / "report")
    assert ended.code == 0
    command = programs.seen[-1][-1]
    assert command.startswith(
        "sudo -n /usr/local/lib/golden-test/goss/goss -g /usr/local/lib/golden-test/suites/goss/goss.yaml "
    )
    assert "s3cret" not in str(programs.seen)
    assert len(programs.fed) == 2
    Goss().run(suite, connection, setting, tmp_path / "report")
    assert len(programs.fed) == 2


def test_what_could_not_be_brought_is_told(
    suite: Suite, setting: Setting, programs: Programs, connection: Connection, tmp_path: Path
) -> None:
    setting = replace(setting, goss=program(tmp_path / "goss"))
    programs.answer = lambda _argv: Ended(1, ("tar: No space left on device",), 0)
    ended = Goss().run(suite, connection, setting, tmp_path / "report")
    assert (ended.code, len(programs.seen)) == (1, 1)
    with pytest.raises(Unreadable, match="No space left on device"):
        Goss().cases(suite, ended, tmp_path / "report")
