# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codebuild_build by its own main(), on a CodeBuild in memory."""

from __future__ import annotations

import json
import os
import re
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline import codebuild_build_run, codebuild_follow
from ansible_collections.golden.ami.plugins.modules import codebuild_build
from harness.aws_world import result_of
from harness.codebuild_world import GROUP, ID, STREAM, World, build, install, phase, told

Run = t.Callable[..., dict[str, t.Any]]
SECRET = "hunter2-and-more"
QUEUED = build(phases=[], currentPhase="QUEUED", logs={})
DONE = [phase("SUBMITTED"), phase("INSTALL"), phase("BUILD", seconds=60)]
WHY = "Error while executing command: packer build. Reason: exit status 2"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    # Time passes where the module sleeps.
    now = [0.0]
    defaults = codebuild_follow.World.__init__.__defaults__
    assert defaults
    monkeypatch.setattr(
        codebuild_follow.World.__init__,
        "__defaults__",
        (lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds)),
    )
    made = install(monkeypatch)
    made.projects["web"] = {
        "name": "web",
        "source": {"type": "NO_SOURCE"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {},
    }
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda **given: result_of(codebuild_build.main, capsys, **given)


def test_a_build_is_followed_to_its_end(world: World, run: Run, tmp_path: Path) -> None:
    exported = [{"name": "AMI_ID", "value": "ami-1"}, {"name": "API_TOKEN", "value": SECRET}]
    world.builds = [
        QUEUED,
        build("IN_PROGRESS", phase("SUBMITTED"), phase("BUILD", None)),
        build("SUCCEEDED", *DONE, exportedEnvironmentVariables=exported, resolvedSourceVersion="c0ffee"),
    ]
    world.pages = [["[Container] one"], ["two\nthree", "four"]]
    log = tmp_path / "logs" / "build.log"
    result = run(project="web", log_path=str(log))
    assert result["changed"]
    made = result["build"]
    assert (made["id"], made["number"], made["status"], made["exit_status"]) == (ID, 7, "SUCCEEDED", 0)
    assert made["seconds"] == 90
    assert made["failed_phase"] is None
    assert made["phases"][-1] == {"name": "BUILD", "status": "SUCCEEDED", "seconds": 60, "message": None}
    assert made["log"] == {"group": GROUP, "stream": STREAM, "url": f"https://console/{STREAM}", "s3_url": None}
    assert made["last_lines"] == ["[Container] one", "two", "three", "four"]
    assert made["exported_variables"]["AMI_ID"] == "ami-1"
    assert SECRET not in json.dumps(result)
    assert result["actions"] == [{"action": "start", "project": "web", "build_id": ID, "reason": "as the project says"}]
    shown = [re.sub(r"^[\d:]{8} (==> golden.ami: \[\d+:\d\d\] )?", "", line) for line in log.read_text().splitlines()]
    assert shown == [
        f"{ID} is started",
        "SUBMITTED: succeeded (3 s)",
        "BUILD: begins",
        "[Container] one",
        "two",
        "three",
        "four",
        "INSTALL: succeeded (3 s)",
        "BUILD: succeeded (60 s)",
    ]
    assert log.stat().st_mode & 0o777 == 0o600


def test_each_start_has_a_token_of_its_own_or_the_given_one(world: World, run: Run) -> None:
    world.builds = [build("SUCCEEDED", *DONE)]
    for given in ({}, {}, {"idempotency_token": "mine"}):
        run(project="web", **given)
    tokens = [request["idempotencyToken"] for request in world.requests("StartBuild")]
    assert len(set(tokens)) == 3
    assert tokens[2] == "mine"


def test_overrides(world: World, run: Run, tmp_path: Path) -> None:
    world.builds = [build("SUCCEEDED", *DONE)]
    world.pages = [[f"the password is {SECRET}"]]
    (tmp_path / "spec.yml").write_text("version: 0.2")
    overrides = {
        "source_version": "v1",
        "source_type": "S3",
        "source_location": "bucket/source.zip",
        "secondary_source_versions": [{"source_identifier": "one", "source_version": "v2"}],
        "secondary_sources": [{"source_identifier": "one", "type": "CODECOMMIT", "location": "https://git/one"}],
        "buildspec_file": str(tmp_path / "spec.yml"),
        "image": "registry/toolkit:2",
        "environment_type": "LINUX_CONTAINER",
        "compute_type": "BUILD_GENERAL1_LARGE",
        "privileged_mode": False,
        "environment_variables": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "SIZE", "value": "8"}],
        "artifacts": {"type": "NO_ARTIFACTS"},
        "cache": {"type": "NO_CACHE"},
        "logs_config": {"cloud_watch_logs": {"status": "ENABLED", "group_name": "/golden"}},
        "timeout_in_minutes": 10,
        "git_clone_depth": 1,
    }
    result = run(project="web", overrides=overrides)
    (request,) = world.requests("StartBuild")
    del request["idempotencyToken"]
    assert request == {
        "projectName": "web",
        "sourceVersion": "v1",
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": "bucket/source.zip",
        "secondarySourcesVersionOverride": [{"sourceIdentifier": "one", "sourceVersion": "v2"}],
        "secondarySourcesOverride": [{"sourceIdentifier": "one", "type": "CODECOMMIT", "location": "https://git/one"}],
        "buildspecOverride": "version: 0.2",
        "imageOverride": "registry/toolkit:2",
        "environmentTypeOverride": "LINUX_CONTAINER",
        "computeTypeOverride": "BUILD_GENERAL1_LARGE",
        "privilegedModeOverride": False,
        "environmentVariablesOverride": [
            {"name": "DB_PASSWORD", "value": SECRET, "type": "PLAINTEXT"},
            {"name": "SIZE", "value": "8", "type": "PLAINTEXT"},
        ],
        "artifactsOverride": {"type": "NO_ARTIFACTS"},
        "cacheOverride": {"type": "NO_CACHE"},
        "logsConfigOverride": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "/golden"}},
        "timeoutInMinutesOverride": 10,
        "gitCloneDepthOverride": 1,
    }
    assert result["actions"][0]["reason"].startswith("with another artifacts, buildspec_file, cache, compute_type")
    assert result["build"]["last_lines"] == ["the password is ********"]
    assert SECRET not in json.dumps(result)


