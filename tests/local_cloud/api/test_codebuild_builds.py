# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds of CodeBuild: their phases, however they end, with commands that really run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import build_services
import pytest
from build_project import Project, context, phases
from golden_cloud.ports import Timings

build_services.register()

DONE = {
    "SUBMITTED": "SUCCEEDED",
    "QUEUED": "SUCCEEDED",
    "PROVISIONING": "SUCCEEDED",
    "DOWNLOAD_SOURCE": "SUCCEEDED",
    "INSTALL": "SUCCEEDED",
    "PRE_BUILD": "SUCCEEDED",
    "BUILD": "SUCCEEDED",
    "POST_BUILD": "SUCCEEDED",
    "UPLOAD_ARTIFACTS": "SUCCEEDED",
    "FINALIZING": "SUCCEEDED",
    "COMPLETED": "",
}

SESSION = """
version: 0.2
env:
  variables: {FROM_SPEC: spec, BOTH: spec}
  exported-variables: [AMI, BOTH, MISSING]
phases:
  install:
    commands: [mkdir sub && cd sub, export FIRST=one, plain=kept]
  pre_build:
    commands: ["echo dir=$(basename $(pwd)) first=$FIRST plain=$plain", exec 3>&1]
  build:
    commands:
      - |
        echo line one
        echo line two >&2
      - AMI=ami-1
      - echo "$FROM_SPEC $BOTH ok=$CODEBUILD_BUILD_SUCCEEDING"
      - printf unfinished
    finally:
      - echo "at last"
  post_build:
    commands:
      - echo "$CODEBUILD_BUILD_ID $CODEBUILD_BUILD_NUMBER $AWS_REGION $CODEBUILD_INITIATOR"
"""


@pytest.fixture
def project(cloud: Any) -> Project:
    return Project(cloud)


def test_commands_share_a_session_and_the_build_tells_all(project: Project) -> None:
    build = project.run(SESSION, environmentVariablesOverride=[{"name": "BOTH", "value": "call it 'mine'"}])
    assert phases(build) == DONE
    assert (build["buildStatus"], build["currentPhase"], build["buildNumber"]) == ("SUCCEEDED", "COMPLETED", 1)
    assert build["endTime"] >= build["startTime"]
    log = project.log(build["id"])
    for line in (
        "dir=sub first=one plain=kept",
        "line one",
        "line two",
        "spec call it 'mine' ok=1",
        "unfinished",
        "at last",
        f"{build['id']} 1 us-east-1 golden-local",
        "Running command AMI=ami-1",
        "Phase complete: BUILD State: SUCCEEDED",
    ):
        assert line in log
    assert build["exportedEnvironmentVariables"] == [
        {"name": "AMI", "value": "ami-1"},
        {"name": "BOTH", "value": "call it 'mine'"},
        {"name": "MISSING", "value": ""},
    ]
    assert build["logs"]["groupName"] == "/aws/codebuild/image"
    assert build["logs"]["streamName"] == build["id"].split(":")[1]
    assert project.cloud.builders.present == set()


def spec(**of_phases: str) -> str:
    body = "\n".join(f"  {name}: {text}" for name, text in of_phases.items())
    return f"version: 0.2\nphases:\n{body}\n"


FAILING = "{commands: ['echo before', 'sh -c \"exit 7\"', 'echo never']}"


@pytest.mark.parametrize(
    ("of_phases", "expected"),
    [
        ({"install": FAILING}, {"INSTALL": "FAILED", "PRE_BUILD": None, "UPLOAD_ARTIFACTS": "SUCCEEDED"}),
        ({"pre_build": FAILING}, {"PRE_BUILD": "FAILED", "BUILD": None, "POST_BUILD": None}),
        ({"build": FAILING}, {"BUILD": "FAILED", "POST_BUILD": "SUCCEEDED"}),
        ({"post_build": FAILING}, {"BUILD": "SUCCEEDED", "POST_BUILD": "FAILED", "FINALIZING": "SUCCEEDED"}),
        ({"build": FAILING.replace("{", "{on-failure: ABORT, ")}, {"BUILD": "FAILED", "POST_BUILD": None}),
        ({"install": FAILING.replace("{", "{on-failure: CONTINUE, ")}, {"INSTALL": "FAILED", "BUILD": "SUCCEEDED"}),
        ({"build": "{commands: ['true'], finally: ['exit 7']}"}, {"BUILD": "FAILED", "POST_BUILD": "SUCCEEDED"}),
    ],
)
def test_a_command_that_fails_decides_what_follows(
    project: Project, of_phases: dict[str, str], expected: dict[str, str | None]
) -> None:
    build = project.run(spec(**of_phases))
    assert build["buildStatus"] == "FAILED"
    got = phases(build)
    assert {kind: got.get(kind) for kind in expected} == expected
    failed = next(kind for kind, status in got.items() if status == "FAILED")
    code, message = context(build, failed)
    assert code == "COMMAND_EXECUTION_ERROR"
    assert message.startswith("Error while executing command: ") and message.endswith(". Reason: exit status 7")
    assert "never" not in project.log(build["id"])


