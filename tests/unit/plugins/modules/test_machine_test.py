# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own main(), with an ssh that does what a test says: what passes, what fails, and what is left of it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.module_utils._packer import process
from ansible_collections.golden.ami.plugins.modules import machine_test

SSH = """\
#!/bin/sh
for word in "$@"; do last=$word; done
echo "$last" >> {here}/calls
case "$last" in
  *"uname -m"*) [ -e {here}/closed ] && {{ echo "Permission denied (publickey)." >&2; exit 255; }}; echo {machine} ;;
  *"tar -xf"*) cat > /dev/null ;;
  *validate*) name=${{last##*/suites/}}; cat "{here}/${{name%%/*}}.json" 2>/dev/null || {{ echo "no such test"; exit 3; }}
    grep -q '"result": 1' "{here}/${{name%%/*}}.json" && exit 1 ;;
  *"rm -rf"*) [ -e {here}/full ] && {{ echo "rm: cannot remove" >&2; exit 1; }} ;;
esac
exit 0
"""


class Machine:
    """A machine that is none. C(shows) says what a suite of goss prints there."""

    def __init__(self, here: Path) -> None:
        self.here = here
        (here / "bin").mkdir()
        ssh = here / "bin" / "ssh"
        ssh.write_text(SSH.format(here=here, machine=platform.machine()))
        ssh.chmod(0o755)
        # Any program of this machine's: it is never run there, and it reads every file without a word.
        self.goss = shutil.copy(shutil.which("true") or "/bin/true", here / "goss")
        (here / "key").touch()

    def suite(self, name: str, *results: int) -> dict[str, str]:
        """A suite, with what each of its tests shows: 0 is passed, 1 is failed."""
        path = self.here / "suites" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text("file: {}\n")
        (self.here / f"{name}.json").write_text(json.dumps({"results": [_shown(name, one) for one in results]}))
        return {"engine": "goss", "path": str(path)}

    @property
    def calls(self) -> list[str]:
        path = self.here / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def arguments(self, *suites: dict[str, str], **more: t.Any) -> dict[str, t.Any]:
        """The module's arguments; ``more`` win."""
        return {
            "host": "192.0.2.7",
            "user": "admin",
            "private_key_file": str(self.here / "key"),
            "suites": list(suites),
            "name": "builder",
            "results_dir": str(self.here / "results"),
            "goss": str(self.goss),
            **more,
        }


def _shown(name: str, result: int) -> dict[str, t.Any]:
    line = f"File: /etc/{name}: exists: {'matches expectation' if result == 0 else 'is not there'}"
    about = {"resource-type": "File", "resource-id": f"/etc/{name}", "property": "exists", "title": ""}
    return {**about, "result": result, "skipped": False, "summary-line": line, "duration": 1000, "err": None}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setattr(process, "_POLL", 0.005)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return made


