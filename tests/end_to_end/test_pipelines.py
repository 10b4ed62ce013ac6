# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From git push to a channel, with IAM's policies enforced: pushes that break it, one that mends it, a refusal, an approval.

The tests of this file are one story, and run in the order in which they stand here.
"""

from __future__ import annotations

import collections.abc as c
import json

import pytest
from harness.cloud import Cloud
from harness.lane import Lane, pipeline_of

DEFINITION = """\
---
description: A small image that goes all the way
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  roles: [lane]
tests:
  suites: [{engine: ansible, path: tests/verify.yml}]
  reboot: false
distribution:
  regions: [eu-west-1]
  share: {accounts: ["333333333333"]}
channels:
  prod: {gates: [{tested: true}]}
"""
GREETS = """\
---
- name: Greet
  ansible.builtin.copy:
    content: hello
    dest: /etc/greeting
    mode: "0644"
"""
BREAKS = """\
---
- name: Open the shop
  ansible.builtin.command: sh -c 'echo the shop has no key >&2; exit 1'
  changed_when: true
"""
VERIFY = """\
---
- name: Verify
  hosts: default
  gather_facts: false
  tasks:
    - name: See the greeting
      ansible.builtin.command: grep hello /etc/greeting
      changed_when: false
"""
MISTAKEN = DEFINITION.replace("reboot: false", "rebot: false")
STAGES = ["Source", "Validate", "Build", "Test", "Approve", "Distribute", "Promote"]
# What a role may do for what does not happen here: a failure to tell of in another stage than the build, the lock of another
# build, and what a build leaves that was killed, or that failed with its AMI made. tests/reliability has such builds.
SELDOM = {
    "lane-build": {
        "ec2:DeleteSnapshot",
        "ec2:DeleteVolume",
        "ec2:DeregisterImage",
        "ec2:DescribeKeyPairs",
        "ssm:GetParameter",
    },
    **{f"lane-{stage}": {"sns:Publish"} for stage in ("test", "distribute", "promote")},
}


@pytest.fixture(scope="module")
def lane(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[Lane]:
    files = {
        "images/lane/image.yml": DEFINITION,
        "images/lane/tests/verify.yml": VERIFY,
        "roles/lane/tasks/main.yml": BREAKS,
    }
    with pipeline_of(cloud, "lane", tmp_path_factory.mktemp("lane") / "golden.ami", files) as made:
        yield made


def test_a_push_that_breaks_the_playbook_fails_at_the_build_and_tells_why(lane: Lane) -> None:
    before = lane.cloud.inventory()
    execution = lane.push("Open the shop")
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc != 0
    assert "failed at the stage Build" in watched.words, watched.output
    assert lane.stages() | {"Validate": "Succeeded", "Build": "Failed"} == lane.stages()
    # The first execution is the pipeline's own, which a new one starts without anything to build.
    (told,) = [one for one in lane.told() if one.get("Subject")]
    assert told["Subject"] == "lane: build failed in build"
    for words in ("Open the shop", "the shop has no key", "Last good AMI: none is known", execution):
        assert words in told["Message"], told["Message"]
    # The cloud is that of other tests as well.
    assert lane.cloud.inventory() == before


def test_a_push_with_a_mistake_in_the_definition_fails_at_the_validation_and_names_the_line(lane: Lane) -> None:
    lane.write("images/lane/image.yml", MISTAKEN)
    execution = lane.push("Do not reboot")
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc != 0
    assert "failed at the stage Validate" in watched.words, watched.output
    found = [one for one in lane.told() if one.get("Subject")]
    assert [one["Subject"] for one in found] == ["lane: validate failed in install"], found
    (told,) = found
    line = 1 + MISTAKEN.split("\n").index("  rebot: false")
    for words in (f"images/lane/image.yml:{line}:", "rebot", execution):
        assert words in told["Message"], told["Message"]


def test_a_push_that_mends_it_goes_on_until_somebody_is_asked(lane: Lane) -> None:
    lane.write("images/lane/image.yml", DEFINITION)
    lane.write("roles/lane/tasks/main.yml", GREETS)
    lane.push("Greet")
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc == 0, watched.output
    assert "It waits for an answer" in watched.words
    assert lane.asked()["status"] == "InProgress"
    (question,) = [one["Message"] for one in lane.told() if one.get("Subject", "").startswith("APPROVAL NEEDED")]
    for words in ("Give lane ", " to prod?", "There is nothing to compare with in prod"):
        assert words in question, question


def test_a_rejected_execution_fails_there_and_asks_again_when_it_is_retried(lane: Lane) -> None:
    answer = json.dumps({"pipeline_answer": "rejected", "pipeline_answer_reason": "not today"})
    rejected = lane.play("pipeline_answer.yml", "-e", answer)
    assert rejected.rc == 0, rejected.output
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc != 0
    assert "failed at the stage Approve" in watched.words, watched.output
    assert "not today" in watched.words, watched.output
    assert "./taskw pipeline:retry IMAGE=lane" in watched.words, watched.output
    assert lane.stages() == dict.fromkeys(STAGES, "") | dict.fromkeys(STAGES[:4], "Succeeded") | {"Approve": "Failed"}
    assert lane.asked()["status"] == "Failed"
    retried = lane.play("pipeline_retry.yml")
    assert retried.rc == 0, retried.output
    again = lane.play("pipeline_watch.yml")
    assert again.rc == 0, again.output
    assert "It waits for an answer" in again.words
    assert lane.asked()["status"] == "InProgress"


def test_the_answer_lets_it_distribute_and_promote(lane: Lane) -> None:
    answered = lane.play("pipeline_answer.yml", "-e", "pipeline_answer=approved", "-e", "pipeline_answer_reason=fine")
    assert answered.rc == 0, answered.output
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc == 0, watched.output
    assert lane.stages() == dict.fromkeys(STAGES, "Succeeded")
    ami = lane.cloud.client("ssm").get_parameter(Name="/golden/lane/prod")["Parameter"]["Value"]
    ec2 = lane.cloud.client("ec2")
    (image,) = ec2.describe_images(ImageIds=[ami])["Images"]
    tags = {one["Key"]: one["Value"] for one in image["Tags"]}
    codebuild = lane.cloud.client("codebuild")
    newest = codebuild.list_builds_for_project(projectName="lane-build", sortOrder="DESCENDING")["ids"][0]
    number = str(codebuild.batch_get_builds(ids=[newest])["builds"][0]["buildNumber"])
    assert (tags["BuiltBy"], tags["CodeBuildProject"], tags["BuildNumber"]) == ("Packer", "lane-build", number)
    assert tags["BuildDate"].startswith(image["CreationDate"][:10])
    assert tags["golden:tested"].startswith("passed ")
    (copied,) = lane.cloud.client("ec2", "eu-west-1").describe_images(Owners=["self"])["Images"]
    named = lane.cloud.client("ssm", "eu-west-1").get_parameter(Name="/golden/lane/prod")["Parameter"]["Value"]
    assert named == copied["ImageId"]
    shared = ec2.describe_image_attribute(ImageId=ami, Attribute="launchPermission")["LaunchPermissions"]
    assert shared == [{"UserId": "333333333333"}]
    assert [one for one in lane.told() if "lane succeeded: execution" in one["Message"]]


def test_what_roles_may_do_is_what_they_did(lane: Lane) -> None:
    roles = {one["principal"].rpartition("/")[2]: one for one in lane.iam("--used")["principals"]}
    assert {
        f"lane-{name}" for name in ("pipeline", "events", "validate", "build", "test", "distribute", "promote")
    } <= set(roles)
    vain = {name: {grant["action"] for grant in roles[name]["unused"]} for name in roles if name.startswith("lane-")}
    assert {name: actions for name, actions in vain.items() if actions} == SELDOM
    lacking = {one["action"] for name in vain for one in roles[name]["denied"]}
    # amazon.aws asks for the account's alias, and does without.
    assert lacking <= {"iam:ListAccountAliases"}
