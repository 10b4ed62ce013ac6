# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""InSpec's command line, and its report in JSON in the form that its own schema (exec-json) has. Nothing here runs InSpec."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.engines import inspec
from ansible_collections.golden.ami.plugins.module_utils._testing.engines.inspec import Inspec, command, read
from ansible_collections.golden.ami.plugins.module_utils._testing.errors import TestError
from ansible_collections.golden.ami.plugins.module_utils._testing.setting import Setting, Unreadable
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import Connection, Way
from ansible_collections.golden.ami.plugins.module_utils._testing.suites import Suite

if t.TYPE_CHECKING:
    from ..conftest import Programs


def control(name: str, *results: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {
        "id": name,
        "title": f"About {name}",
        "desc": "Why it matters",
        "descriptions": [{"label": "default", "data": "Why it matters"}],
        "impact": 0.7,
        "refs": [],
        "tags": {},
        "code": "control 'x' do\nend\n",
        "source_location": {"ref": "web/controls/web.rb", "line": 1},
        "waiver_data": {},
        "results": [{"run_time": 0.002, "start_time": "2026-11-21T09:30:00+00:00", **one} for one in results],
        **more,
    }


REPORT: dict[str, t.Any] = {
    "platform": {"name": "debian", "release": "12.5", "target_id": "11111111-2222-3333-4444-555555555555"},
    "profiles": [
        {
            "name": "web",
            "version": "0.1.0",
            "sha256": "c0ffee",
            "title": "The web server",
            "supports": [],
            "attributes": [],
            "groups": [{"id": "controls/web.rb", "controls": ["nginx", "site", "php", "empty"], "title": "web"}],
            "controls": [
                control(
                    "nginx",
                    {"status": "passed", "code_desc": "Service nginx is expected to be running"},
                    {
                        "status": "failed",
                        "code_desc": "Port 80 is expected to be listening",
                        "message": "expected `Port 80.listening?` to be\ntruthy, got false",
                    },
                ),
                control(
                    "site",
                    {
                        "status": "skipped",
                        "code_desc": "No-op",
                        "skip_message": "Skipped: not here",
                        "resource": "No-op",
                    },
                ),
                control(
                    "php",
                    {
                        "status": "failed",
                        "code_desc": "Control Source Code Error",
                        "message": "undefined method",
                        "exception": "NoMethodError",
                        "backtrace": [],
                    },
                ),
                control("empty"),
            ],
            "status": "loaded",
        }
    ],
    "statistics": {"duration": 0.4},
    "version": "5.22.40",
}


def test_a_report() -> None:
    found = read(json.dumps(REPORT))
    assert [(one.name, one.outcome, one.subject) for one in found] == [
        ("nginx: Service nginx is expected to be running", "passed", "nginx"),
        ("nginx: Port 80 is expected to be listening", "failed", "nginx"),
        ("site: No-op", "skipped", "site"),
        ("php: Control Source Code Error", "error", "php"),
    ]
    assert found[1].message == "expected `Port 80.listening?` to be truthy, got false"
    assert found[1].details.startswith("About nginx\nWhy it matters\n")
    assert found[2].message == "Skipped: not here"
    assert found[0].seconds == 0.002


def test_a_profile_that_could_not_be_loaded_is_an_error() -> None:
    broken = {"name": "base", "status": "failed", "status_message": "could not fetch base", "controls": []}
    found = read(json.dumps({**REPORT, "profiles": [broken, REPORT["profiles"][0]]}))
    assert (found[0].name, found[0].outcome, found[0].message) == ("base", "error", "could not fetch base")
    assert len(found) == 5


@pytest.mark.parametrize("text", ["", "Could not connect", "{}", '{"profiles": [{}]}', '{"profiles": null}'])
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(Unreadable, match="no report of InSpec"):
        read(text)


def test_the_command_line_has_no_secret_and_no_variable() -> None:
    way = Way("192.0.2.7", "admin", Path("/keys/k"))
    argv = command("cinc-auditor", Path("/tests/web"), way, Path("/run/variables.json"), Path("/run/report"))
    assert argv[:3] == ["cinc-auditor", "exec", "/tests/web"]
    assert {"--target=ssh://admin@192.0.2.7:22", "--key-files=/keys/k", "--sudo"} <= set(argv)
    assert {"--input-file=/run/variables.json", "--reporter=json:/run/report"} <= set(argv)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "web").mkdir()
    return Suite("web", "inspec", tmp_path / "web")


def test_without_the_program_it_is_refused(suite: Suite, setting: Setting, programs: Programs) -> None:
    programs.path = "/nowhere"
    with pytest.raises(TestError, match="there is neither cinc-auditor nor inspec: install one of them"):
        Inspec().check(suite, setting)


def test_the_free_one_comes_first_and_checks_the_profile(
    suite: Suite, setting: Setting, programs: Programs, tmp_path: Path
) -> None:
    programs.path = str(tmp_path)
    for name in ("inspec", "cinc-auditor"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    programs.answer = lambda _argv: Ended(1, ("controls/web.rb:3: syntax error",), 0)
    with pytest.raises(TestError, match="web.rb:3: syntax error"):
        Inspec().check(suite, setting)
    assert programs.seen == [[str(tmp_path / "cinc-auditor"), "check", str(suite.path)]]
    assert programs.environments == [{"CHEF_LICENSE": "accept-silent"}]


def test_session_manager_is_refused(suite: Suite, setting: Setting, connection: Connection) -> None:
    connection.way = replace(connection.way, proxy="aws ssm …")
    with pytest.raises(TestError, match="does not reach instances by way of Session Manager"):
        Inspec().run(suite, connection, setting, Path("/report"))


def test_a_run_and_its_report(
    suite: Suite, setting: Setting, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspec, "find_program", lambda name, _path: f"/usr/bin/{name}")
    report = tmp_path / "report"
    ended = Inspec().run(suite, connection, setting, report)
    with pytest.raises(Unreadable, match="it wrote no report"):
        Inspec().cases(suite, ended, report)
    report.write_text(json.dumps(REPORT))
    assert len(Inspec().cases(suite, ended, report)) == 4
    assert Inspec.good == {0, 101}
