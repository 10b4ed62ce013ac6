# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs the steps of workflows keeps to GitHub's rules, and refuses what it does not know."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest
from harness.workflow_steps import Ran, Unknown, run_job


def run(argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
    made = subprocess.run(argv, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return made.returncode, made.stdout + made.stderr


def job(directory: Path, steps: str, **contexts: str) -> Ran:
    workflow = directory / "workflow.yml"
    outputs = "    outputs:\n      told: ${{ steps.tell.outputs.words }}\n"
    workflow.write_text(f"jobs:\n  one:\n{outputs}    steps:\n{textwrap.indent(textwrap.dedent(steps), '      ')}")
    return run_job(workflow, "one", contexts, run)


def test_steps_in_order_with_outputs_and_contexts(tmp_path: Path) -> None:
    ran = job(
        tmp_path,
        """\
        - uses: actions/checkout@0000
        - id: tell
          run: |
            { echo 'words<<END'; echo "$WHO"; echo two; echo END; } >>"$GITHUB_OUTPUT"
          env: {WHO: "${{ github.actor }}"}
        - run: echo "<$WORDS>"
          env: {WORDS: "${{ steps.tell.outputs.words }}"}
        """,
        **{"github.actor": "jo"},
    )
    assert ran.outcome == "success"
    assert ran.outputs == {"told": "jo\ntwo"}
    assert "<jo\ntwo>" in ran.log


def test_after_a_failure_only_what_says_so(tmp_path: Path) -> None:
    ran = job(
        tmp_path,
        """\
        - {name: piped, run: "false | cat", shell: bash}
        - {name: next, run: "true"}
        - {name: cause, if: failure(), run: "true"}
        - {name: clean, if: always(), run: "true"}
        """,
    )
    assert ran.outcome == "failure"
    assert ran.steps == {"piped": "failure", "next": "skipped", "cause": "success", "clean": "success"}


def test_without_a_shell_named_a_pipe_hides_what_fails(tmp_path: Path) -> None:
    """As on GitHub."""
    assert job(tmp_path, '- {run: "false | cat"}\n').outcome == "success"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("- uses: acme/action@0000\n", "action acme/action@0000"),
        ('- {run: "true", continue-on-error: true}\n', "continue-on-error"),
        ('- {run: "true", env: {A: "${{ github.token }}"}}\n', "github.token"),
        ('- {run: "true", if: "github.ref == 1"}\n', "github.ref == 1"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path: Path, steps: str, said: str) -> None:
    with pytest.raises(Unknown, match=said):
        job(tmp_path, steps)
