# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages have a version once real instances of it are healthy: dev, test, prod; what fails on boot stops in dev."""

from __future__ import annotations

import secrets
import shlex
import subprocess
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from harness.builds import DEBIAN
from harness.cloud import Cloud, Run
from harness.four import Four
from harness.instances import OPTIONS
from harness.outcome import Step
from harness.recorder import Recorder
from harness.signals import wait_for
from harness.versions import OTHER, Versions

MODULE = "golden.ami.ami_deploy"
REGION = "us-east-1"
WELCOME, BROKEN = "Welcome to version", "Error establishing a database connection"
UNIT = """\
[Unit]
Description=The web service of the image
[Service]
ExecStartPre=/bin/sh -c 'test ! -e /srv/fails'
ExecStart=/usr/bin/python3 -m http.server 80 --directory /srv
[Install]
WantedBy=multi-user.target
"""
FAILING = """\
import http.server

class Failing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)

http.server.HTTPServer(("", 80), Failing).serve_forever()
"""
GREETS = """\
- name: Ask from within
  hosts: default
  gather_facts: false
  tasks:
    - name: The page is there
      ansible.builtin.command: grep -q Welcome /srv/index.html
      changed_when: false
"""


@dataclass
class Served:
    """AMIs of one image with a web service in them, made of one machine."""

    cloud: Cloud
    versions: Versions
    image: str
    amis: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, account: str = "") -> t.Any:
        return self.versions.client(service, REGION, account)

    def named(self, channel: str) -> str | None:
        found = self.client("ssm").get_parameters(Names=[f"/golden/{self.image}/{channel}"])["Parameters"]
        return str(found[0]["Value"]) if found else None

    def default(self, name: str, account: str = "") -> str | None:
        """The AMI of a launch template's default version; None when there is no such template."""
        ec2 = self.client("ec2", account)
        if not [one for one in ec2.describe_launch_templates()["LaunchTemplates"] if one["LaunchTemplateName"] == name]:
            return None
        found = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Default"])
        return str(found["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"])

    def numbers(self, name: str) -> list[int]:
        found = self.client("ec2").describe_launch_template_versions(LaunchTemplateName=name)
        return sorted(one["VersionNumber"] for one in found["LaunchTemplateVersions"])

    def running(self, account: str = "") -> list[str]:
        """What deployments have left."""
        filters = [
            {"Name": "tag-key", "Values": ["golden:run"]},
            {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
        ]
        found = self.client("ec2", account).describe_instances(Filters=filters)["Reservations"]
        return [one["InstanceId"] for reservation in found for one in reservation["Instances"]]


def _shell(address: str, key: Path, command: str) -> int:
    argv = [
        "ssh",
        "-i",
        str(key),
        *OPTIONS,
        "-o",
        "ConnectTimeout=5",
        f"admin@{address}",
        f"sudo sh -c {shlex.quote(command)}",
    ]
    return subprocess.run(argv, check=False, capture_output=True).returncode


def _make(served: Served, instance_id: str, version: str) -> None:
    """What is on the machine now, as a version."""
    ec2 = served.client("ec2")
    told = {"golden:image": served.image, "golden:version": version, "golden:complete": "yes"}
    tags = [{"Key": key, "Value": value} for key, value in told.items()]
    made = ec2.create_image(
        InstanceId=instance_id,
        Name=f"{served.image}-{version}",
        NoReboot=True,
        TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")],
    )["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": OTHER}]})
    name = f"/golden/{served.image}/versions/{version}"
    served.client("ssm").put_parameter(Name=name, Value=made, Type="String", DataType="aws:ec2:image")
    served.amis[version] = made