Run = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_main(arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        with patch_module_args(arguments), pytest.raises(SystemExit):
            machine_test.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        return result

    return run_main


def test_what_passes(machine: Machine, run: Run) -> None:
    result = run(machine.arguments(machine.suite("motd", 0, 0), machine.suite("hosts", 0)))
    assert not result.get("failed"), result
    assert (result["changed"], result["failures"]) == (False, [])
    assert [line.split()[:3] for line in result["table"]] == [["motd", "passed", "2/2"], ["hosts", "passed", "1/1"]]
    root = ET.parse(machine.here / "results" / "builder-build-motd.xml").getroot()
    assert (root.tag, len(list(root.iter("testcase"))), len(list(root.iter("failure")))) == ("testsuites", 2, 0)


def test_nothing_of_it_is_left_on_the_machine(machine: Machine, run: Run) -> None:
    """An image is made of it: also when a test has failed."""
    run(machine.arguments(machine.suite("motd", 1)))
    kinds = [
        next((kind for kind in ("uname", "tar", "validate", "rm -rf") if kind in call), "") for call in machine.calls
    ]
    assert [kind for kind in kinds if kind] == ["uname", "tar", "tar", "validate", "rm -rf"]
    assert machine.calls[-1] == "sudo -n rm -rf /usr/local/lib/golden-test"


def test_what_fails_is_told_and_the_others_run(machine: Machine, run: Run) -> None:
    result = run(machine.arguments(machine.suite("motd", 0, 1), machine.suite("hosts", 1), machine.suite("last", 0)))
    assert result["failed"]
    assert result["msg"].splitlines() == [
        "2 of 4 tests of builder failed:",
        "  motd: File: /etc/motd: exists: is not there",
        "  hosts: File: /etc/hosts: exists: is not there",
        f"Reports: {machine.here / 'results'}",
    ]
    assert [suite["failures"] for suite in result["suites"]] == [1, 1, 0]


def test_a_suite_that_prints_no_report_fails(machine: Machine, run: Run) -> None:
    suite = machine.suite("motd")
    (machine.here / "motd.json").unlink()
    assert "motd: motd: goss printed no report: no such test" in run(machine.arguments(suite))["msg"]


def test_what_cannot_be_taken_away_again_is_told(machine: Machine, run: Run) -> None:
    (machine.here / "full").touch()
    result = run(machine.arguments(machine.suite("motd", 0)))
    assert result["failed"]
    assert (
        result["msg"] == "/usr/local/lib/golden-test could not be removed from 192.0.2.7: rm: cannot remove. Remove it."
    )


def test_who_cannot_log_in_is_told_why(machine: Machine, run: Run) -> None:
    (machine.here / "closed").touch()
    message = run(machine.arguments(machine.suite("motd", 0), port=2222))["msg"]
    assert message.startswith(
        "admin cannot log in on 192.0.2.7, port 2222, or has no sudo without a password: Permission"
    )
    assert message.endswith("Correct host, port, user or private_key_file.")


def test_check_mode_reads_the_files_and_does_not_log_in(machine: Machine, run: Run) -> None:
    result = run(machine.arguments(machine.suite("motd", 1), _ansible_check_mode=True))
    assert (result["changed"], result["table"]) == (False, ["motd: would run on 192.0.2.7"])
    assert machine.calls == []
    assert not (machine.here / "results").exists()
    (machine.here / "suites" / "motd.yaml").unlink()
    (machine.here / "suites" / "motd").mkdir()
    gone = {"engine": "goss", "path": str(machine.here / "suites" / "motd")}
    refused = run(machine.arguments(gone, _ansible_check_mode=True))
    assert refused["msg"] == f"suites: motd: there is no {machine.here / 'suites' / 'motd' / 'goss.yaml'}."


def test_reports_of_an_earlier_run_are_gone(machine: Machine, run: Run) -> None:
    run(machine.arguments(machine.suite("old", 0)))
    run(machine.arguments(machine.suite("new", 0)))
    assert sorted(path.name for path in (machine.here / "results").iterdir()) == [
        "builder-build-new.log",
        "builder-build-new.xml",
    ]


def test_secrets_are_not_told(machine: Machine, run: Run) -> None:
    suite = machine.suite("motd", 1)
    report = machine.here / "motd.json"
    report.write_text(report.read_text().replace("is not there", "is hunter2-and-more"))
    result = run(machine.arguments(suite, variables={"site_password": "hunter2-and-more"}))
    assert "********" in result["msg"]
    told = "".join(path.read_text() for path in (machine.here / "results").iterdir())
    assert "hunter2" not in told + json.dumps(result["failures"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"suites": []}, "suites: none is named, so nothing would be tested: name at least one."),
        ({"name": "a b"}, "name: 'a b' is to be in the names of files"),
        ({"timeout": 0}, "timeout: 0 s: say 1 to 86400."),
        (
            {"private_key_file": "/nowhere/key"},
            "private_key_file: there is no /nowhere/key: name the key by which admin",
        ),
        ({"suites": [{"engine": "goss", "path": "/nowhere.yaml"}]}, "suites: nowhere: /nowhere.yaml does not exist."),
        ({"suites": [{"engine": "inspec", "path": "/"}]}, "value of engine must be one of: goss, testinfra, ansible"),
    ],
)
def test_mistakes(machine: Machine, run: Run, given: dict[str, t.Any], said: str) -> None:
    message = run(machine.arguments(**{"suites": [machine.suite("motd", 0)], **given}))["msg"]
    assert said in message
    assert "launched" not in message
    assert machine.calls == []
