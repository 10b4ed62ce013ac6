# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The phases of a buildspec by hand: one shell for all commands, CodeBuild's rules for failures, strict reading."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(CHECKOUT / "roles" / "buildspec" / "files"))

from golden_buildspec.__main__ import main
from golden_buildspec.spec import PHASES, SpecError, parse_spec, read_spec


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> t.Callable[..., tuple[int, list[str]]]:
    """Runs a buildspec of these phases: its exit status, and the lines that its commands printed."""

    def go(env: dict[str, t.Any] | None = None, **phases: t.Any) -> tuple[int, list[str]]:
        file = tmp_path / "buildspec.yml"
        file.write_text(yaml.safe_dump({"version": 0.2, "env": env or {}, "phases": phases}))
        status = main([str(file)])
        lines = capfd.readouterr().out.splitlines()
        return status, [line for line in lines if not line.startswith("[buildspec]")]

    return go


def test_all_commands_share_one_shell(run: t.Any, tmp_path: Path) -> None:
    status, said = run(
        install={"commands": ["word=one; export OTHER=two; cd sub 2>/dev/null || mkdir sub && cd sub"]},
        build={"commands": ['echo "$word $OTHER"; pwd', "greet() { echo hello; }", "greet"]},
    )
    assert (status, said) == (0, ["one two", str(tmp_path / "sub"), "hello"])


def test_a_failed_command_ends_its_phase_but_not_what_comes_finally(run: t.Any) -> None:
    status, said = run(
        install={"commands": ["false", "echo never"], "finally": ["echo $CODEBUILD_BUILD_SUCCEEDING", "echo last"]},
        build={"commands": ["echo never"]},
    )
    assert (status, said) == (1, ["0", "last"])


@pytest.mark.parametrize(
    ("phase", "rule", "goes_on"),
    [
        ("install", None, False),
        ("pre_build", None, False),
        ("build", None, True),
        ("build", "ABORT", False),
        ("pre_build", "CONTINUE", True),
        ("post_build", "CONTINUE", False),
    ],
)
def test_what_comes_after_a_phase_that_failed(run: t.Any, phase: str, rule: str | None, goes_on: bool) -> None:
    following = PHASES[(PHASES.index(phase) + 1) % 4]
    failing = {"commands": ["false"], **({"on-failure": rule} if rule else {})}
    status, said = run(**{phase: failing, following: {"commands": ["echo on $CODEBUILD_BUILD_SUCCEEDING"]}})
    # Whatever runs after it, the build has failed. What comes before it has run already.
    before = ["on 1"] if following == "install" else []
    assert (status, said) == (1, ["on 0"] if goes_on else before)


def test_a_command_that_leaves_the_shell_or_kills_it(run: t.Any) -> None:
    assert run(build={"commands": ["exit 3", "echo never"], "finally": ["echo last"]}) == (1, ["last"])
    assert run(build={"commands": ["exit 0", "echo on"]}) == (0, ["on"])
    assert run(build={"commands": ["kill -KILL $$", "echo never"], "finally": ["echo last"]}) == (1, ["last"])


def test_a_failure_of_what_comes_finally_is_one(run: t.Any) -> None:
    assert run(build={"commands": ["true"], "finally": ["false", "echo both"]}) == (1, ["both"])


def test_variables_and_exports(run: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIVEN", "by the caller")
    env = {"variables": {"GIVEN": "no", "OWN": True}, "exported-variables": ["MADE", "NEVER"]}
    status, said = run(env, build={"commands": ['MADE="$GIVEN $OWN"']})
    assert (status, said) == (0, ["MADE=by the caller true", "NEVER="])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "expected keys with values"),
        ({"version": 0.1, "phases": {}}, "version: expected 0.2"),
        ({"version": 0.2}, "phases: expected keys"),
        ({"version": 0.2, "phases": {"deploy": {}}}, "there is no deploy"),
        ({"version": 0.2, "phases": {"build": {"commands": "make"}}}, "phases.build.commands: expected a list"),
        ({"version": 0.2, "phases": {"build": {"commands": [], "run-as": "x"}}}, "there is no run-as"),
        ({"version": 0.2, "phases": {"build": {"commands": [], "on-failure": "RETRY"}}}, "on-failure: by hand"),
        ({"version": 0.2, "env": {"parameter-store": {}}, "phases": {}}, "there is no parameter-store"),
        ({"version": 0.2, "env": {"shell": "zsh"}, "phases": {}}, "expected sh or bash"),
    ],
)
def test_what_cannot_be_run_by_hand_is_refused(content: t.Any, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        parse_spec(content)


def test_a_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.yml")]) == 2
    (tmp_path / "broken.yml").write_text("phases: [")
    assert main([str(tmp_path / "broken.yml")]) == 2
    assert "broken.yml: this is not YAML" in capsys.readouterr().err


def test_our_own() -> None:
    """Each phase is one call that a test or a person can make as well, and its failure is reported."""
    spec = read_spec(CHECKOUT / "buildspec.yml")
    assert [phase.name for phase in spec.phases] == list(PHASES)
    for phase in spec.phases:
        assert f"./taskw buildspec:{phase.name}" in phase.commands
        assert phase.on_failure == "ABORT"
        assert any("./taskw buildspec:finally" in command for command in phase.last)
