# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codebuild_project by its own main(), on a CodeBuild in memory."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.modules import codebuild_project
from botocore.model import StructureShape
from harness.aws_world import result_of
from harness.codebuild_world import ACCOUNT, REGION, ROLE, World, error, install

Run = t.Callable[..., dict[str, t.Any]]
SECRET = "hunter2-and-more"
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "compute_type": "BUILD_GENERAL1_SMALL"}
PROJECT: dict[str, t.Any] = {
    "name": "web",
    "service_role": ROLE,
    "source": {"type": "CODECOMMIT", "location": "https://git/images"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": ENVIRONMENT,
}
EVERYTHING: dict[str, t.Any] = {
    "name": "web",
    "description": "All that there is",
    "service_role": "codebuild-web",
    "source": {
        "type": "GITHUB",
        "location": "https://github/x/y",
        "git_clone_depth": 1,
        "git_submodules_config": {"fetch_submodules": True},
        "buildspec": "version: 0.2\n",
        "auth": {"type": "CODECONNECTIONS", "resource": "arn:aws:codeconnections:eu-west-1:111111111111:connection/1"},
        "insecure_ssl": True,
        "report_build_status": True,
        "build_status_config": {"context": "golden", "target_url": "https://here"},
    },
    "secondary_sources": [
        {"source_identifier": "two", "type": "S3", "location": "bucket/two.zip"},
        {"source_identifier": "one", "type": "CODECOMMIT", "location": "https://git/one"},
    ],
    "source_version": "refs/heads/main",
    "secondary_source_versions": [{"source_identifier": "one", "source_version": "v1"}],
    "artifacts": {"type": "S3", "location": "bucket", "path": "web", "packaging": "ZIP", "namespace_type": "BUILD_ID"},
    "secondary_artifacts": [{"artifact_identifier": "more", "type": "S3", "location": "other", "name": "more"}],
    "cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"]},
    "environment": {
        **ENVIRONMENT,
        "image": "registry/toolkit:1",
        "image_pull_credentials_type": "SERVICE_ROLE",
        "registry_credential": {"credential": "registry"},
        "privileged_mode": True,
        "certificate": "arn:aws:s3:::bucket/ca.pem",
        "environment_variables": [
            {"name": "SECRET_TOKEN", "value": "token:KEY", "type": "SECRETS_MANAGER"},
            {"name": "PACKER_SCRIPT", "value": "packer-wordpress"},
            {"name": "DB_PASSWORD", "value": "/web/password", "type": "PARAMETER_STORE"},
        ],
        "host_kernel": "LINUX_KERNEL_6",
    },
    "timeout_in_minutes": 30,
    "queued_timeout_in_minutes": 10,
    "concurrent_build_limit": 1,
    "auto_retry_limit": 2,
    "encryption_key": "alias/golden",
    "vpc_config": {"vpc_id": "vpc-1", "subnets": ["subnet-2", "subnet-1"], "security_group_ids": ["sg-1"]},
    "badge_enabled": True,
    "logs_config": {
        "cloud_watch_logs": {"status": "ENABLED", "group_name": "/golden/web"},
        "s3_logs": {"status": "ENABLED", "location": "bucket/logs"},
    },
    "file_system_locations": [{"location": "fs-1.efs:/", "mount_point": "/mnt", "identifier": "efs"}],
    "build_batch_config": {
        "service_role": "codebuild-web",
        "combine_artifacts": True,
        "timeout_in_mins": 60,
        "restrictions": {"maximum_builds_allowed": 5, "compute_types_allowed": ["BUILD_GENERAL1_SMALL"]},
    },
    "tags": {"team": "web"},
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return lambda **given: result_of(codebuild_project.main, capsys, **copy.deepcopy(given))


