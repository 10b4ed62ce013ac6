# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a buildspec says, which files its patterns mean, and what JUnit's XML tells."""

from __future__ import annotations

import pytest
from golden_cloud.api.codebuild.buildspec import BuildspecError, OnFailure, Secret, on_failure, parse, secret
from golden_cloud.api.codebuild.globs import chosen, stored_names
from golden_cloud.api.codebuild.junit import NotJUnit
from golden_cloud.api.codebuild.junit import parse as parse_junit

WHOLE = """
version: 0.2
run-as: root
env:
  shell: bash
  variables: {NUMBER: 1, ANSWER: yes, EMPTY: null, "ON": off, WHEN: 2026-01-02}
  parameter-store: {PLACE: /image/place}
  secrets-manager: {LOGIN: "login:password:AWSPREVIOUS"}
  exported-variables: [AMI]
  git-credential-helper: yes
phases:
  install:
    runtime-versions: {python: 3.11}
    commands: echo one
  build:
    on-failure: CONTINUE
    run-as: admin
    commands:
      - 'echo "a: b"'
    finally: [echo last]
reports:
  tests: {files: ["*.xml"], base-directory: out}
artifacts:
  files: "**/*"
  exclude-paths: [secret/*]
  discard-paths: yes
  secondary-artifacts:
    more: {files: [a], name: "b"}
cache: {paths: [/root/.cache/**/*]}
"""


def test_a_whole_buildspec_is_read() -> None:
    spec = parse(WHOLE)
    assert (spec.version, spec.shell, spec.run_as) == ("0.2", "bash", "root")
    assert spec.variables == {"NUMBER": "1", "ANSWER": "yes", "EMPTY": "", "ON": "off", "WHEN": "2026-01-02"}
    assert spec.parameters == {"PLACE": "/image/place"}
    assert spec.secrets == {"LOGIN": Secret("login", "password", "AWSPREVIOUS", None)}
    assert spec.exported == ("AMI",) and spec.git_credential_helper
    assert spec.phase("install").commands == ("echo one",) and spec.phase("install").runtimes == ("python",)
    build = spec.phase("build")
    assert (build.commands, build.last, build.run_as) == (('echo "a: b"',), ("echo last",), "admin")
    assert build.on_failure.proceed and not spec.phase("post_build").commands
    assert spec.artifacts is not None and spec.artifacts.discard_paths and spec.artifacts.excluded == ("secret/*",)
    assert spec.secondary_artifacts["more"].name == "b"
    assert [(r.group, r.file_format, r.artifacts.base_directory) for r in spec.reports] == [
        ("tests", "JUNITXML", "out")
    ]
    assert spec.cache_paths == ("/root/.cache/**/*",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a mapping is expected"),
        ("{", "YAML is not valid"),
        ("phases: {}", "version is missing"),
        ("version: 0.3", "invalid version '0.3'"),
        ("version: 0.2\nphases: {compile: {commands: [a]}}", "unknown phase 'compile'"),
        ("version: 0.2\nphases: {build: {commands: [{echo: a}]}}", "found subkeys instead"),
        ("version: 0.2\nphases: {build: {commands: {a: b}}}", "a list of commands is expected"),
        ("version: 0.2\nphases: {build: {on-failure: IGNORE}}", "not 'IGNORE'"),
        ("version: 0.2\nphases: {build: {on-failure: 'RETRY-2-('}}", "no regular expression"),
        ("version: 0.2\nenv: {shell: powershell}", "sh or bash"),
        ("version: 0.2\nartifacts: {name: a}", "at least one file"),
        ("version: 0.2\nenv: {secrets-manager: {A: 'a:b:c:d:e'}}", "secret-id:json-key"),
        ("version: 0.2\nenv: {variables: {A: [1]}}", "a string is expected"),
    ],
)
def test_what_is_no_buildspec_says_why(text: str, why: str) -> None:
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    assert why in str(caught.value)


def test_on_failure_takes_its_forms() -> None:
    assert on_failure("ABORT") == OnFailure(abort=True)
    assert on_failure("CONTINUE") == OnFailure(proceed=True)
    assert on_failure("RETRY").retries == 3
    assert on_failure("RETRY-5").retries == 5
    assert on_failure("RETRY-time.*out") == OnFailure(retries=3, pattern="time.*out")
    counted = on_failure("RETRY-2-status 7")
    assert counted.retries_after("exit status 7", 2)
    assert not counted.retries_after("exit status 7", 3)
    assert not counted.retries_after("exit status 8", 1)


def test_a_secret_is_named_or_has_an_arn_with_colons_of_its_own() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:login-AbCdEf"
    assert secret(arn) == Secret(arn)
    assert secret(f"{arn}:user::version-1") == Secret(arn, "user", None, "version-1")
    assert secret("login") == Secret("login")


@pytest.mark.parametrize(
    ("patterns", "excluded", "expected"),
    [
        (["**/*"], [], [".hidden", "a.txt", "d/b.txt", "d/e/c.json"]),
        (["*"], [], [".hidden", "a.txt"]),
        (["d/*"], [], ["d/b.txt"]),
        (["d/**/*"], [], ["d/b.txt", "d/e/c.json"]),
        (["**/*.{txt,json}"], ["d/b.*"], ["a.txt", "d/e/c.json"]),
        (["./[ab].txt"], [], ["a.txt"]),
        (["d"], [], []),
    ],
)
def test_patterns_choose_files(patterns: list[str], excluded: list[str], expected: list[str]) -> None:
    assert chosen(["a.txt", ".hidden", "d/b.txt", "d/e/c.json"], patterns, excluded) == expected


def test_files_without_their_directories() -> None:
    assert stored_names(["a/x", "b/y"], discard_paths=False) == {"a/x": "a/x", "b/y": "b/y"}
    assert stored_names(["a/x", "b/x", "y"], discard_paths=True) == {"b/x": "x", "y": "y"}


def test_junit_tells_its_cases() -> None:
    xml = b"""<testsuites><testsuite name="unit"><testcase classname="C" name="good" time="0.25"/>
    <testcase name="bad"><failure message="1 is not 2">trace</failure></testcase>
    <testcase name="broken"><error>trace</error></testcase><testcase name="left"><skipped/></testcase>
    </testsuite></testsuites>"""
    cases = parse_junit(xml, "r.xml")
    assert [(c.suite, c.name, c.status, c.message) for c in cases] == [
        ("unit", "good", "SUCCEEDED", ""),
        ("unit", "bad", "FAILED", "1 is not 2"),
        ("unit", "broken", "ERROR", "trace"),
        ("unit", "left", "SKIPPED", ""),
    ]
    assert cases[0].nanoseconds == 250_000_000 and cases[0].prefix == "C"


@pytest.mark.parametrize("content", [b"no xml", b"<html/>", b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>'])
def test_what_is_no_junit_is_refused(content: bytes) -> None:
    with pytest.raises(NotJUnit):
        parse_junit(content, "r.xml")