@pytest.fixture(scope="module")
def served(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Served]:
    """Versions 1.0 and 1.1 are good, 2.0 fails on boot, 3.0 answers with an error page, and 4.0 with status 500."""
    made = Served(cloud, Versions(cloud), f"served-{secrets.token_hex(3)}")
    ec2 = made.client("ec2")
    key = tmp_path_factory.mktemp("served") / "key"
    key.touch(mode=0o600)
    key.write_text(ec2.create_key_pair(KeyName=made.image, KeyType="ed25519")["KeyMaterial"])
    base = made.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    ran = ec2.run_instances(ImageId=base, InstanceType="t3.small", KeyName=made.image, MinCount=1, MaxCount=1)
    ids = [ran["Instances"][0]["InstanceId"]]
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]
        address = str(found["PublicIpAddress"])
        unit = f"printf %s {shlex.quote(UNIT)} > /etc/systemd/system/web.service && systemctl enable web.service"
        wait_for(lambda: _shell(address, key, unit) == 0, 300, "SSH answers")
        for version, command in {
            "1.0": f"echo {WELCOME} 1.0 > /srv/index.html",
            "1.1": f"echo {WELCOME} 1.1 > /srv/index.html",
            "2.0": "touch /srv/fails",
            "3.0": f"rm /srv/fails; echo {BROKEN} > /srv/index.html",
            "4.0": f"printf %s {shlex.quote(FAILING)} > /srv/failing.py && "
            "sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/failing.py|' /etc/systemd/system/web.service",
        }.items():
            assert _shell(address, key, f"{command}; sync") == 0
            _make(made, ids[0], version)
    finally:
        ec2.terminate_instances(InstanceIds=ids)
        ec2.delete_key_pair(KeyName=made.image)
    yield made
    for account in ("", OTHER):
        groups, templates = made.client("autoscaling", account), made.client("ec2", account)
        for group in groups.describe_auto_scaling_groups()["AutoScalingGroups"]:
            if group["AutoScalingGroupName"].startswith(made.image):
                groups.delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
        for template in templates.describe_launch_templates()["LaunchTemplates"]:
            if template["LaunchTemplateName"].startswith(made.image):
                templates.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def deploy_block(served: Served, channel: str, **more: t.Any) -> dict[str, t.Any]:
    url = {"url": "http://{address}/", "must_say": [WELCOME], "must_not_say": [BROKEN]}
    health = {"url": url}
    return {"launch_template": f"{served.image}-{channel}", "health": health, "timeout": "45s", "bake_time": 2, **more}


@pytest.fixture
def stages(served: Served, images: Path) -> Path:
    """The definition: dev and test here, prod in another account, and each after the one before it."""

    def soaked(channel: str) -> dict[str, t.Any]:
        return {"gates": [{"soaked": {"channel": channel, "days": 0}}]}

    (images / "images" / "web").rename(images / "images" / served.image)
    definition = {
        "base": {"ssm_parameter": "/aws/service/debian/release/12/latest/amd64"},
        "provision": {"roles": ["web"]},
        "channels": {
            "dev": {"deploy": deploy_block(served, "dev")},
            "test": {**soaked("dev"), "deploy": deploy_block(served, "test")},
            "prod": {**soaked("test"), "deploy": deploy_block(served, "prod", account=OTHER)},
            "lone": {"deploy": deploy_block(served, "lone", account="999999999999", role_name="nobody")},
            "plain": {},
        },
    }
    (images / "images" / served.image / "image.yml").write_text(yaml.safe_dump(definition))
    return images


def play(cloud: Cloud, served: Served, directory: Path, *more: str, **given: str) -> Run:
    told = {"image": served.image, **given}
    arguments = [word for name, value in told.items() for word in ("-e", f"{name}={value}")]
    return cloud.play("deploy_ami.yml", *arguments, *more, cwd=directory)


DEPLOY = "Deploy the version, and move the channel when it is healthy"
# For each of the three: template, instance, and its end; the lock, the channel, and the lock is gone again.
EACH = {"CreateLaunchTemplate", "RunInstances", "TerminateInstances", "PutParameter", "DeleteParameter"}


