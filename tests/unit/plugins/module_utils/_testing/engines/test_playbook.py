# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks as tests: what the JUnit callback and the play's own words say together; and check mode, where a change is a failure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.engines.playbook import (
    CheckMode,
    Playbook,
    failures,
    inventory_of,
    read_release,
)
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, Unreadable
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import Suite

if t.TYPE_CHECKING:
    from ..conftest import Programs

# As ansible-core 2.21 prints it.
FAILING = """\
TASK [web : Look at the site] **************************************************
[ERROR]: Task failed: Module failed: The command exited with a non-zero return code.
fatal: [default]: FAILED! => {"changed": true, "cmd": ["ls"], "msg": "non-zero return code", "rc": 2, "stderr": "ls: no /nope", "stdout": ""}

TASK [Each] ********************************************************************
failed: [default] (item=a) => {"item": "a", "msg": "one is not two"}
"""
REPORT = """\
<testsuites><testsuite name="verify">
<testcase classname="/x/verify.yml:3" name="[include] Verify: Include"/>
<testcase classname="/x/verify.yml:4" name="[default] Verify: Good" time="0.5"/>
<testcase classname="/x/verify.yml:6" name="[default] Verify: web : Look at the site"><error message="Task failed">(traceback missing)</error></testcase>
<testcase classname="/x/verify.yml:9" name="[default] Verify: Skipped"><skipped>Conditional result was False</skipped></testcase>
</testsuite></testsuites>
"""
CHANGED = """\
<testsuites><testsuite name="playbook">
<testcase name="[default] Image: Has it"/>
<testcase name="[default] Image: Lacks it"><failure message="rc=0">{"changed": true, "dest": "/etc/x"}</failure></testcase>
<testcase name="[default] Image: Broken"><failure message="no such user">{"changed": false, "msg": "no such user"}</failure></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests" / "verify.yml"
    file.write_text("- hosts: all\n")
    return Suite("verify", "ansible", file)


def reported(tmp_path: Path, text: str) -> Path:
    report = tmp_path / "report"
    report.mkdir()
    (report / "verify-1.xml").write_text(text)
    return report


def test_what_a_failing_task_returned_is_told(suite: Suite, tmp_path: Path) -> None:
    ended = Ended(2, tuple(FAILING.splitlines()), 3)
    found = Playbook().cases(suite, ended, reported(tmp_path, REPORT))
    assert [(one.name, one.outcome) for one in found] == [
        ("Verify: Good", "passed"),
        ("Verify: web : Look at the site", "failed"),
        ("Verify: Skipped", "skipped"),
    ]
    assert found[1].message == "non-zero return code\nls: no /nope"
    assert json.loads(found[1].details)["rc"] == 2


def test_a_task_in_a_loop_and_lines_that_say_nothing() -> None:
    assert failures(FAILING.splitlines())["Each"] == {"item": "a", "msg": "one is not two"}
    several = [
        "TASK [Right] ***",
        "fatal: [default]: FAILED! => {",
        '    "assertion": "1 == 2",',
        '    "msg": "no"',
        "}",
        "PLAY RECAP",
    ]
    assert failures(several) == {"Right": {"assertion": "1 == 2", "msg": "no"}}
    assert failures(["fatal: [default]: FAILED! => {broken", "nonsense", ""]) == {}


def test_a_play_that_never_began(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    with pytest.raises(Unreadable, match="ansible-playbook ended with 4: UNREACHABLE"):
        Playbook().cases(suite, Ended(4, ("UNREACHABLE",), 1), tmp_path / "report")
    (nothing,) = Playbook().cases(suite, Ended(0, (), 1), tmp_path / "report")
    assert (nothing.outcome, nothing.message.partition(",")[0]) == ("error", "there is no test in it")


def test_in_check_mode_a_change_is_a_failure(suite: Suite, tmp_path: Path) -> None:
    found = CheckMode().cases(suite, Ended(2, (), 1), reported(tmp_path, CHANGED))
    assert [one.outcome for one in found] == ["passed", "failed", "failed"]
    assert found[1].message.startswith("it would change something")
    assert found[2].message == "no such user"


def test_check_mode_runs_what_made_the_image_without_what_only_a_build_does(
    suite: Suite, setting: Setting, programs: Programs, connection: Connection, tmp_path: Path
) -> None:
    release = {"image": "web", "version": "1.0"}
    programs.answer = lambda argv: Ended(0, (json.dumps(release),), 0) if argv[0] == "ssh" else Ended(0, (), 0)
    CheckMode().run(suite, connection, setting, tmp_path / "report")
    argv, environment = programs.seen[-1], programs.environments[-1]
    assert "--check" in argv
    assert environment["JUNIT_FAIL_ON_CHANGE"] == "true"
    told = json.loads((programs.scratch / "not-on-instances.json").read_text())
    assert told == {"sysprep_generalise_enabled": False, "sysprep_hygiene_enabled": False, "sysprep_release": release}


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        (0, '{"image": "web"}', {"sysprep_release": {"image": "web"}}),
        (1, "cat: no such file", {}),
        (0, "[]", {}),
        (0, "", {}),
    ],
)
def test_an_image_that_does_not_say_what_it_is(code: int, text: str, told: dict[str, t.Any]) -> None:
    assert read_release(Ended(code, (text,), 0)) == told


def test_the_instance_is_called_like_packers_builder(
    suite: Suite, setting: Setting, programs: Programs, connection: Connection, tmp_path: Path
) -> None:
    Playbook().run(suite, connection, setting, tmp_path / "report")
    (argv,), (environment,) = programs.seen, programs.environments
    assert argv[:3] == ["ansible-playbook", "-i", str(connection.directory / "inventory.json")]
    assert argv[-3:] == ["-e", f"@{setting.variables_file}", str(suite.path)]
    assert "s3cret" not in str(argv) + str(environment)
    assert environment["ANSIBLE_ROLES_PATH"] == "/roles"
    assert "JUNIT_FAIL_ON_CHANGE" not in environment
    (host,) = inventory_of(connection.config)["all"]["hosts"].items()  # type: ignore[index]
    assert host[0] == "default"
    assert host[1]["ansible_ssh_args"] == f"-F '{connection.config}'"


def test_what_ansible_cannot_read_is_refused(suite: Suite, setting: Setting, programs: Programs) -> None:
    programs.answer = lambda _argv: Ended(4, ("ERROR! couldn't resolve module/action 'nope'",), 0)
    with pytest.raises(TestError, match=r"can't read .*verify.yml:\nERROR! couldn't resolve"):
        Playbook().check(suite, setting)
    assert "--syntax-check" in programs.seen[0]
    with pytest.raises(TestError, match="is a directory: name the playbook"):
        Playbook().check(replace(suite, path=suite.root), setting)
    programs.path = "/nowhere"
    with pytest.raises(TestError, match="there is no ansible-playbook"):
        Playbook().check(suite, setting)
