# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep one issue of GitHub for a workflow that fails: opened by its first failure, closed by its next success.

python failure_issue.py failure|success

The environment says the rest: GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN as GitHub sets them, ISSUE_SUBJECT (what
failed: one issue for each), ISSUE_CAUSE (the last lines of the log) and RUN_URL. Needs the permission "issues: write".
"""

from __future__ import annotations

import collections.abc as c
import json
import os
import sys
import typing as t
import urllib.error
import urllib.request
from dataclasses import dataclass

PAGE = 100
# GitHub refuses a body of more than 65536 characters. The cause of a failure is at the end of a log.
LONGEST = 20000

Issue = dict[str, t.Any]
Call = c.Callable[[str, str, dict[str, t.Any] | None], t.Any]


@dataclass(frozen=True)
class Told:
    """What is told of a run."""

    subject: str
    cause: str
    run: str

    @property
    def mark(self) -> str:
        """By which an issue is found again, whatever people make of its title."""
        return f"<!-- failure of: {self.subject.replace('--', '- -')} -->"

    @property
    def title(self) -> str:
        return f"{self.subject} fails"

    @property
    def body(self) -> str:
        lines = self.cause[-LONGEST:].strip() or "The log says why."
        # Indented, because no text can end that.
        quoted = "\n".join(f"    {line}" for line in lines.splitlines())
        return f"{self.run}\n\n{quoted}\n\n{self.mark}\n"


def steps(outcome: str, told: Told, issues: list[Issue]) -> list[tuple[str, str, dict[str, t.Any]]]:
    """The calls that an outcome needs, as method, path below the repository, and body."""
    ours = [issue for issue in issues if told.mark in (issue.get("body") or "") and "pull_request" not in issue]
    ours.sort(key=lambda issue: int(issue["number"]))
    if outcome == "failure":
        if not ours:
            return [("POST", "issues", {"title": told.title, "body": told.body})]
        return [("POST", f"issues/{ours[0]['number']}/comments", {"body": f"Again: {told.body}"})]
    made: list[tuple[str, str, dict[str, t.Any]]] = []
    for issue in ours:
        number = issue["number"]
        made.append(("POST", f"issues/{number}/comments", {"body": f"It succeeds again: {told.run}"}))
        made.append(("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"}))
    return made


def open_issues(call: Call) -> list[Issue]:
    """All open issues: a search would know of a new one only after a while."""
    found: list[Issue] = []
    page = 1
    while True:
        part = call("GET", f"issues?state=open&sort=created&direction=asc&per_page={PAGE}&page={page}", None)
        found += part
        if len(part) < PAGE:
            return found
        page += 1


def caller(environment: c.Mapping[str, str]) -> Call:
    """Calls of the REST API for one repository."""
    base = f"{environment.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{environment['GITHUB_REPOSITORY']}"

    def call(method: str, path: str, body: dict[str, t.Any] | None) -> t.Any:
        request = urllib.request.Request(
            f"{base}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    return call


def main() -> None:
    outcome = sys.argv[1] if len(sys.argv) == 2 else ""
    if outcome not in ("failure", "success"):
        # A run that was cancelled or skipped says nothing about what it would have come to.
        print(f"{outcome or 'nothing'}: neither failure nor success, so no issue is touched")
        return
    lacking = [
        name for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "ISSUE_SUBJECT", "RUN_URL") if not os.environ.get(name)
    ]
    if lacking:
        sys.exit(f"not set in the environment: {', '.join(lacking)}")
    told = Told(os.environ["ISSUE_SUBJECT"], os.environ.get("ISSUE_CAUSE", ""), os.environ["RUN_URL"])
    call = caller(os.environ)
    try:
        for method, path, body in steps(outcome, told, open_issues(call)):
            made = call(method, path, body)
            print(f"{method} {path}: {made.get('html_url', '')}")
    except urllib.error.HTTPError as error:
        hint = ' Has the job "permissions: {issues: write}"?' if error.code in (403, 404) else ""
        sys.exit(f"GitHub answered {error.code} {error.reason} to {error.url}.{hint}")
    except urllib.error.URLError as error:
        sys.exit(f"GitHub cannot be reached: {error.reason}")


if __name__ == "__main__":
    main()