def test_dev_then_test_then_prod_and_what_fails_on_boot_stops_in_dev(
    four: Four, cloud: Cloud, served: Served, stages: Path
) -> None:
    arguments = ["-e", f"image={served.image}", "-e", "channel=dev,test,prod", "-e", "version=1.0"]
    outcome = four.playbook("deploy_ami.yml", *arguments, cwd=stages)
    assert outcome.changed == [True, True, False, False]
    good = served.amis["1.0"]
    assert outcome.apply.writes.keys() - {"DeleteVolume"} == EACH
    assert outcome.apply.writes["RunInstances"] == 3
    assert [served.named(channel) for channel in ("dev", "test", "prod")] == [good] * 3
    assert [served.default(f"{served.image}-{channel}") for channel in ("dev", "test", "prod")] == [good, good, None]
    assert served.default(f"{served.image}-prod", OTHER) == good
    prod = outcome.apply.task(DEPLOY)
    assert (prod["channel"], prod["account"], prod["outcome"]) == ("prod", OTHER, "deployed")
    assert [(one["check"], one["healthy"]) for one in prod["checks"]] == [
        ("instance", True),
        ("status checks", True),
        ("URL", True),
    ]

    failed = play(cloud, served, stages, channel="dev,test,prod", version="2.0")
    assert failed.rc != 0, failed.output
    told = " ".join(failed.output.split())
    assert f"Version 2.0 of {served.image} ({served.amis['2.0']}) is not healthy in dev, so nothing is moved" in told
    assert "does not answer" in told
    assert "Not reached, and as they were: test, prod" in told
    assert [served.named(channel) for channel in ("dev", "test", "prod")] == [good] * 3
    assert served.default(f"{served.image}-dev") == good
    assert served.numbers(f"{served.image}-dev") == [1]
    assert (served.running(), served.running(OTHER)) == ([], [])

    # What is in dev goes on, and the channel that it came from stays.
    assert play(cloud, served, stages, channel="dev", version="1.1").rc == 0
    assert play(cloud, served, stages, channel="test", from_channel="dev").rc == 0
    assert (served.named("test"), served.named("prod")) == (served.amis["1.1"], good)


def test_what_is_wrong_with_a_stage_is_told_before_the_first_is_touched(
    cloud: Cloud, served: Served, stages: Path
) -> None:
    before = [served.named(channel) for channel in ("dev", "lone")]
    for channel, said in {
        "dev,lone": "The account 999999999999 of the stage lone cannot be entered",
        "dev,stage": f"{served.image} cannot be deployed to dev, stage: of its channels dev, lone, prod, test have a deploy",
        "plain": f"{served.image} cannot be deployed to plain",
        "dev,dev": "each is named once",
    }.items():
        run = play(cloud, served, stages, channel=channel, version="1.1")
        assert run.rc != 0, run.output
        assert said in " ".join(run.output.split()), run.output
    assert [served.named(channel) for channel in ("dev", "lone")] == before
    assert served.running() == []


@pytest.fixture
def options(served: Served) -> dict[str, t.Any]:
    """One stage of this test alone."""
    channel = f"one-{secrets.token_hex(3)}"
    block = deploy_block(served, channel)
    return {
        "image": served.image,
        "channel": channel,
        **block,
        "timeout": 60,
        "version": "1.0",
    }


def unhealthy(four: Four, options: dict[str, t.Any]) -> Step:
    """Deploy what turns out not to be healthy, which check mode cannot know; what the apply said."""
    ((check, apply),) = Recorder(four.cloud, four.directory).pairs(MODULE, [options])
    assert (check.result["outcome"], check.writes) == ("would deploy", {})
    assert (apply.result["failed"], apply.result["outcome"], apply.changed) == (True, "unhealthy", False)
    return apply


def test_the_module_and_a_playbook_that_asks(
    four: Four, served: Served, options: dict[str, t.Any], tmp_path: Path
) -> None:
    playbook = tmp_path / "health.yml"
    playbook.write_text(GREETS)
    options["health"] = {**options["health"], "playbook": str(playbook)}
    outcome = four.module(MODULE, options)
    writes = {"CreateLaunchTemplate", "ImportKeyPair", "RunInstances", "TerminateInstances", "DeleteKeyPair"}
    outcome.expect(
        changed=True,
        writes={*writes, "PutParameter", "DeleteParameter", *(outcome.apply.writes.keys() & {"DeleteVolume"})},
        idle_reads=10,
    )
    assert (outcome.apply.result["outcome"], outcome.apply_again.result["outcome"]) == ("deployed", "unchanged")
    assert [one["check"] for one in outcome.apply.result["checks"]][-1] == "playbook"
    assert served.named(options["channel"]) == served.amis["1.0"]
    assert served.running() == []


