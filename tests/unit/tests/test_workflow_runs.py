# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs workflows keeps to GitHub's rules for expressions, jobs, called workflows and permissions."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.workflow_expressions import Unknown, evaluate, substituted
from harness.workflow_runs import Runner, Whole, run_workflow

CONTEXTS = {"github.token": "secret", "inputs.yes": True, "inputs.no": False, "needs.a.result": "failure"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.token", "secret"),
        ("'it''s'", "it's"),
        ("vars.NOT_SET || 'aws'", "aws"),
        ("vars.NOT_SET", ""),
        ("needs.a.outputs.cause", ""),
        ("inputs.yes && 'this' || 'that'", "this"),
        ("inputs.no && 'this' || 'that'", "that"),
        ("needs.a.result != 'success' && needs.a.result || 'other'", "failure"),
        ("!(inputs.yes && inputs.no)", True),
        ("needs.a.result == 'FAILURE'", True),
        ("failure() || inputs.no", True),
        ("always()", True),
        ("success()", False),
    ],
)
def test_what_an_expression_comes_to(expression: str, value: str | bool) -> None:
    assert evaluate(expression, CONTEXTS, "failure") == value


@pytest.mark.parametrize(
    "expression", ["github.nothing", "1", "a b", "(inputs.yes", "inputs.yes ==", "contains('a', 'b')", "&& 'a'", ""]
)
def test_what_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(Unknown):
        evaluate(expression, CONTEXTS)


def test_values_in_a_text() -> None:
    assert substituted("a ${{ inputs.yes }} b ${{github.token}}", CONTEXTS) == "a true b secret"


BELOW = """\
"on":
  workflow_call:
    inputs:
      flag: {type: boolean, default: false}
      words: {type: string, required: true}
    outputs:
      said: {value: "${{ jobs.it.outputs.said }}"}
permissions: {contents: read}
jobs:
  it:
    outputs: {said: "${{ steps.say.outputs.said }}"}
    steps:
      - {id: say, run: "x", env: {WORDS: "${{ inputs.words }}", FLAG: "${{ inputs.flag }}"}}
"""
ABOVE = """\
"on": {push: {}}
permissions: {contents: read}
jobs:
  last:
    needs: [first]
    if: always()
    steps:
      - {run: "last", env: {RESULT: "${{ needs.first.result }}", SAID: "${{ needs.first.outputs.said }}"}}
  skipped:
    needs: first
    if: failure()
    steps:
      - {run: "never"}
  first:
    uses: ./.github/workflows/below.yml
    with: {words: "some ${{ vars.WORD }}", flag: true}
"""


def run(directory: Path, above: str = ABOVE, below: str = BELOW, code: int = 0) -> tuple[Whole, list[dict[str, str]]]:
    workflows = directory / ".github" / "workflows"
    workflows.mkdir(parents=True, exist_ok=True)
    (workflows / "above.yml").write_text(above)
    (workflows / "below.yml").write_text(below)
    seen: list[dict[str, str]] = []

    def step(_argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
        with Path(environment["GITHUB_OUTPUT"]).open("a") as output:
            output.write("said=hello\n")
        seen.append({key: value for key, value in environment.items() if key not in ("GITHUB_OUTPUT", "GITHUB_ENV")})
        return code, "log\n"

    runner = Runner(step, lambda rights: " ".join(f"{right}:{level}" for right, level in rights.items()))
    return run_workflow(workflows / "above.yml", {"vars.WORD": "words"}, runner), seen


def test_jobs_by_what_they_need_and_called_workflows_with_inputs_and_outputs(tmp_path: Path) -> None:
    whole, seen = run(tmp_path)
    assert seen == [{"WORDS": "some words", "FLAG": "true"}, {"RESULT": "success", "SAID": "hello"}]
    assert list(whole.jobs) == ["first", "first/it", "last", "skipped"]
    assert (whole.jobs["skipped"].outcome, whole.jobs["last"].outcome) == ("skipped", "success")
    assert whole.commands == ["x", "last"]


def test_after_a_failure_only_what_says_so(tmp_path: Path) -> None:
    whole, seen = run(tmp_path, code=1)
    assert [one.get("RESULT") for one in seen] == [None, "failure", None]
    assert whole.outcome == "failure"
    assert whole.jobs["skipped"].outcome == "failure"


def test_a_called_workflow_gets_no_more_than_its_caller_has(tmp_path: Path) -> None:
    more = BELOW.replace("contents: read", "issues: write")
    with pytest.raises(Unknown, match="below.yml: it asks for issues: write, and its caller has none"):
        run(tmp_path, below=more)
    granted = ABOVE.replace("  first:\n", "  first:\n    permissions: {issues: write}\n")
    token = more.replace("${{ inputs.words }}", "${{ github.token }}")
    assert run(tmp_path, granted, token)[1][0]["WORDS"] == "issues:write"


def test_oidc_only_with_its_permission(tmp_path: Path) -> None:
    granted = ABOVE.replace("contents: read", "id-token: write")
    _whole, seen = run(tmp_path, granted, BELOW.replace("contents: read", "id-token: write"))
    assert all("ACTIONS_ID_TOKEN_REQUEST_URL" in one for one in seen)
    assert not any("ACTIONS_ID_TOKEN_REQUEST_URL" in one for one in run(tmp_path)[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("words: ", "word: "), "below.yml has no inputs word"),
        (('words: "some ${{ vars.WORD }}", ', ""), "below.yml needs the input words"),
        (("flag: true", "flag: 'true'"), "input flag is of type boolean"),
        (("./.github/workflows/below.yml", "acme/x/.github/workflows/x.yml@v1"), "workflow acme/x"),
        (("needs: [first]", "needs: [last]"), "jobs that wait for each other: last"),
        (("  last:\n", "  last:\n    strategy: {}\n"), "strategy in a job"),
        (("permissions: {contents: read}", "permissions: write-all"), "permissions 'write-all'"),
    ],
)
def test_what_github_or_this_refuses(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(Unknown, match=said):
        run(tmp_path, ABOVE.replace(*change))
