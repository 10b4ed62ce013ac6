# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pipeline_resources by its own main(), on seven services in memory."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.modules import pipeline_resources
from harness.aws_world import result_of
from harness.resources_world import ACCOUNT, KEY, REGION, World, install

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:web-pipeline"
STARTS = {"Arn": f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/web-events"}
STATEMENT = {"Sid": "Decrypt", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["KEY_OF_THE_PIPELINE"]}
WEB: dict[str, t.Any] = {
    "name": "web",
    "key_alias": "alias/web-pipeline",
    "bucket": "web-artefacts",
    "repository": "images",
    "repository_description": "Images",
    "log_groups": ["/aws/codebuild/web-build", "/aws/codebuild/web-test"],
    "topic_arn": TOPIC,
    "subscriptions": [{"protocol": "email", "endpoint": "images@example.com"}],
    "roles": [{"name": "web-build", "service": "codebuild.amazonaws.com", "statements": [STATEMENT]}],
    "rules": [{"name": "web-push", "description": "Push", "pattern": {"source": ["x"]}, "target": STARTS}],
    "schedule": {"expression": "cron(0 3 * * ? *)", "time_zone": "Europe/Berlin", "target": STARTS},
    "tags": {"team": "web"},
}
ORDER = ["key", "bucket", "repository", "log_group", "log_group", "topic", "role", "rule", "schedule"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return install(monkeypatch)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> t.Callable[..., dict[str, t.Any]]:
    """The module with everything that a pipeline can have, or with other options."""

    def go(**options: t.Any) -> dict[str, t.Any]:
        given = {key: value for key, value in {**WEB, "region": REGION, **options}.items() if value is not None}
        return result_of(pipeline_resources.main, capsys, **given)

    return go


def kinds(result: dict[str, t.Any], action: str) -> list[str]:
    return [one["kind"] for one in result["actions"] if one["action"] == action]


def test_check_apply_check_apply(world: World, run: t.Any) -> None:
    checked = run(_ansible_check_mode=True)
    assert checked["changed"]
    assert world.writes() == []

    applied = run()
    assert kinds(applied, "create") == kinds(checked, "create") == ORDER
    assert [one["name"] for one in applied["actions"]] == [one["name"] for one in checked["actions"]]
    assert (applied["key_arn"], applied["clone_url"]) == (KEY, "https://git/images")

    world.calls.clear()
    for check in (True, False):
        again = run(_ansible_check_mode=check)
        assert (again["changed"], again["actions"]) == (False, [])
        assert (again["key_arn"], again["clone_url"]) == (KEY, "https://git/images")
    assert world.writes() == []


def test_what_it_makes(world: World, run: t.Any) -> None:
    run()
    assert all(tags["golden:pipeline"] == "web" and tags["team"] == "web" for tags in world.tags.values())
    bucket = world.things["bucket", "web-artefacts"]
    assert bucket["where"] == REGION
    (rule,) = bucket["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    policy = json.loads(world.things["role", "web-build"]["golden-pipeline"])
    assert policy["Statement"] == [{**STATEMENT, "Resource": [KEY]}]
    (publish,) = json.loads(world.things["topic", TOPIC]["Policy"])["Statement"]
    assert publish["Condition"]["ArnEquals"]["aws:SourceArn"] == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/web-push"]
    schedule = world.things["schedule", "web"]
    assert (schedule["ScheduleExpressionTimezone"], schedule["Target"]) == ("Europe/Berlin", STARTS)


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"expire_days": 7}, ["bucket"]),
        ({"retention_days": 7}, ["log_group", "log_group"]),
        ({"repository_description": "Other"}, ["repository"]),
        ({"subscriptions": [{"protocol": "email", "endpoint": "more@example.com"}]}, ["topic"]),
        ({"roles": [{**WEB["roles"][0], "service": "events.amazonaws.com"}]}, ["role"]),
        ({"roles": [{**WEB["roles"][0], "statements": []}]}, ["role"]),
        ({"rules": [{**WEB["rules"][0], "pattern": {"source": ["y"]}}]}, ["rule"]),
        ({"schedule": {**WEB["schedule"], "time_zone": "UTC"}}, ["schedule"]),
        ({"tags": {"team": "other"}}, ORDER),
    ],
)
def test_only_what_differs_is_changed(world: World, run: t.Any, options: dict[str, t.Any], changed: list[str]) -> None:
    run()
    assert kinds(run(**options, _ansible_check_mode=True), "update") == changed
    assert kinds(run(**options), "update") == changed
    assert run(**options)["actions"] == []