def test_every_override_is_one_of_startbuild(world: World, run: Run) -> None:
    """The stub validates requests with botocore's model, which refuses a member that it does not know."""
    from ansible_collections.golden.ami.plugins.module_utils._pipeline import codebuild_build_options  # noqa: PLC0415

    examples: dict[str, t.Any] = {"str": "x", "int": 5, "bool": True}
    filled = {
        "source_auth": {"type": "OAUTH"},
        "git_submodules_config": {"fetch_submodules": True},
        "build_status_config": {"context": "x"},
        "fleet": {"fleet_arn": "x"},
        "registry_credential": {"credential": "x"},
        "secondary_artifacts": [{"artifact_identifier": "a", "type": "NO_ARTIFACTS"}],
    }
    spec = codebuild_build_options.OVERRIDES
    given = {
        name: filled.get(name) or (one["choices"][0] if "choices" in one else examples.get(one["type"]))
        for name, one in spec.items()
    }
    given = {name: value for name, value in given.items() if value is not None}
    assert len(given) > len(spec) - 8
    assert run(project="web", wait=False, overrides=given)["changed"]


@pytest.mark.parametrize(
    ("status", "words"),
    [("FAILED", "failed"), ("TIMED_OUT", "timed out"), ("FAULT", "failed by a fault"), ("STOPPED", "was stopped")],
)
def test_a_build_that_does_not_succeed_fails_the_task(world: World, run: Run, status: str, words: str) -> None:
    failed = [phase("INSTALL"), phase("BUILD", status, WHY), phase("POST_BUILD", "FAILED", "later")]
    world.builds = [build(status, *failed)]
    world.pages = [[f"line {number}" for number in range(40)]]
    result = run(project="web")
    assert result["failed"]
    assert f"The build {ID} {words}" in result["msg"]
    assert f"in phase BUILD: {WHY}" in result["msg"]
    assert result["msg"].splitlines()[-30:] == [f"line {number}" for number in range(10, 40)]
    assert result["build"]["failed_phase"]["name"] == "BUILD"
    assert result["build"]["exit_status"] == 2
    assert len(result["build"]["last_lines"]) == 30
    assert result["changed"]


def test_without_waiting_it_is_started_and_that_is_all(world: World, run: Run) -> None:
    result = run(project="web", wait=False)
    assert (result["build"]["id"], result["build"]["status"]) == (ID, "IN_PROGRESS")
    assert world.operations() == ["StartBuild"]