@pytest.mark.night
def test_an_error_page_with_status_200_moves_nothing(four: Four, served: Served, options: dict[str, t.Any]) -> None:
    four.module(MODULE, options)
    bad = {**options, "version": "3.0", "timeout": 20}
    step = unhealthy(four, bad)
    assert f"answered 200 and says '{BROKEN}', which it must not" in step.result["msg"]
    assert step.result["console"]
    assert served.default(options["launch_template"]) == served.named(options["channel"]) == served.amis["1.0"]
    assert served.numbers(options["launch_template"]) == [1]
    assert served.running() == []


@pytest.fixture
def target_group(served: Served) -> t.Iterator[str]:
    """One that a load balancer forwards to, which asks its targets as often as it can."""
    elb, ec2, name = served.client("elbv2"), served.client("ec2"), f"web-{secrets.token_hex(3)}"
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    group = elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=80,
        VpcId=vpc["VpcId"],
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "0"}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"] if one["DefaultForAz"]]
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    forward = {"Type": "forward", "TargetGroupArn": group}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=18080, DefaultActions=[forward])
    yield group
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    elb.delete_target_group(TargetGroupArn=group)


def test_a_target_group_says_what_is_healthy(
    four: Four, served: Served, options: dict[str, t.Any], target_group: str
) -> None:
    given = {**options, "health": {"target_group": target_group}}
    outcome = four.module(MODULE, given)
    outcome.expect(
        changed=True,
        writes=EACH | {"RegisterTargets", "DeregisterTargets"} | (outcome.apply.writes.keys() & {"DeleteVolume"}),
        idle_reads=11,
    )
    told = {one["check"]: (one["healthy"], one["said"]) for one in outcome.apply.result["checks"]}
    assert told["target group"] == (True, "healthy")
    assert served.named(options["channel"]) == served.amis["1.0"]

    step = unhealthy(four, {**given, "version": "4.0", "timeout": 40})
    assert "unhealthy (Health checks failed with these codes: [500])" in step.result["msg"]
    assert served.default(options["launch_template"]) == served.named(options["channel"]) == served.amis["1.0"]
    assert served.client("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"] == []
    assert served.running() == []


def test_a_target_group_that_is_not_there_is_told_first(four: Four, options: dict[str, t.Any]) -> None:
    arn = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/web/0123456789abcdef"
    said = four.refused(MODULE, {**options, "health": {"target_group": arn}})
    assert "One or more target groups not found" in said


def test_a_group_is_replaced_by_real_machines_and_given_back(
    four: Four, served: Served, options: dict[str, t.Any], target_group: str
) -> None:
    ec2, scaling = served.client("ec2"), served.client("autoscaling")
    name = options["launch_template"]
    data = {"ImageId": served.amis["1.0"], "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        AvailabilityZones=[f"{REGION}a"],
        TargetGroupARNs=[target_group],
        HealthCheckType="ELB",
        HealthCheckGracePeriod=120,
    )

    def members() -> list[dict[str, t.Any]]:
        (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return [one for one in group["Instances"] if one["LifecycleState"] == "InService"]

    wait_for(lambda: len(members()) == 1, 120, "the group has its instance")
    group = {"name": name, "min_healthy_percentage": 0, "instance_warmup": 0}
    health = {**options["health"], "target_group": target_group}
    given = {**options, "version": "1.1", "auto_scaling_group": group, "health": health}
    outcome = four.module(MODULE, given)
    outcome.expect(
        changed=True,
        writes={
            "CreateLaunchTemplateVersion": 1,
            "StartInstanceRefresh": 1,
            "ModifyLaunchTemplate": 1,
            "PutParameter": 2,
            "DeleteParameter": 1,
        },
        idle_reads=14,
    )
    (member,) = members()
    assert member["LaunchTemplate"]["Version"] == "2"
    assert served.default(name) == served.named(options["channel"]) == served.amis["1.1"]

    step = unhealthy(four, {**given, "version": "3.0", "timeout": 20, "bake_time": 60})
    assert f"says '{BROKEN}', which it must not" in step.result["msg"]
    assert f"rollback of {name}: the group is back on version 2" in step.result["msg"]
    (member,) = members()
    assert member["LaunchTemplate"]["Version"] == "2"
    assert served.numbers(name) == [1, 2]
    assert served.default(name) == served.named(options["channel"]) == served.amis["1.1"]