def test_what_somebody_has_changed_is_put_right(world: World, run: t.Any) -> None:
    run()
    bucket = world.things["bucket", "web-artefacts"]
    bucket["PublicAccessBlockConfiguration"]["BlockPublicAcls"] = False
    world.things["rule", "web-push"]["targets"].append({"Id": "strange", "Arn": TOPIC})
    assert kinds(run(), "update") == ["bucket", "rule"]
    assert bucket["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    assert [one["Id"] for one in world.things["rule", "web-push"]["targets"]] == ["golden-pipeline"]


def test_what_is_not_ours_is_refused_at_once_and_before_any_write(world: World, run: t.Any) -> None:
    world.things["bucket", "web-artefacts"] = {}
    world.things["role", "web-build"] = {"AssumeRolePolicyDocument": '{"Statement": []}'}
    world.tags["web-build"] = {"golden:pipeline": "other"}
    told = run()["msg"]
    assert "bucket web-artefacts (without the tag golden:pipeline)" in told
    assert "role web-build (of the pipeline other)" in told
    assert world.writes() == []


def test_projects_and_the_pipeline_are_looked_at_as_well(world: World, run: t.Any) -> None:
    arn = STARTS["Arn"]
    world.things["project", "web-build"] = {"name": "web-build", "tags": [{"key": "golden:pipeline", "value": "web"}]}
    world.things["project", "web-test"] = {"name": "web-test"}
    world.things["pipeline", "web"] = {"metadata": {"pipelineArn": arn}}
    projects = ["web-build", "web-test", "web-promote"]
    told = run(projects=projects)["msg"]
    assert "project web-test (without the tag golden:pipeline); pipeline web (without" in told
    assert "web-build" not in told
    assert world.writes() == []
    assert run(projects=projects, adopt=True)["found_there"] == ["web", "web-test"]
    world.tags[arn] = {"golden:pipeline": "web"}
    assert run(projects=projects, state="absent")["found_there"] == ["web-test"]


def test_what_was_adopted_stays_when_the_pipeline_goes(world: World, run: t.Any) -> None:
    world.things["bucket", "web-artefacts"] = {"objects": ["precious"]}
    assert kinds(run(adopt=True), "update") == ["bucket"]
    assert world.tags["web-artefacts"]["golden:adopted"] == "yes"
    assert run()["actions"] == []
    gone = run(state="absent")
    assert "bucket" not in kinds(gone, "delete")
    assert world.things["bucket", "web-artefacts"]["objects"] == ["precious"]


def test_a_repository_of_another_pipeline_is_used_and_left_alone(world: World, run: t.Any) -> None:
    run()
    other = {
        "name": "apache",
        "key_alias": "alias/apache-pipeline",
        "bucket": "apache-artefacts",
        "topic_arn": TOPIC.replace("web", "apache"),
        "repository_description": "Not this",
        **dict.fromkeys(("log_groups", "roles", "rules", "subscriptions"), []),
        "schedule": None,
    }
    assert kinds(run(**other), "create") == ["key", "bucket", "topic"]
    assert world.things["repository", "images"]["repositoryDescription"] == "Images"
    assert "repository" not in kinds(run(**other, state="absent", delete_repository=True), "delete")
    assert ("repository", "images") in world.things


def test_absent_takes_away_what_it_made_in_reverse_but_for_the_code(world: World, run: t.Any) -> None:
    run()
    world.things["bucket", "web-artefacts"]["objects"] = ["artefact.zip"]
    reverse = [kind for kind in reversed(ORDER) if kind != "repository"]
    assert kinds(run(state="absent", _ansible_check_mode=True), "delete") == reverse
    assert kinds(run(state="absent"), "delete") == reverse
    assert world.kinds() == {"repository"}
    assert run(state="absent")["changed"] is False
    assert kinds(run(state="absent", delete_repository=True), "delete") == ["repository"]


def test_a_schedule_that_is_not_wanted_any_more_goes(world: World, run: t.Any) -> None:
    run()
    assert kinds(run(schedule=None), "delete") == ["schedule"]
    assert run(schedule=None)["actions"] == []


def test_a_role_that_is_new_is_waited_for(world: World, run: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    refused = (
        "ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    )
    world.deny["CreateSchedule"] = [refused, refused]
    assert run()["changed"]
    assert len(waited) == 2
    world.deny["UpdateSchedule"] = ["ValidationException"]
    assert "update the schedule web" in run(schedule={**WEB["schedule"], "time_zone": "UTC"})["msg"]


def test_what_aws_refuses_is_told_with_what_was_tried(world: World, run: t.Any) -> None:
    world.deny["CreateBucket"] = ["BucketAlreadyExists"]
    assert "Failed to create the bucket web-artefacts" in run()["msg"]
    # What was made before it is known as ours, so that the next run goes on.
    assert kinds(run(), "create") == ORDER[1:]
