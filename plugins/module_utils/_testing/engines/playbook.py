# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Ansible: a playbook whose tasks are the tests; and the image's own playbook in check mode, which must change nothing."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import typing as t

from ..cases import Case, judged, shortened
from ..commands import Ended
from ..errors import TestError
from ..junit import NotJUnit, read
from ..setting import Setting, Unreadable, find_program
from ..ssh import HOST, Connection
from ..suites import Suite

_CHECK = 120.0
# What sysprep does once, before an AMI is made: an instance that runs has these things again, and must.
NOT_ON_INSTANCES = {"sysprep_generalise_enabled": False, "sysprep_hygiene_enabled": False}
_RELEASE = "/etc/golden-release.json"
_NAMED = re.compile(rf"^\[{HOST}\] ")
# Lines that a result may have.
_RESULT = 500
_TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[(?P<name>.*)\] \**$")
_FATAL = re.compile(rf"(?:fatal|failed): \[{HOST}\].*?=> (?=\{{)")


class Playbook:
    good = frozenset({0})

    def check(self, suite: Suite, setting: Setting) -> None:
        if suite.path.is_dir():
            raise TestError(
                f"suites: {suite.name}: {suite.path} is a directory: name the playbook. Nothing was launched."
            )
        if find_program("ansible-playbook", setting.commands.path) is None:
            raise TestError(
                f"suites: {suite.name}: there is no ansible-playbook: install ansible-core. Nothing was launched."
            )
        argv = ["ansible-playbook", "-i", f"{HOST},", "--syntax-check", *_variables(setting), str(suite.path)]
        ended = setting.commands.run(argv, timeout=_CHECK, environment=_environment(setting), directory=suite.root)
        if ended.code:
            said = shortened("\n".join(line for line in ended.lines if line.strip()))
            raise TestError(
                f"suites: {suite.name}: ansible-playbook can't read {suite.path}:\n{said}\nNothing was launched."
            )

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        return _play(suite, connection, setting, report, [], {})

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        return judged(_read(ended, report), suite.name)


class CheckMode(Playbook):
    """The image's own playbook with C(--check): a task that would change something fails."""

    def run(self, suite: Suite, connection: Connection, setting: Setting, report: pathlib.Path) -> Ended:
        skipped = setting.scratch / "not-on-instances.json"
        # What sysprep wrote into the image came from its build, and is none of this run's.
        release = read_release(connection.run(f"cat {_RELEASE}", timeout=setting.seconds))
        skipped.write_text(json.dumps({**NOT_ON_INSTANCES, **release}), encoding="utf-8")
        more = ["--check", "--diff", "-e", f"@{skipped}"]
        return _play(suite, connection, setting, report, more, {"JUNIT_FAIL_ON_CHANGE": "true"})

    def cases(self, suite: Suite, ended: Ended, report: pathlib.Path) -> c.Sequence[Case]:
        return judged([_changed(case) for case in _read(ended, report)], suite.name)


def read_release(ended: Ended) -> dict[str, object]:
    """The variable by which sysprep would write the same again; none where the image does not say what it is."""
    try:
        told = json.loads(ended.text)
    except ValueError:
        return {}
    return {"sysprep_release": told} if ended.code == 0 and isinstance(told, dict) else {}


def _changed(case: Case) -> Case:
    """A change is no failure of the task's own, which has no words for it."""
    if case.outcome != "failed" or case.message not in {"", "rc=0"} and '"changed": true' not in case.details:
        return case
    told = "it would change something: what the image was built with is not what it has"
    return Case(case.name, "failed", told, case.details, case.seconds, case.subject)


def _play(
    suite: Suite,
    connection: Connection,
    setting: Setting,
    report: pathlib.Path,
    more: c.Sequence[str],
    environment: c.Mapping[str, str],
) -> Ended:
    inventory = connection.directory / "inventory.json"
    inventory.write_text(json.dumps(inventory_of(connection.config)), encoding="utf-8")
    report.mkdir(parents=True, exist_ok=True)
    argv = ["ansible-playbook", "-i", str(inventory), *_variables(setting), *more, str(suite.path)]
    told = {**_environment(setting), "JUNIT_OUTPUT_DIR": str(report), **environment}
    return setting.commands.run(argv, timeout=setting.seconds, environment=told, directory=suite.root)


def inventory_of(config: pathlib.Path) -> dict[str, object]:
    """The instance, called as Packer's Ansible provisioner calls its builder."""
    host = {
        "ansible_connection": "ssh",
        "ansible_host": HOST,
        "ansible_ssh_args": f"-F '{config}'",
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    return {"all": {"hosts": {HOST: host}}}


def _variables(setting: Setting) -> list[str]:
    return ["-e", f"@{setting.variables_file}"]


def _environment(setting: Setting) -> dict[str, str]:
    config = setting.scratch / "ansible.cfg"
    if not config.exists():
        config.write_text("[defaults]\n", encoding="utf-8")
    roles = {"ANSIBLE_ROLES_PATH": os.pathsep.join(setting.roles_path)} if setting.roles_path else {}
    return {
        **roles,
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_LOCAL_TEMP": str(setting.scratch / "ansible"),
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
        "JUNIT_OUTPUT_DIR": str(setting.scratch / "junit"),
        "JUNIT_HIDE_TASK_ARGUMENTS": "true",
        "JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT": "false",
    }


def _read(ended: Ended, report: pathlib.Path) -> list[Case]:
    """Of all that the callback wrote: one file, when the play came to its end."""
    try:
        found = [case for file in sorted(report.glob("*.xml")) for case in read(file.read_text(encoding="utf-8"))]
    except NotJUnit as error:
        raise Unreadable(str(error)) from error
    if not found and ended.code:
        raise Unreadable(f"ansible-playbook ended with {ended.code}: {shortened(ended.text)}")
    told = failures(ended.lines)
    # What is included is no test.
    return [_told(one, told) for one in found if not one.name.startswith("[include] ")]


def failures(lines: c.Sequence[str]) -> dict[str, dict[str, t.Any]]:
    """What failing tasks returned, by their names, as the play printed it: the report has but their first words."""
    task, found = "", {}
    for number, line in enumerate(lines):
        head = _TASK.match(line)
        task = head["name"] if head else task
        fatal = _FATAL.match(line)
        if fatal:
            with contextlib.suppress(ValueError):
                # Ansible prints some of them over several lines.
                text = "\n".join([line[fatal.end() :], *lines[number + 1 : number + _RESULT]])
                found[task] = json.JSONDecoder().raw_decode(text)[0]
    return {name: result for name, result in found.items() if isinstance(result, dict)}


def _told(case: Case, told: c.Mapping[str, dict[str, t.Any]]) -> Case:
    """With what the task returned. Whatever it was that ended a task, its test has failed."""
    name = _NAMED.sub("", case.name)
    result = next((one for task, one in told.items() if name.endswith(f": {task}")), None)
    if case.good or result is None:
        return dataclasses.replace(case, name=name)
    said = [str(result.get(key) or "").strip() for key in ("msg", "stderr", "stdout", "module_stderr")]
    details = shortened(json.dumps(result, indent=1, default=str))
    return Case(name, "failed", "\n".join(one for one in said if one), details, case.seconds, case.subject)