def test_what_follows_a_failure_knows_of_it_and_finally_runs(project: Project) -> None:
    build = project.run(
        spec(
            build="{commands: [export KEPT=kept, exit 3], finally: ['echo finally $CODEBUILD_BUILD_SUCCEEDING $KEPT']}",
            post_build="{commands: ['echo post $CODEBUILD_BUILD_SUCCEEDING']}",
        )
    )
    assert {"finally 0 kept", "post 0"} <= set(project.log(build["id"]))


def test_a_phase_is_tried_again_as_often_as_it_says(project: Project) -> None:
    count = "{on-failure: RETRY-2, commands: ['echo x >> tries', 'test $(wc -l < tries) -ge 3']}"
    build = project.run(spec(build=count))
    assert build["buildStatus"] == "SUCCEEDED"
    assert [line for line in project.log(build["id"]) if line.startswith("Retrying")] == [
        "Retrying phase BUILD (1 of 2): Error while executing command: test $(wc -l < tries) -ge 3."
        " Reason: exit status 1",
        "Retrying phase BUILD (2 of 2): Error while executing command: test $(wc -l < tries) -ge 3."
        " Reason: exit status 1",
    ]


def test_version_0_1_has_a_shell_for_each_command(project: Project) -> None:
    build = project.run("version: 0.1\nphases: {build: {commands: [export A=1, cd /, 'echo \"a=$A $(pwd)\"']}}")
    assert "a= /" not in project.log(build["id"]) and build["buildStatus"] == "SUCCEEDED"
    assert any(line.startswith("a= ") for line in project.log(build["id"]))


def test_run_as_and_shell_reach_the_container(project: Project) -> None:
    build = project.run(
        "version: 0.2\nrun-as: one\nenv: {shell: bash}\nphases:\n"
        "  install: {commands: ['true']}\n"
        "  build: {run-as: two, commands: ['[[ x == x ]] && echo \"in bash\"']}"
    )
    assert "in bash" in project.log(build["id"])
    assert project.cloud.builders.users == ["one", "two"]


@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        ("version: 0.9\n", "invalid version '0.9'"),
        ("other.yml", "other.yml: no such file or directory"),
    ],
)
def test_a_buildspec_that_is_wrong_or_not_there(project: Project, buildspec: str, message: str) -> None:
    build = project.run(buildspec)
    code, text = context(build, "DOWNLOAD_SOURCE")
    assert code == "YAML_FILE_ERROR" and message in text
    assert list(phases(build)) == [*list(DONE)[:4], "FINALIZING", "COMPLETED"]
    assert build["buildStatus"] == "FAILED"


def test_a_container_that_cannot_be_had(project: Project) -> None:
    project.cloud.builders.failures["start"] = "there is no image docker.io/library/x here"
    build = project.run()
    assert context(build, "PROVISIONING") == (
        "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
        "there is no image docker.io/library/x here",
    )
    assert list(phases(build)) == [*list(DONE)[:3], "COMPLETED"]


def test_stop_ends_a_build_at_once(project: Project) -> None:
    identifier = project.start(
        spec(build="{commands: ['echo begun; sleep 60']}", post_build="{commands: [echo after]}")
    )
    project.wait_for_line(identifier, "begun")
    stopped = project.api.stop_build(id=identifier)["build"]
    assert (stopped["buildStatus"], stopped["buildComplete"]) == ("STOPPED", True)
    build = project.ended(identifier)
    assert phases(build)["BUILD"] == "STOPPED" and "POST_BUILD" not in phases(build)
    assert project.cloud.builders.present == set()
    assert project.api.stop_build(id=identifier)["build"]["buildStatus"] == "STOPPED"


def test_a_build_whose_time_is_up(cloud_with: Callable[..., Any]) -> None:
    project = Project(cloud_with(Timings(save_delay=0.05, build_minute=0.1)))
    build = project.run(spec(build="{commands: [sleep 60]}"), timeoutInMinutesOverride=5)
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("TIMED_OUT", "TIMED_OUT")
    assert context(build, "BUILD") == ("BUILD_TIMED_OUT", "Build has timed out. ")
    assert build["timeoutInMinutes"] == 5


