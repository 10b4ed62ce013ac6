# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From git push to stages, with IAM's policies enforced: a version reaches the last one when it is healthy, or none.

The tests of this file are one story, and run in the order in which they stand here.
"""

from __future__ import annotations

import collections.abc as c

import pytest
from harness.cloud import Cloud
from harness.lane import Lane, pipeline_of

pytestmark = pytest.mark.night

NAME = "stages"
DEFINITION = """\
---
description: A small web server that goes from stage to stage
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  roles: [stages]
channels:
  dev:
    deploy:
      launch_template: stages-dev
      health: {url: {url: "http://{address}/", must_say: [Welcome]}}
      timeout: 60s
      bake_time: 2
  prod:
    deploy:
      launch_template: stages-prod
      health: {url: {url: "http://{address}/", must_say: [Welcome]}}
      timeout: 60s
      bake_time: 2
"""
SERVES = """\
---
- name: Say what it is
  ansible.builtin.copy:
    content: Welcome
    dest: /srv/index.html
    mode: "0644"

- name: Have the service
  ansible.builtin.copy:
    content: |
      [Service]
      ExecStart=/usr/bin/python3 -m http.server 80 --directory /srv
      [Install]
      WantedBy=multi-user.target
    dest: /etc/systemd/system/web.service
    mode: "0644"

- name: Start it on boot
  ansible.builtin.command: systemctl enable web.service
  changed_when: true
"""
FAILS = SERVES.replace("/usr/bin/python3 -m http.server 80 --directory /srv", "/bin/sh -c 'echo no database; exit 1'")
STAGES = ["Source", "Build", "Deploy"]
# What the role of the stage may do for what does not happen here: a second version that is healthy, a template that was made in
# vain, a template that names a subnet, and what killed runs left.
SELDOM = {
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:ModifyLaunchTemplate",
}


@pytest.fixture(scope="module")
def lane(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[Lane]:
    files = {f"images/{NAME}/image.yml": DEFINITION, f"roles/{NAME}/tasks/main.yml": SERVES}
    stages = [stage.lower() for stage in STAGES]
    checkout = tmp_path_factory.mktemp(NAME) / "golden.ami"
    with pipeline_of(cloud, NAME, checkout, files, pipeline_stages=stages) as made:
        yield made
        ec2 = cloud.client("ec2")
        for template in ec2.describe_launch_templates()["LaunchTemplates"]:
            if template["LaunchTemplateName"].startswith(f"{NAME}-"):
                ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def named(lane: Lane) -> dict[str, str]:
    """The AMI of each channel."""
    names = [f"/golden/{NAME}/{channel}" for channel in ("dev", "prod")]
    found = lane.cloud.client("ssm").get_parameters(Names=names)["Parameters"]
    return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}


def launched(lane: Lane) -> dict[str, str]:
    """The AMI that each launch template has as its default."""
    ec2 = lane.cloud.client("ec2")
    return {
        channel: ec2.describe_launch_template_versions(LaunchTemplateName=f"{NAME}-{channel}", Versions=["$Default"])[
            "LaunchTemplateVersions"
        ][0]["LaunchTemplateData"]["ImageId"]
        for channel in ("dev", "prod")
    }


def running(lane: Lane) -> list[str]:
    filters = [
        {"Name": "tag:golden:image", "Values": [NAME]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    found = lane.cloud.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [one["InstanceId"] for reservation in found for one in reservation["Instances"]]


def test_a_push_goes_to_the_last_stage(lane: Lane) -> None:
    lane.push("Serve a page")
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc == 0, watched.output
    assert lane.stages() == dict.fromkeys(STAGES, "Succeeded")
    channels = named(lane)
    assert channels["dev"] == channels["prod"]
    (image,) = lane.cloud.client("ec2").describe_images(ImageIds=[channels["dev"]])["Images"]
    assert {one["Key"]: one["Value"] for one in image["Tags"]}["golden:image"] == NAME
    assert launched(lane) == channels
    assert running(lane) == []


def test_what_fails_on_boot_moves_no_stage_and_its_reason_is_told(lane: Lane) -> None:
    before = named(lane)
    lane.told()
    lane.write(f"roles/{NAME}/tasks/main.yml", FAILS)
    execution = lane.push("Ask a database")
    watched = lane.play("pipeline_watch.yml")
    assert watched.rc != 0
    assert "failed at the stage Deploy" in watched.words, watched.output
    assert (named(lane), launched(lane), running(lane)) == (before, before, [])
    (told,) = [one for one in lane.told() if one.get("Subject")]
    assert told["Subject"] == f"{NAME}: deploy failed in build"
    for words in ("is not healthy in dev, so nothing is moved", "does not answer", execution, "Last good AMI: ami-"):
        assert words in told["Message"], told["Message"]


def test_what_the_stage_may_do_is_what_it_did(lane: Lane) -> None:
    (role,) = [one for one in lane.iam("--used")["principals"] if one["principal"].endswith(f"/{NAME}-deploy")]
    assert {grant["action"] for grant in role["unused"]} == SELDOM
    assert {one["action"] for one in role["denied"]} <= {"iam:ListAccountAliases"}
