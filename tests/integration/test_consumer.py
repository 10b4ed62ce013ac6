# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account publishes and shares, another one takes, and launches by channel: with Ansible, Terraform and CloudFormation."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import secrets
import socket
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, run
from harness.four import Four
from harness.outcome import NAMES, Step
from harness.recorder import Recorder
from harness.terraform import CHANGES, EMPTY, Terraform, plugins, program
from harness.versions import Versions

CONSUMER = "444444444444"
REGION = "us-east-1"
READER = "OrganizationAccountAccessRole"
SERVICE_ROLE = f"arn:aws:iam::{CONSUMER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
CONSUMERS = CHECKOUT / "docs" / "consumers"
TAKE, SAY = "Take the version that the publisher shares", "Say what was taken"
# The lock, the record and the channel; and the lock is gone again.
MOVED = {"PutParameter": 3, "DeleteParameter": 1}


@dataclass
class Market:
    """An image of one test, its publisher and its consumer."""

    cloud: Cloud
    versions: Versions
    image: str = field(default_factory=lambda: f"shop-{secrets.token_hex(3)}")

    def publisher(self, service: str) -> t.Any:
        return self.versions.client(service)

    def consumer(self, service: str) -> t.Any:
        return self.versions.client(service, REGION, CONSUMER)

    def publish(self, version: str, *, share: tuple[str, ...] = ("image", "snapshot"), key: str | None = None) -> str:
        """A version that the publisher's channel prod names, shared with the consumer."""
        (image_id,) = self.versions.make(self.image, version, (self.versions.home, REGION))
        if key:
            image_id = self._encrypted(image_id, version, key)
        ec2, added = self.publisher("ec2"), {"Add": [{"UserId": CONSUMER}]}
        if "image" in share:
            ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=added)
        (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
        for mapping in image["BlockDeviceMappings"] if "snapshot" in share else []:
            ec2.modify_snapshot_attribute(
                SnapshotId=mapping["Ebs"]["SnapshotId"],
                Attribute="createVolumePermission",
                CreateVolumePermission=added,
            )
        name = f"/golden/{self.image}/prod"
        self.publisher("ssm").put_parameter(
            Name=name, Value=image_id, Type="String", DataType="aws:ec2:image", Overwrite=True
        )
        return image_id

    def _encrypted(self, source: str, version: str, key: str) -> str:
        ec2 = self.publisher("ec2")
        (told,) = ec2.describe_images(ImageIds=[source])["Images"]
        copy = str(
            ec2.copy_image(
                Name=f"{self.image}-{version}",
                SourceImageId=source,
                SourceRegion=REGION,
                Encrypted=True,
                KmsKeyId=key,
                TagSpecifications=[{"ResourceType": "image", "Tags": told["Tags"]}],
            )["ImageId"]
        )
        ec2.get_waiter("image_available").wait(ImageIds=[copy], WaiterConfig={"Delay": 1})
        return copy

    def key_for(self, *actions: str) -> str:
        """A key of the publisher's that lets one role of the consumer's do this with it, and nobody else there."""
        kms = self.publisher("kms")
        key = str(kms.create_key()["KeyMetadata"]["Arn"])
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        principal = {"AWS": f"arn:aws:iam::{CONSUMER}:role/{READER}"}
        allowed = [f"kms:{action}" for action in actions]
        policy["Statement"].append({"Effect": "Allow", "Principal": principal, "Action": allowed, "Resource": "*"})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        return key

    def named(self, parameter: str) -> str | None:
        """What a parameter of the image names in the consumer's account."""
        found = self.consumer("ssm").get_parameters(Names=[f"/golden/{self.image}/{parameter}"])["Parameters"]
        return str(found[0]["Value"]) if found else None

    def tags(self, image_id: str) -> dict[str, str]:
        (image,) = self.consumer("ec2").describe_images(ImageIds=[image_id])["Images"]
        return {tag["Key"]: tag["Value"] for tag in image.get("Tags", [])}

    def arguments(self, **given: str) -> list[str]:
        told = {"image": self.image, "channel": "prod", "golden_account": CONSUMER, "publisher": self.versions.home}
        return [word for name, value in {**told, **given}.items() for word in ("-e", f"{name}={value}")]

    def consume(self, **given: str) -> None:
        done = self.cloud.play("consume_ami.yml", *self.arguments(publisher_role=READER, **given))
        assert done.rc == 0, done.output

    def instance(self, instance_id: str) -> dict[str, t.Any]:
        (reservation,) = self.consumer("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"]
        return dict(reservation["Instances"][0])

    def boots(self, instance_id: str, image_id: str) -> dict[str, str]:
        """That a machine of this AMI has booted: something in it answers as sshd does. Its tags."""
        instance = self.instance(instance_id)
        assert (instance["State"]["Name"], instance["ImageId"]) == ("running", image_id)
        assert _banner(instance["PrivateIpAddress"]).startswith(b"SSH-2.0-")
        return {tag["Key"]: tag["Value"] for tag in instance["Tags"]}


def _banner(address: str, seconds: float = 60) -> bytes:
    end = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((address, 22), timeout=5) as connection:
                return connection.recv(64)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


@pytest.fixture
def market(cloud: Cloud) -> c.Iterator[Market]:
    """Afterwards nothing of it runs in the consumer's account."""
    made = Market(cloud, Versions(cloud))
    yield made
    name = f"{made.image}-prod"
    groups, ec2 = made.consumer("autoscaling"), made.consumer("ec2")
    for group in groups.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
        groups.delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        if template["LaunchTemplateName"].startswith(made.image):
            ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def test_the_other_account_follows_the_publishers_channel(four: Four, market: Market) -> None:
    """Without a copy: the parameters name the publisher's AMI, and the tags are the consumer's own."""
    image_id = market.publish("1.0")
    arguments = market.arguments(publisher_role=READER, image_consumer_launches="false")
    outcome = four.playbook("consume_ami.yml", *arguments)
    assert outcome.changed == [True, True, False, False]
    assert outcome.apply.writes == {"CreateTags": 1, **MOVED}
    assert outcome.apply_again.writes == {}
    for step in outcome.steps:
        told = step.task(TAKE)
        assert (told["version"], told["image_id"], told["publisher_account"]) == ("1.0", image_id, market.versions.home)
        assert f"account {CONSUMER}, Region {REGION}" in " ".join(step.output.split())
    assert (market.named("versions/1.0"), market.named("prod")) == (image_id, image_id)
    tags = market.tags(image_id)
    assert (tags["golden:image"], tags["golden:version"]) == (market.image, "1.0")
    assert tags["golden:publisher"] == f"{market.versions.home}/{REGION}/{image_id}"
    (theirs,) = market.publisher("ec2").describe_images(ImageIds=[image_id])["Images"]
    assert "golden:publisher" not in {tag["Key"] for tag in theirs["Tags"]}
    newer = market.publish("1.1")
    market.consume(image_consumer_launches="false")
    assert (market.named("versions/1.0"), market.named("prod")) == (image_id, newer)


def test_a_copy_of_ones_own_by_a_key_of_ones_own(four: Four, market: Market) -> None:
    """Without a way into the publisher's account: somebody has said which version and which AMI."""
    image_id = market.publish("1.0")
    key = market.consumer("kms").create_key()["KeyMetadata"]["Arn"]
    arguments = market.arguments(
        version="1.0",
        image_publisher_ami=image_id,
        image_consumer_copies="true",
        image_consumer_kms_key=key,
        image_consumer_launches="false",
    )
    outcome = four.playbook("consume_ami.yml", *arguments, unknown={"image_id"})
    assert outcome.changed == [True, True, False, False]
    assert outcome.apply.writes == {"CreateGrant": 1, "CopyImage": 1, **MOVED}
    assert outcome.apply_again.writes == {}
    assert outcome.check.task(TAKE)["image_id"] is None
    copy = outcome.apply.task(TAKE)["image_id"]
    assert (market.named("versions/1.0"), market.named("prod")) == (copy, copy)
    (image,) = market.consumer("ec2").describe_images(ImageIds=[copy])["Images"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    (told,) = market.consumer("ec2").describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert (image["OwnerId"], told["KmsKeyId"]) == (CONSUMER, key)
    (grant,) = market.consumer("kms").list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == SERVICE_ROLE


PLAY = """
- name: A consumer
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read
      ansible.builtin.debug:
        msg: "{{{{ lookup('golden.ami.channel', '{image}', channel='prod', profile='golden-local-{account}') }}}}"
"""


def test_ansible_launches_by_channel_with_a_grant_and_the_inventory_groups(market: Market, tmp_path: Path) -> None:
    """Of the publisher's key only one role of the consumer may make use: Auto Scaling can by the grant alone."""
    key = market.key_for("DescribeKey", "CreateGrant", "ListGrants", "Decrypt")
    image_id = market.publish("1.0", key=key)
    market.consume()
    (group,) = market.consumer("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[f"{market.image}-prod"]
    )["AutoScalingGroups"]
    (member,) = group["Instances"]
    tags = market.boots(member["InstanceId"], image_id)
    assert (tags["golden:image"], tags["golden:channel"], tags["golden:version"]) == (market.image, "prod", "1.0")

    play = tmp_path / "consumer.yml"
    play.write_text(PLAY.format(image=market.image, account=CONSUMER))
    done = market.cloud.play(str(play))
    assert done.rc == 0 and image_id in done.output, done.output

    inventory = CHECKOUT / "inventories" / "consumer.aws_ec2.yml"
    environment = {**market.cloud.environment, **market.versions.session(CONSUMER)}
    told = run(["ansible-inventory", "-i", str(inventory), "--list"], tmp_path, environment)
    assert told.rc == 0, told.output
    groups = json.loads(told.output[told.output.index("{") :])
    image = market.image.replace("-", "_")
    for name in (f"image_{image}", "version_1_0", "channel_prod", f"{image}_prod"):
        assert member["InstanceId"] in groups[name]["hosts"], name


@pytest.mark.night
def test_cloudformation_launches_by_channel(market: Market) -> None:
    image_id = market.publish("1.0")
    market.consume(image_consumer_launches="false")
    stacks, name = market.consumer("cloudformation"), market.image
    given = {"Channel": f"/golden/{market.image}/prod", "ImageName": market.image, "InstanceType": "t3.micro"}
    body = (CONSUMERS / "cloudformation" / "consumer.yml").read_text()
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    stacks.create_stack(StackName=name, TemplateBody=body, Parameters=parameters)
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        tags = market.boots(outputs["InstanceId"], image_id)
        assert (tags["golden:image"], tags["golden:channel"]) == (market.image, "prod")
        assert tags["aws:cloudformation:stack-name"] == name
    finally:
        stacks.delete_stack(StackName=name)
        stacks.get_waiter("stack_delete_complete").wait(
            StackName=stacks.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
            if _is_there(stacks, name)
            else name,
            WaiterConfig={"Delay": 1, "MaxAttempts": 120},
        )
    assert market.instance(outputs["InstanceId"])["State"]["Name"] == "terminated"


def _is_there(stacks: t.Any, name: str) -> bool:
    with contextlib.suppress(stacks.exceptions.ClientError):
        return bool(stacks.describe_stacks(StackName=name)["Stacks"])
    return False


@pytest.mark.terraform
@pytest.mark.skipif(
    program() is None or plugins() is None,
    reason="no terraform with the AWS provider here: what it makes of a channel is not shown",
)
def test_terraform_launches_by_channel(market: Market, tmp_path: Path) -> None:
    first = market.publish("1.0")
    market.consume(image_consumer_launches="false")
    given = {"image": market.image, "channel": "prod", "instance_type": "t3.micro", "publisher": market.versions.home}
    terraform = Terraform(market.cloud, tmp_path, given, market.versions.session(CONSUMER))
    terraform.add(CONSUMERS / "terraform" / "main.tf")
    terraform.init()
    try:
        terraform.apply()
        tags = market.boots(terraform.outputs()["instance_id"], first)
        assert (tags["golden:image"], tags["golden:channel"], tags["golden:version"]) == (market.image, "prod", "1.0")
        assert terraform.plan().rc == EMPTY
        second = market.publish("1.1")
        market.consume(image_consumer_launches="false")
        assert terraform.plan().rc == CHANGES
        terraform.apply()
        told = terraform.outputs()
        assert told["image_id"] == second
        assert market.boots(told["instance_id"], second)["golden:version"] == "1.1"
    finally:
        terraform.destroy()
    assert market.instance(told["instance_id"])["State"]["Name"] == "terminated"


def refused(four: Four, market: Market, **given: str) -> str:
    """What the playbook says that must fail: in check mode the same, and nothing is written."""
    words = []
    for name, more in zip(NAMES, (["--check"], []), strict=False):
        recorder = Recorder(four.cloud, four.directory)
        arguments = [*market.arguments(**given), *more]
        step: Step = recorder.playbook(name, "consume_ami.yml", *arguments, cwd=CHECKOUT, environment={})
        assert step.failed, step.output
        assert step.writes == {}, step.output
        words.append([str(task.result["msg"]) for task in step.tasks if task.status == "failed"])
    assert words[0] == words[1]
    return words[0][-1]


def test_what_can_not_be_taken_is_told_before_anything_is_written(four: Four, market: Market) -> None:
    role = {"publisher_role": READER}
    hidden = market.publish("1.0", share=())
    said = refused(four, market, **role)
    assert f"Account {CONSUMER} sees no AMI {hidden} in {REGION}" in said
    said = refused(four, market, **role, golden_account="")
    assert f"these are credentials of account {market.versions.home} itself" in said
    market.publish("1.1", share=("image",))
    said = refused(four, market, **role, image_consumer_copies="true")
    assert "its snapshots are not" in said
    key = market.key_for()
    market.publish("1.2", key=key)
    said = refused(four, market, **role)
    assert f"is encrypted with {key}, which account {CONSUMER} may not use" in said
    market.publish("1.3")
    said = refused(four, market, **role, image_consumer_copies="true", image_consumer_kms_key="alias/none")
    assert f"kms_key: account {CONSUMER} has no key alias/none" in said
    said = refused(four, market, image_consumer_launches="false")
    assert "version: without publisher_role" in said
    assert (market.named("prod"), market.named("versions/1.3")) == (None, None)