def test_the_end_of_the_cloud_ends_a_build_and_a_restart_tells(project: Project) -> None:
    before = project.run(SESSION)
    identifier = project.start(spec(build="{commands: ['echo begun; sleep 60']}"))
    project.wait_for_line(identifier, "begun")
    project.cloud.restart()
    again = Project.__new__(Project)
    again.cloud, again.api = project.cloud, project.cloud.client("codebuild")
    build = again.get(identifier)
    assert (build["buildStatus"], build["buildComplete"]) == ("STOPPED", True)
    assert context(build, "BUILD") == ("INTERNAL_SERVICE_ERROR", "The local cloud is ending.")
    assert again.get(before["id"]) == before
    assert "begun" in again.log(identifier)
    assert again.run()["buildNumber"] == 3


def test_a_build_that_was_under_way_when_the_cloud_died_has_failed(project: Project) -> None:
    identifier = project.start(spec(build="{commands: ['echo begun; sleep 60']}"))
    project.wait_for_line(identifier, "begun")
    project.cloud.app.save()
    died = (project.cloud.directory / "api-state.pickle").read_bytes()
    project.cloud.stop()
    (project.cloud.directory / "api-state.pickle").write_bytes(died)
    key = "build-" + identifier.split(":")[1]
    project.cloud.builders.present.add(key)
    project.cloud.start()
    project.cloud.settle()
    again = Project.__new__(Project)
    again.cloud, again.api = project.cloud, project.cloud.client("codebuild")
    build = again.get(identifier)
    assert build["buildStatus"] == "FAILED"
    assert context(build, "BUILD")[1] == "The local cloud ended while the build was running."
    assert project.cloud.builders.present == set()


def test_a_build_again_is_the_same_once_more(project: Project, refused: Any) -> None:
    first = project.run(
        spec(build="{commands: ['echo got $WHAT']}"), environmentVariablesOverride=[{"name": "WHAT", "value": "this"}]
    )
    started = project.api.retry_build(id=first["id"], idempotencyToken="once")["build"]
    assert started["id"] != first["id"] and started["buildNumber"] == 2
    assert project.api.retry_build(id=first["id"], idempotencyToken="once")["build"]["id"] == started["id"]
    assert "got this" in project.log(project.ended(started["id"])["id"])
    with refused("ResourceNotFoundException"):
        project.api.retry_build(id="image:00000000-0000-0000-0000-000000000000")


def test_a_token_starts_one_build(project: Project, refused: Any) -> None:
    assert project.start(idempotencyToken="t") == project.start(idempotencyToken="t")
    with refused("InvalidInputException", "idempotency token"):
        project.start(idempotencyToken="t", sourceVersion="other")
    project.cloud.settle()
    assert len(project.api.list_builds()["ids"]) == 1


def test_no_more_builds_at_once_than_the_limit(cloud: Any, refused: Any) -> None:
    project = Project(cloud, concurrentBuildLimit=1)
    identifier = project.start(spec(build="{commands: [sleep 60]}"))
    with refused("AccountLimitExceededException", "more than 1"):
        project.start()
    project.api.stop_build(id=identifier)
    assert project.run()["buildStatus"] == "SUCCEEDED"


def test_builds_are_listed_and_deleted(project: Project, refused: Any) -> None:
    ids = [project.run()["id"] for _unused in range(2)]
    running = project.start(spec(build="{commands: [sleep 60]}"))
    assert project.api.list_builds_for_project(projectName="image")["ids"] == [running, ids[1], ids[0]]
    assert project.api.list_builds(sortOrder="ASCENDING")["ids"] == [*ids, running]
    told = project.api.batch_delete_builds(ids=[ids[0], running, "image:no"])
    assert [arn.rsplit("/", 1)[1] for arn in told["buildsDeleted"]] == [ids[0]]
    assert {(one["id"], one["statusCode"]) for one in told["buildsNotDeleted"]} == {
        (running, "BUILD_IN_PROGRESS"),
        ("image:no", "BUILD_NOT_FOUND"),
    }
    project.api.stop_build(id=running)
    assert project.api.batch_get_builds(ids=[ids[0], ids[1]])["buildsNotFound"] == [ids[0]]
    with refused("ResourceNotFoundException"):
        project.api.list_builds_for_project(projectName="other")