def four(run: Run, world: World, **given: t.Any) -> dict[str, t.Any]:
    """Check, apply, check, apply: what the first one says is what the second does, and then there is nothing to do."""
    already = len(world.writes())
    check = run(_ansible_check_mode=True, _ansible_diff=True, **given)
    assert "msg" not in check, check["msg"]
    assert len(world.writes()) == already
    apply = run(_ansible_diff=True, **given)
    written = len(world.writes())
    again = [run(_ansible_check_mode=check_mode, _ansible_diff=True, **given) for check_mode in (True, False)]
    assert {key: check[key] for key in ("changed", "actions", "diff")} == {
        key: apply[key] for key in ("changed", "actions", "diff")
    }
    times = ("created", "last_modified", "badge_url")
    if apply["project"]:
        shown = [{k: v for k, v in one["project"].items() if k not in times} for one in (check, apply, *again)]
        assert shown == [shown[0]] * 4
    assert [one["changed"] for one in again] == [False, False]
    assert [one["actions"] for one in again] == [[], []]
    assert len(world.writes()) == written
    assert (apply["diff"]["before"] != apply["diff"]["after"]) == apply["changed"]
    return apply


def test_the_smallest_project(world: World, run: Run) -> None:
    result = four(run, world, **PROJECT)
    assert world.writes() == ["CreateProject"]
    assert world.operations().count("BatchGetProjects") == 4
    project = result["project"]
    assert project["arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/web"
    assert (project["timeout_in_minutes"], project["queued_timeout_in_minutes"]) == (60, 480)
    assert project["logs_config"]["cloud_watch_logs"] == {"status": "ENABLED"}
    assert result["actions"][0]["action"] == "create"
    # Nothing is sent that was not said, but for what CodeBuild's console does otherwise than its API.
    (request,) = world.requests("CreateProject")
    assert request["source"] == {**PROJECT["source"], "gitCloneDepth": 0}
    assert set(request) == {"name", "source", "artifacts", "environment", "serviceRole", "tags"}


def test_everything_and_nothing_of_it_again(world: World, run: Run) -> None:
    result = four(run, world, **EVERYTHING)
    assert result["project"]["service_role"] == ROLE
    assert result["project"]["build_batch_config"]["service_role"] == ROLE
    assert result["project"]["vpc_config"]["subnets"] == ["subnet-1", "subnet-2"]
    assert result["project"]["environment"]["host_kernel"] == "LINUX_KERNEL_6"
    # By the name of its role; it is asked for when there is no project that has it.
    assert world.operations().count("GetRole") == 2
    less = four(run, world, **PROJECT, tags={})
    assert world.writes() == ["CreateProject", "UpdateProject"]
    assert less["project"]["vpc_config"] is None
    assert less["project"]["concurrent_build_limit"] is None
    assert less["project"]["tags"] == {}
    assert len(less["actions"][0]["changes"]) == 20
    # CodeBuild chooses the kernel, and has chosen.
    assert less["project"]["environment"]["host_kernel"] == "LINUX_KERNEL_6"


def test_an_update_has_what_changes_and_the_tags(world: World, run: Run) -> None:
    run(**EVERYTHING)
    result = four(run, world, **{**EVERYTHING, "timeout_in_minutes": 45})
    assert world.requests("UpdateProject") == [
        {"name": "web", "timeoutInMinutes": 45, "tags": [{"key": "team", "value": "web"}]}
    ]
    assert result["actions"] == [
        {
            "action": "update",
            "project": "web",
            "changes": ["timeout_in_minutes"],
            "reason": "not as declared: timeout_in_minutes",
        }
    ]


def test_order_and_what_is_spelt_out_make_no_difference(world: World, run: Run) -> None:
    run(**EVERYTHING)
    spelt = copy.deepcopy(EVERYTHING)
    for several in (
        spelt["environment"]["environment_variables"],
        spelt["vpc_config"]["subnets"],
        spelt["cache"]["modes"],
    ):
        several.reverse()
    spelt["secondary_sources"].reverse()
    spelt["secondary_sources"][0]["git_clone_depth"] = 0
    spelt["service_role"] = ROLE
    spelt["artifacts"]["name"] = "web"
    spelt["encryption_key"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/golden"
    assert not run(**spelt)["changed"]


def test_tags_are_left_merged_or_exact(world: World, run: Run) -> None:
    run(**PROJECT, tags={"team": "web", "old": "yes"})
    world.projects["web"]["tags"].append({"key": "aws:stack", "value": "x"})
    assert not run(**PROJECT)["changed"]
    merged = four(run, world, **PROJECT, tags={"team": "ops"}, purge_tags=False)
    assert merged["project"]["tags"] == {"team": "ops", "old": "yes", "aws:stack": "x"}
    exact = run(**PROJECT, tags={"team": "ops"})
    assert exact["project"]["tags"] == {"team": "ops", "aws:stack": "x"}
    assert world.requests("UpdateProject")[-1]["tags"] == [{"key": "team", "value": "ops"}]


def test_absent(world: World, run: Run) -> None:
    run(**PROJECT)
    result = four(run, world, name="web", state="absent")
    assert (result["project"], world.projects) == (None, {})
    assert world.writes() == ["CreateProject", "DeleteProject"]


def test_a_secret_is_neither_in_the_result_nor_in_the_diff(world: World, run: Run) -> None:
    def given(value: str) -> dict[str, t.Any]:
        variables = [{"name": "DB_PASSWORD", "value": value}, {"name": "SIZE", "value": "8"}]
        return {**PROJECT, "environment": {**ENVIRONMENT, "environment_variables": variables}}

    made = four(run, world, **given(SECRET))
    assert "DB_PASSWORD looks like a secret and is PLAINTEXT" in str(made["warnings"])
    changed = four(run, world, **given(f"{SECRET}-2"))
    assert changed["changed"]
    assert SECRET not in json.dumps([made, changed])
    assert "(another value)" in json.dumps(changed["diff"])
    assert '"8"' in json.dumps(changed["project"])
    assert SECRET in str(world.projects["web"])
    world.deny["UpdateProject"] = error("InvalidInputException", "UpdateProject", f"the value {SECRET}-3 is wrong")
    refused = run(**given(f"{SECRET}-3"))
    assert refused["failed"]
    assert SECRET not in json.dumps(refused)


def test_a_buildspec_from_a_file(world: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "buildspec.yml"
    file.write_text("version: 0.2\n")
    given = {**PROJECT, "source": {"type": "NO_SOURCE", "buildspec_file": str(file)}}
    assert four(run, world, **given)["project"]["source"]["buildspec"] == "version: 0.2\n"
    file.write_text("version: 0.2\nphases: {}\n")
    assert run(**given)["actions"][0]["changes"] == ["source"]
    for content, said in ((b" \n", "is empty"), (b"\xff", "no"), (None, "cannot be read")):
        file.unlink() if content is None else file.write_bytes(content)
        assert said in run(**given)["msg"]


def test_a_role_that_was_just_made_is_tried_again(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {ROLE}"
    world.deny["CreateProject"] = [error("InvalidInputException", "CreateProject", message)] * 2
    assert run(**PROJECT)["changed"]
    assert len(waited) == 2
    world.deny["UpdateProject"] = "InvalidInputException"
    assert "Failed to update the CodeBuild project web" in run(**PROJECT, description="x")["msg"]
    assert len(waited) == 2, "what is wrong for another reason is wrong at once"


def test_a_role_that_stays_unknown(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {ROLE}"
    world.deny["CreateProject"] = error("InvalidInputException", "CreateProject", message)
    assert "sts:AssumeRole" in run(**PROJECT)["msg"]
    assert 50 < now[0] < 80


def test_throttled_it_tries_again(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    world.deny["CreateProject"] = ["ThrottlingException"]
    assert run(**PROJECT)["changed"]
    assert world.writes() == ["CreateProject"] * 2


def test_created_by_a_call_whose_answer_got_lost(world: World, run: Run) -> None:
    def lost(operation: str) -> None:
        if operation == "CreateProject" and "web" not in world.projects:
            world._CreateProject(world.calls[-1][1])

    world.on_call = lost
    assert run(**PROJECT)["changed"]
    world.projects.clear()

    def stranger(operation: str) -> None:
        if operation == "CreateProject":
            world._CreateProject({**world.calls[-1][1], "timeoutInMinutes": 5})

    world.on_call = stranger
    assert "Somebody else created the CodeBuild project web meanwhile" in run(**PROJECT)["msg"]


def changed(**given: t.Any) -> dict[str, t.Any]:
    return {**copy.deepcopy(PROJECT), **given}


def of(part: str, **given: t.Any) -> dict[str, t.Any]:
    return changed(**{part: {**PROJECT[part], **given}})


S3 = {"type": "S3", "location": "bucket"}
VPC = {"vpc_id": "vpc-1", "subnets": ["subnet-1"], "security_group_ids": ["sg-1"]}
PAIR = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (changed(name="x" * 151), "is no name of a CodeBuild project: 2 to 150"),
        (changed(name="-web"), "is no name of a CodeBuild project"),
        ({"name": "-", "state": "absent"}, "is no name of a CodeBuild project"),
        ({"name": "web"}, "state is present but all of the following are missing: source, artifacts, environment"),
        (changed(description="x" * 256), "description: it has 256 characters"),
        (changed(timeout_in_minutes=4), "timeout_in_minutes: 4 is out of range; it is 5 to 2160"),
        (changed(timeout_in_minutes=2161), "timeout_in_minutes: 2161 is out of range"),
        (changed(queued_timeout_in_minutes=481), "queued_timeout_in_minutes: 481 is out of range; it is 5 to 480"),
        (changed(concurrent_build_limit=0), "concurrent_build_limit: 0 is out of range; it is 1 or more"),
        (changed(auto_retry_limit=11), "auto_retry_limit: 11 is out of range"),
        (
            changed(service_role="my role"),
            "service_role: my role is neither the ARN of an IAM role nor the name of one",
        ),
        (changed(encryption_key="1234abcd-12ab"), "encryption_key: 1234abcd-12ab is neither"),
        (of("source", location=None), "source.location: it is missing; a source of type CODECOMMIT has one"),
        (of("source", type="S3", location="bucket"), "source.location: bucket is not BUCKET/PATH"),
        (of("source", type="NO_SOURCE", location=None), "source.buildspec: it is missing"),
        (of("source", type="NO_SOURCE", buildspec="x"), "source.location: https://git/images is one too many"),
        (of("source", report_build_status=True), "source.report_build_status: a source of type CODECOMMIT takes no"),
        (of("source", buildspec="x", buildspec_file="/y"), "source: buildspec and buildspec_file are both given"),
        (of("source", git_clone_depth=-1), "source.git_clone_depth: -1 is out of range"),
        (of("source", type="S3", location="a/b", git_clone_depth=1), "source.git_clone_depth: a source of type S3"),
        (of("source", auth={"type": "CODECONNECTIONS"}), "source.auth.resource: it is missing"),
        (of("source", type="MERCURIAL"), "value of type must be one of"),
        (of("artifacts", type="S3"), "artifacts.location: it is missing"),
        (of("artifacts", type="S3", location="a/b"), "artifacts.location: a/b is no name of a bucket"),
        (of("artifacts", location="bucket"), "artifacts.location: bucket is one too many"),
        (of("artifacts", type="CODEPIPELINE"), "source.type is CODECOMMIT and artifacts.type CODEPIPELINE"),
        (
            changed(secondary_artifacts=[{**S3, "artifact_identifier": "a"}] * 2),
            "secondary_artifacts: artifact_identifier a is there 2 times",
        ),
        (
            changed(secondary_artifacts=[{**S3, "artifact_identifier": f"a{n}"} for n in range(13)]),
            "secondary_artifacts: these are 13; at most 12",
        ),
        (
            changed(secondary_sources=[{"type": "S3", "location": "a/b", "source_identifier": "a-b"}]),
            "secondary_sources: source_identifier a-b is to be letters, digits and _",
        ),
        (
            changed(secondary_source_versions=[{"source_identifier": "a", "source_version": "1"}]),
            "secondary_source_versions: a is no source_identifier of secondary_sources (none)",
        ),
        (of("environment", environment_variables=PAIR), "environment.environment_variables: A is there 2 times"),
        (of("environment", environment_variables=[{"name": "1A", "value": ""}]), "'1A' is no name of a variable"),
        (
            of("environment", environment_variables=[{"name": "A", "value": "", "type": "PARAMETER_STORE"}]),
            "the value of A is empty; for PARAMETER_STORE",
        ),
        (of("environment", registry_credential={"credential": "x"}), "CODEBUILD takes no registry_credential"),
        (of("environment", image_pull_credentials_type="SERVICE_ROLE"), "SERVICE_ROLE cannot pull aws/codebuild/"),
        (of("environment", compute_type="BUILD_LAMBDA_1GB"), "BUILD_LAMBDA_1GB does not go with environment.type"),
        (of("environment", compute_type="CUSTOM_INSTANCE_TYPE"), "environment.compute_configuration: it is missing"),
        (
            {
                **of("environment", type="ARM_LAMBDA_CONTAINER", compute_type="BUILD_LAMBDA_1GB", privileged_mode=True),
                "timeout_in_minutes": 10,
            },
            "timeout_in_minutes: builds of environment.type ARM_LAMBDA_CONTAINER do not have it."
            " environment.privileged_mode: builds",
        ),
        (changed(cache={"type": "S3"}), "cache.location: none does not go with type S3"),
        (changed(cache={"type": "LOCAL"}), "cache.modes: a cache of type LOCAL has some"),
        (changed(cache={"type": "NO_CACHE", "cache_namespace": "x"}), "cache.cache_namespace: it goes with type S3"),
        (changed(logs_config={"s3_logs": {"status": "ENABLED"}}), "logs_config.s3_logs.location: it is missing"),
        (
            changed(logs_config={"s3_logs": {"status": "DISABLED", "location": "b"}}),
            "logs_config.s3_logs.location: b is one too many",
        ),
        (changed(vpc_config={**VPC, "subnets": []}), "vpc_config.subnets: these are 0; 1 to 16"),
        (
            changed(file_system_locations=[{"location": "fs", "mount_point": "/m", "identifier": "e"}]),
            "file_system_locations: they need vpc_config, through which builds reach them."
            " file_system_locations[0].location: fs is not HOST:/DIRECTORY",
        ),
        (
            changed(build_batch_config={"service_role": ROLE, "restrictions": {"maximum_builds_allowed": 101}}),
            "build_batch_config.restrictions.maximum_builds_allowed: 101 is out of range; it is 1 to 100",
        ),
        (changed(tags={"aws:x": "1"}), "tags: aws:x begins with aws:"),
        (changed(tags={"x": ["1"]}), "tags: the value of x is to be a text"),
        (changed(tags={"x" * 128: "1"}), "has 128 characters; a key has 1 to 127"),
        (changed(tags={"x": "1" * 256}), "has 256 characters; at most 255"),
        (changed(tags={f"t{n}": "" for n in range(51)}), "tags: these are 51"),
    ],
)
def test_refused_before_any_call(world: World, run: Run, given: dict[str, t.Any], said: str) -> None:
    results = [run(**given, _ansible_check_mode=check) for check in (True, False)]
    assert all(one["failed"] for one in results)
    assert said in results[0]["msg"], results[0]["msg"]
    assert results[0]["msg"] == results[1]["msg"]
    assert world.calls == []


def test_all_that_is_wrong_is_told_at_once(world: World, run: Run) -> None:
    said = run(**changed(timeout_in_minutes=1, description="x" * 300, cache={"type": "S3"}))["msg"]
    assert all(option in said for option in ("timeout_in_minutes", "description", "cache.location"))


def test_a_role_that_is_not_there(world: World, run: Run) -> None:
    said = "service_role: there is no IAM role nobody in this account"
    assert said in run(**changed(service_role="nobody"))["msg"]
    assert world.writes() == []


def test_what_an_older_botocore_lacks(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known = StructureShape.__dict__["members"]._fget
    later = ("hostKernel", "autoRetryLimit")
    without = property(lambda shape: {name: one for name, one in known(shape).items() if name not in later})
    monkeypatch.setattr(StructureShape, "members", without)
    said = run(**{**EVERYTHING, "service_role": ROLE, "build_batch_config": None})["msg"]
    assert "environment.host_kernel" in said
    assert "auto_retry_limit" in said
    assert "the installed botocore does not have that yet" in said
    assert world.writes() == []