def test_check_mode_starts_nothing(world: World, run: Run) -> None:
    overrides = {"image": "registry/toolkit:2"}
    world.projects["web"] |= {"environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "c"}}
    told(world.projects["web"])
    result = run(project="web", overrides=overrides, _ansible_check_mode=True)
    assert (result["changed"], result["build"]) == (True, None)
    assert result["actions"][0]["reason"] == "with another image than the project has"
    assert world.operations() == ["BatchGetProjects"]
    assert "There is no CodeBuild project no in eu-west-1" in run(project="no", _ansible_check_mode=True)["msg"]


def test_when_the_time_is_over_the_build_runs_on(world: World, run: Run) -> None:
    world.builds = [build("IN_PROGRESS", phase("INSTALL"))]
    result = run(project="web", wait_timeout=60)
    assert (
        f"The build {ID} is not over after the wait_timeout of 60 s: it is in phase BUILD, and runs on" in result["msg"]
    )
    assert result["build"]["status"] == "IN_PROGRESS"
    assert "StopBuild" not in world.operations()
    # Ever less often.
    assert 10 < world.operations().count("BatchGetBuilds") < 25


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_task_stops_its_build(world: World, run: Run, number: signal.Signals) -> None:
    world.builds = [build("IN_PROGRESS", phase("INSTALL"))]
    world.on_call = lambda operation: os.kill(os.getpid(), number) if operation == "BatchGetBuilds" else None
    result = run(project="web")
    assert f"The module got {number.name}. The build {ID} was stopped." in result["msg"]
    assert world.writes() == ["StartBuild", "StopBuild"]
    assert result["build"]["status"] == "STOPPED"


def test_a_signal_while_it_is_started_stops_it_too(world: World, run: Run) -> None:
    world.builds = [build("IN_PROGRESS")]
    world.on_call = lambda operation: os.kill(os.getpid(), signal.SIGTERM) if operation == "StartBuild" else None
    assert f"The build {ID} was stopped" in run(project="web")["msg"]


def test_a_build_that_cannot_be_stopped_is_told(world: World, run: Run) -> None:
    world.builds = [build("IN_PROGRESS")]
    world.deny["StopBuild"] = "AccessDeniedException"
    world.on_call = lambda operation: os.kill(os.getpid(), signal.SIGTERM) if operation == "BatchGetBuilds" else None
    said = run(project="web")["msg"]
    assert f"The build {ID} could not be stopped, and runs on" in said
    assert "AccessDeniedException" in said


def test_when_ansible_is_gone_the_build_is_stopped(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    world.builds = [build("IN_PROGRESS")]
    lost = [None, type("Gone", (), {"pid": 4711})()]
    monkeypatch.setattr(
        codebuild_build_run.AncestorWatch, "lost", lambda _self: lost.pop(0) if len(lost) > 1 else lost[0]
    )
    assert "The process 4711 that waited for the result is gone. The build" in run(project="web")["msg"]
    assert world.writes() == ["StartBuild", "StopBuild"]


def test_what_cannot_be_followed_is_told_with_its_id(world: World, run: Run) -> None:
    world.deny["BatchGetBuilds"] = "AccessDeniedException"
    result = run(project="web")
    assert f"The build {ID} is started and runs on, but cannot be followed" in result["msg"]
    assert result["build"]["id"] == ID


def test_a_log_that_is_not_there_yet_or_not_ours_does_no_harm(world: World, run: Run) -> None:
    world.builds = [build(), build(), build("SUCCEEDED", *DONE)]
    world.pages = [["one"]]
    world.deny["GetLogEvents"] = ["ResourceNotFoundException"]
    assert run(project="web")["build"]["last_lines"] == ["one"]
    world.builds = [build(), build("SUCCEEDED", *DONE)]
    world.deny["GetLogEvents"] = "AccessDeniedException"
    world.calls.clear()
    result = run(project="web")
    assert result["build"]["status"] == "SUCCEEDED"
    assert "The lines of the log cannot be shown" in str(result["warnings"])
    assert world.operations().count("GetLogEvents") == 1


def test_without_cloudwatch_logs_none_are_asked_for(world: World, run: Run) -> None:
    logs = {"groupName": GROUP, "streamName": STREAM, "cloudWatchLogs": {"status": "DISABLED"}}
    world.builds = [build("SUCCEEDED", *DONE, logs=logs)]
    assert run(project="web")["build"]["last_lines"] == []
    assert "GetLogEvents" not in world.operations()


def test_stopped_and_stopped_again(world: World, run: Run) -> None:
    world.builds = [build("IN_PROGRESS")]
    check = run(state="stopped", build_id=ID, _ansible_check_mode=True)
    assert (check["changed"], world.writes()) == (True, [])
    apply = run(state="stopped", build_id=ID)
    assert check["actions"] == apply["actions"]
    assert apply["build"]["status"] == "STOPPED"
    again = run(state="stopped", build_id=ID)
    assert (again["changed"], again["actions"]) == (False, [])
    assert world.writes() == ["StopBuild"]


def test_retried(world: World, run: Run) -> None:
    world.builds = [build("IN_PROGRESS")]
    assert f"The build {ID} is still running" in run(state="retried", build_id=ID)["msg"]
    world.builds = [build("FAILED"), build("SUCCEEDED", *DONE)]
    result = run(state="retried", build_id=ID)
    assert result["actions"][0]["reason"] == f"{ID} has ended: FAILED"
    assert world.writes() == ["RetryBuild"]
    assert world.requests("RetryBuild")[0]["idempotencyToken"]
    world.builds = [build("FAILED")]
    assert run(state="retried", build_id=ID, _ansible_check_mode=True)["build"] is None


def test_a_build_of_somebody_else_is_waited_for_and_left_alone(world: World, run: Run) -> None:
    world.builds = [build(), build(), build("SUCCEEDED", *DONE)]
    result = run(state="finished", build_id=ID)
    assert (result["changed"], result["build"]["status"]) == (False, "SUCCEEDED")
    world.builds = [build("FAILED", phase("BUILD", "FAILED", WHY))]
    assert WHY in run(state="finished", build_id=ID)["msg"]
    world.builds = [build("IN_PROGRESS")]
    world.on_call = lambda operation: os.kill(os.getpid(), signal.SIGTERM) if operation == "GetLogEvents" else None
    assert f"The build {ID} runs on: this task did not start it" in run(state="finished", build_id=ID)["msg"]
    assert world.writes() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "state is started but all of the following are missing: project"),
        ({"state": "stopped"}, "state is stopped but all of the following are missing: build_id"),
        ({"project": "web", "build_id": ID}, "parameters are mutually exclusive: project|build_id"),
        ({"project": "-"}, "project: - is no name of a CodeBuild project"),
        ({"state": "stopped", "build_id": "web"}, "build_id: web is no id of a build, which is PROJECT:UUID"),
        ({"project": "web", "wait_timeout": 0}, "wait_timeout: 0 is out of range"),
        ({"state": "retried", "build_id": ID, "overrides": {"image": "x"}}, "overrides: they go with state started"),
        ({"state": "finished", "build_id": ID, "wait": False}, "wait: with state finished the module waits"),
        ({"state": "stopped", "build_id": ID, "idempotency_token": "x"}, "idempotency_token: it goes with state"),
        ({"project": "web", "overrides": {"timeout_in_minutes": 1}}, "overrides.timeout_in_minutes: 1 is out of range"),
        (
            {"project": "web", "overrides": {"environment_variables": [{"name": "A", "value": "1"}] * 2}},
            "overrides.environment_variables: A is there 2 times",
        ),
        ({"project": "web", "overrides": {"cache": {"type": "S3"}}}, "overrides.cache.location: none does not go"),
        ({"project": "web", "overrides": {"artifacts": {"type": "S3"}}}, "overrides.artifacts.location: it is missing"),
        ({"project": "web", "overrides": {"buildspec": "x", "buildspec_file": "/x"}}, "it is either of them"),
        ({"project": "web", "overrides": {"buildspec_file": "/nowhere"}}, "/nowhere cannot be read"),
        ({"project": "web", "log_path": "/proc/nowhere/log"}, "log_path: /proc/nowhere/log cannot be written"),
    ],
)
def test_refused_before_any_call(world: World, run: Run, given: dict[str, t.Any], said: str) -> None:
    result = run(**given)
    assert result["failed"]
    assert said in result["msg"], result["msg"]
    assert world.calls == []


def test_what_is_not_there(world: World, run: Run) -> None:
    world.deny["StartBuild"] = "ResourceNotFoundException"
    assert "Failed to start a build of the CodeBuild project web" in run(project="web")["msg"]
    other = ID.replace("web", "other")
    assert f"There is no build {other} in eu-west-1" in run(state="stopped", build_id=other)["msg"]
