# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a definition says of tests is complete for the module, and what cannot be meant is told with its line."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _load, _schema, _tests
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, read_source

SCHEMA = _load.read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")
SMALLEST = "base:\n  ssm_parameter: /a\nprovision:\n  roles: [web]\n"


def read(text: str, *, has_playbook: bool = True) -> dict[str, t.Any]:
    source = read_source(SMALLEST + text, "image.yml")
    problems = _schema.find_problems(source, SCHEMA)
    if problems:
        raise DefinitionError(problems)
    tests: dict[str, t.Any] = _schema.with_defaults(source.data, SCHEMA)["tests"]
    _tests.complete(tests, source, has_playbook=has_playbook)
    return tests


def told(text: str, **given: t.Any) -> str:
    with pytest.raises(DefinitionError) as caught:
        read(text, **given)
    return str(caught.value)


def test_without_a_word_there_are_none() -> None:
    tests = read("")
    assert (tests["suites"], tests["reboot"], tests["check_mode"], tests["timeout"]) == ([], True, False, "10m")


def test_every_suite_has_its_name_and_where_it_runs() -> None:
    tests = read(
        "tests:\n  suites:\n    - {engine: goss, path: tests/goss.yaml}\n"
        "    - {engine: testinfra, path: tests/site, name: pages, run_on: [builder, instance]}\n"
    )
    assert [(one["name"], one["run_on"]) for one in tests["suites"]] == [
        ("goss", ["instance"]),
        ("pages", ["builder", "instance"]),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "tests:\n  suites:\n    - {engine: pytest, path: x}\n",
            "image.yml:7: tests.suites[0].engine: expected one of goss, testinfra, inspec, ansible, found 'pytest'",
        ),
        ("tests:\n  suites:\n    - {engine: goss}\n", "image.yml:7: tests.suites[0]: path is missing"),
        ("tests:\n  suits: []\n", "did you mean suites?"),
        (
            "tests:\n  suites:\n    - {engine: goss, path: x, run_on: [everywhere]}\n",
            "tests.suites[0].run_on[0]: expected one of instance, builder",
        ),
        (
            "tests:\n  suites:\n    - {engine: goss, path: x, name: ready}\n",
            "tests.suites[0].name: 'ready' does not have the expected form",
        ),
        (
            "tests:\n  suites:\n    - {engine: goss, path: ready.yaml}\n",
            "image.yml:7: tests.suites[0]: 'ready' can't be what the suite is called",
        ),
        (
            "tests:\n  suites:\n    - {engine: goss, path: a/x.yaml}\n    - {engine: goss, path: b/x.yaml}\n",
            "image.yml:8: tests.suites[1]: a/x.yaml and b/x.yaml are both called x",
        ),
        ("tests: {timeout: soon}\n", "tests.timeout"),
        ("tests: {ports: [0]}\n", "tests.ports[0]"),
        ("tests: {instance_types: []}\n", "tests.instance_types"),
    ],
)
def test_what_cannot_be_meant(text: str, said: str) -> None:
    assert said in told(text)


def test_check_mode_needs_a_playbook_that_is_known() -> None:
    assert read("tests: {check_mode: true}\n")["check_mode"]
    assert "image.yml:5: tests.check_mode: goes with provision only" in told(
        "tests: {check_mode: true}\n", has_playbook=False
    )
