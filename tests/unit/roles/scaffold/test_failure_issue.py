# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program, as a workflow runs it, against a stand-in of GitHub's API: one issue for what fails again and again."""

from __future__ import annotations

import collections.abc as c
import subprocess
import sys
from pathlib import Path

import pytest
from harness.github import GitHub, served_github

PROGRAM = Path(__file__).parents[4] / "roles" / "scaffold" / "files" / "failure_issue.py"


@pytest.fixture
def github() -> GitHub:
    made = GitHub()
    made.tokens["secret"] = {"issues": "write"}
    return made


@pytest.fixture
def url(github: GitHub) -> c.Iterator[str]:
    with served_github(github) as address:
        yield address


Tell = c.Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tell(url: str) -> Tell:
    def run(outcome: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "acme/images",
            "GITHUB_TOKEN": "secret",
            "ISSUE_SUBJECT": "Daily build",
            "ISSUE_CAUSE": "TASK [Build]\nfatal: no capacity",
            "RUN_URL": "https://github.invalid/run/1",
            **more,
        }
        argv = [sys.executable, str(PROGRAM), outcome]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    return run


def test_one_issue_for_failures_closed_by_a_success(github: GitHub, tell: Tell) -> None:
    assert tell("failure").returncode == 0
    (issue,) = github.issues
    assert issue["title"] == "Daily build fails"
    assert "    fatal: no capacity" in issue["body"]
    assert "https://github.invalid/run/1" in issue["body"]

    # Whoever renames it does not get a second one.
    issue["title"] = "What is this?"
    assert tell("failure", ISSUE_CAUSE="another cause").returncode == 0
    assert len(github.issues) == 1
    ((number, words),) = github.comments
    assert number == 1
    assert "    another cause" in words

    assert tell("success", RUN_URL="https://github.invalid/run/3").returncode == 0
    assert [issue["state"] for issue in github.issues] == ["closed"]
    assert github.comments[-1] == (1, "It succeeds again: https://github.invalid/run/3")

    # What is closed stays so: a new failure is a new issue.
    assert tell("failure").returncode == 0
    assert [issue["state"] for issue in github.issues] == ["closed", "open"]


def test_success_without_an_issue_does_nothing(github: GitHub, tell: Tell) -> None:
    assert tell("success").returncode == 0
    assert (github.issues, github.comments) == ([], [])


@pytest.mark.parametrize("outcome", ["cancelled", "skipped", ""])
def test_what_says_nothing_touches_nothing(github: GitHub, tell: Tell, outcome: str) -> None:
    tell("failure")
    assert tell(outcome).returncode == 0
    assert [issue["state"] for issue in github.issues] == ["open"]
    assert github.comments == []


def test_others_stay_as_they_are(github: GitHub, tell: Tell) -> None:
    """Other issues, those of another subject, pull requests; and the own one is found behind a page of them."""
    tell("failure", ISSUE_SUBJECT="Release")
    github.add(title="Daily build fails", body=None)
    github.add(title="x", body="<!-- failure of: Daily build -->", pull_request={})
    for _other in range(100):
        github.add(title="other", body="other")
    tell("failure")
    tell("failure")
    assert len(github.issues) == 104
    assert [number for number, _text in github.comments] == [104]
    tell("success")
    assert [issue["number"] for issue in github.issues if issue["state"] == "closed"] == [104]


def test_a_cause_cannot_end_its_quotation_and_is_cut(github: GitHub, tell: Tell) -> None:
    tell("failure", ISSUE_CAUSE="@all\n```\n" + "x" * 70000 + "\nthe end")
    body = github.issues[0]["body"]
    assert len(body) < 65536
    assert "    the end" in body
    assert all(not line or line.startswith(("    ", "http", "<!--")) for line in body.splitlines())


def test_without_the_permission_it_is_named(github: GitHub, tell: Tell) -> None:
    github.tokens["secret"] = {"issues": "read"}
    run = tell("failure")
    assert run.returncode == 1
    assert "GitHub answered 403" in run.stderr
    assert "permissions: {issues: write}" in run.stderr


def test_what_lacks_is_named(tell: Tell) -> None:
    run = tell("failure", RUN_URL="", GITHUB_TOKEN="")
    assert run.returncode == 1
    assert "not set in the environment: GITHUB_TOKEN, RUN_URL" in run.stderr


def test_out_of_reach(tell: Tell) -> None:
    run = tell("failure", GITHUB_API_URL="http://127.0.0.1:1")
    assert run.returncode == 1
    assert "GitHub cannot be reached" in run.stderr
