# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody needs goes stage by stage; what is in use stays, and so does what could not be asked about."""

from __future__ import annotations

import collections.abc as c
import contextlib
import datetime
import secrets
import time
import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.golden.ami.plugins.module_utils._inside import store
from harness.cloud import Cloud
from harness.faults import faults
from harness.four import Four
from harness.insides import BEFORE, kept
from harness.planted_amis import HOME_REGION, OTHER, OTHER_REGION, Amis

PRUNE = "golden.ami.ami_prune"
NO_DAYS = {"keep": 0, "disable_after": 0, "delete_after": 0}
# A deletion takes the lock of the image's channels and gives it back.
LOCK = {"PutParameter": 1, "DeleteParameter": 1}
DELETION = {"DeregisterImage": 1, **LOCK}


@dataclass
class Planted:
    """Two AMIs of one image that both are disabled for long: one is to be used, the other goes."""

    amis: Amis
    used: str
    other: str

    @property
    def ec2(self) -> t.Any:
        return self.amis.client("ec2")

    @property
    def ssm(self) -> t.Any:
        return self.amis.client("ssm")

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        return {"images": [self.amis.image], "keep": 0, "delete_after": 14, **more}


def disabled(amis: Amis, region: str = HOME_REGION, account: str | None = None, days: float = 40) -> str:
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    image_id = amis.plant(region, account, **{"golden:disabled-at": since.isoformat()})
    amis.client("ec2", region, account).disable_image(ImageId=image_id)
    return image_id


@pytest.fixture
def planted(cloud: Cloud) -> Planted:
    amis = Amis(cloud)
    return Planted(amis, disabled(amis), disabled(amis))


def actions(result: dict[str, t.Any]) -> dict[str, str]:
    return {one["image_id"]: one["action"] for one in result["images"]}


def reason(result: dict[str, t.Any], image_id: str) -> str:
    return next(str(one["reason"]) for one in result["images"] if one["image_id"] == image_id)


def running(ec2: t.Any, made: dict[str, t.Any]) -> str:
    """The id of an instance that was launched, when it runs: its state is in what is said of it."""
    instance_id = str(made["Instances"][0]["InstanceId"])
    waiter = ec2.get_waiter("instance_running")
    waiter.wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    return instance_id


def planted_in_turn(amis: Amis) -> tuple[str, str, str]:
    """A disabled one and two others, each made in another second: EC2 tells no smaller part."""
    made = []
    for plant in (disabled, Amis.plant, Amis.plant):
        made.append(plant(amis))
        time.sleep(1.1)
    return made[0], made[1], made[2]


def states(ec2: t.Any, *image_ids: str) -> dict[str, str]:
    found = ec2.describe_images(
        Owners=["self"],
        IncludeDeprecated=True,
        IncludeDisabled=True,
        Filters=[{"Name": "image-id", "Values": list(image_ids)}],
    )
    return {one["ImageId"]: one["State"] for one in found["Images"]}


def test_each_stage_takes_its_own(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    ec2 = amis.client("ec2")
    gone, old, newest = planted_in_turn(amis)
    snapshot = amis.snapshot(gone)
    record = f"/golden/{amis.image}/versions/{amis.version}"
    amis.client("ssm").put_parameter(Name=record, Value=gone, Type="String")
    inside = store.write(amis.client("ssm"), amis.image, amis.version, kept(BEFORE))
    outcome = four.module(PRUNE, {"images": [amis.image], "keep": 1, "delete_after": 14})
    writes = {"EnableImageDeprecation": 1, "DeleteParameters": 1, **DELETION}
    outcome.expect(changed=True, writes=writes, idle_reads=20)
    result = outcome.apply.result
    assert actions(result) == {gone: "delete", old: "deprecate", newest: "keep"}
    assert result["deleted_snapshots"] == [snapshot]
    assert reason(result, newest) == f"one of the newest 1 of {amis.image}"
    assert result["unread"] == []
    assert states(ec2, gone, old, newest) == {old: "available", newest: "available"}
    assert not ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": [snapshot]}])["Snapshots"]
    assert not amis.client("ssm").get_parameters(Names=[record, *inside])["Parameters"]
    (waiting,) = [one for one in outcome.apply_again.result["images"] if one["image_id"] == old]
    assert "is disabled from" in waiting["reason"]


def test_without_days_all_stages_follow_at_once(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    gone = amis.plant()
    outcome = four.module(PRUNE, {"images": [amis.image], **NO_DAYS})
    stages = {"EnableImageDeprecation": 1, "DisableImage": 1, "CreateTags": 1}
    outcome.expect(changed=True, writes={**stages, **DELETION}, idle_reads=2)
    assert states(amis.client("ec2"), gone) == {}


@dataclass
class Uses:
    """Each method uses an AMI, and says by which words that is told. An AMI is used before it is disabled, where it must be."""

    amis: Amis

    @property
    def ec2(self) -> t.Any:
        return self.amis.client("ec2")

    @property
    def ssm(self) -> t.Any:
        return self.amis.client("ssm")

    def by_instance(self, image_id: str) -> str:
        self.ec2.enable_image(ImageId=image_id)
        made = self.ec2.run_instances(ImageId=image_id, InstanceType="t3.small", MinCount=1, MaxCount=1)
        self.ec2.disable_image(ImageId=image_id)
        return f"instance {running(self.ec2, made)}"

    def by_template(self, image_id: str) -> str:
        name = f"t-{secrets.token_hex(4)}"
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": image_id})
        return f"launch-template {made['LaunchTemplate']['LaunchTemplateId']}"

    def by_stale_template_version(self, image_id: str) -> str:
        template = self.by_template(image_id).split()[1]
        new = {"ImageId": "ami-00000000000000abc"}
        self.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=new)
        self.ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
        return f"launch-template-version {template}:1"

    def by_group(self, image_id: str) -> str:
        """Without machines: it would launch them tomorrow."""
        name = f"t-{secrets.token_hex(4)}"
        data = {"ImageId": image_id, "InstanceType": "t3.small"}
        self.ec2.enable_image(ImageId=image_id)
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        template = made["LaunchTemplate"]["LaunchTemplateId"]
        self.amis.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=[f"{HOME_REGION}a"],
        )
        # Of the template the group's version is neither the default nor the latest one.
        new = {"ImageId": "ami-00000000000000abc"}
        self.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=new)
        self.ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
        self.ec2.disable_image(ImageId=image_id)
        return f"auto-scaling-group {name} (launch template {name} version 1)"

    def by_parameter(self, image_id: str) -> str:
        name = f"/apps/{self.amis.image}/ami"
        self.ssm.put_parameter(Name=name, Value=image_id, Type="String")
        return f"ssm-parameter {name}"

    def by_channel(self, image_id: str) -> str:
        self.ssm.put_parameter(Name=f"/golden/{self.amis.image}/prod", Value=image_id, Type="String")
        return f"channel prod of {self.amis.image} names it"

    def by_lock(self, image_id: str) -> str:
        self.ec2.create_tags(Resources=[image_id], Tags=[{"Key": "golden:keep", "Value": "audit"}])
        return "locked by the tag golden:keep (audit)"

    def by_protection(self, image_id: str) -> str:
        self.ec2.enable_image(ImageId=image_id)
        self.ec2.enable_image_deregistration_protection(ImageId=image_id)
        self.ec2.disable_image(ImageId=image_id)
        return "deregistration protection is on"

    def by_other_account(self, image_id: str) -> str:
        self.ec2.enable_image(ImageId=image_id)
        self.ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}]})
        other = self.amis.client("ec2", account=OTHER)
        made = other.run_instances(ImageId=image_id, InstanceType="t3.small", MinCount=1, MaxCount=1)
        self.ec2.disable_image(ImageId=image_id)
        return f"instance {running(other, made)}"

    def all(self) -> dict[str, str]:
        """An AMI for each way to use one, with the words."""
        ways = (
            self.by_instance,
            self.by_template,
            self.by_stale_template_version,
            self.by_group,
            self.by_parameter,
            self.by_channel,
            self.by_lock,
            self.by_protection,
            self.by_other_account,
        )
        found = {}
        for way in ways:
            image_id = disabled(self.amis)
            found[image_id] = way(image_id)
        return found

    def end(self, said: c.Collection[str]) -> None:
        for name in (one.split()[1] for one in said if one.startswith("auto-scaling-group ")):
            self.amis.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name)
        for client in (self.ec2, self.amis.client("ec2", account=OTHER)):
            told = [one.split()[1] for one in said if one.startswith("instance ")]
            found = client.describe_instances(Filters=[{"Name": "instance-id", "Values": told}])["Reservations"]
            for reservation in found:
                client.terminate_instances(InstanceIds=[reservation["Instances"][0]["InstanceId"]])


def test_what_is_in_use_stays_and_says_how(four: Four, cloud: Cloud) -> None:
    """Each kind of use, beside one AMI that nobody uses."""
    uses = Uses(Amis(cloud))
    gone = disabled(uses.amis)
    said = uses.all()
    try:
        # The last launch would keep some of them without a look at who uses them.
        options = {"images": [uses.amis.image], "keep": 0, "launched_within": 0, "accounts": [uses.amis.account, OTHER]}
        outcome = four.module(PRUNE, options)
        outcome.expect(changed=True, writes=DELETION, idle_reads=60)
        result = outcome.apply.result
        assert actions(result) == {gone: "delete", **dict.fromkeys(said, "keep")}
        assert {one: words in reason(result, one) for one, words in said.items()} == dict.fromkeys(said, True)
        assert states(uses.ec2, gone, *said) == dict.fromkeys(said, "disabled")
    finally:
        uses.end(said.values())


def test_a_usage_report_tells_of_an_account_that_is_not_looked_at(four: Four, planted: Planted) -> None:
    """EC2 has taken the permission away with the disabling, and what that account launched runs on."""
    uses = Uses(planted.amis)
    instance = uses.by_other_account(planted.used)
    try:
        wanted = [{"ResourceType": "ec2:Instance"}]
        planted.ec2.create_image_usage_report(ImageId=planted.used, ResourceTypes=wanted)
        outcome = four.module(PRUNE, planted.options(launched_within=0))
        outcome.expect(changed=True, writes=DELETION, idle_reads=30)
        assert actions(outcome.apply.result) == {planted.used: "keep", planted.other: "delete"}
        assert reason(outcome.apply.result, planted.used).startswith(f"account {OTHER} (1 ec2:Instance, report of ")
    finally:
        uses.end([instance])


def test_the_last_launch_keeps_it(four: Four, planted: Planted) -> None:
    """Also when the instance is gone."""
    name = Uses(planted.amis).by_instance(planted.used).split()[1]
    planted.ec2.terminate_instances(InstanceIds=[name])
    until = time.monotonic() + 60
    while _state(planted.ec2, name) != "terminated" and time.monotonic() < until:
        time.sleep(0.2)
    outcome = four.module(PRUNE, planted.options())
    outcome.expect(changed=True, writes=DELETION, idle_reads=2)
    assert "last launched on" in reason(outcome.apply.result, planted.used)


def _state(ec2: t.Any, instance: str) -> str:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return str(reservation["Instances"][0]["State"]["Name"])


@pytest.mark.parametrize(
    ("source", "operation", "asked"),
    [
        ("instances", "DescribeInstances", {}),
        ("ssm-parameters", "DescribeParameters", {"ParameterFilters.Key": "Type"}),
        ("image-builder", "DescribeImageReferences", {}),
        ("channels", "DescribeParameters", {"ParameterFilters.Key": "Path"}),
    ],
)
def test_what_cannot_be_read_keeps_them_all(
    four: Four, cloud: Cloud, planted: Planted, source: str, operation: str, asked: dict[str, str]
) -> None:
    with faults(cloud, operation, "error", code="UnauthorizedOperation", times=1000, parameters=asked):
        outcome = four.module(PRUNE, planted.options())
        outcome.expect(changed=False, writes={}, idle_reads=40)
    for image_id in (planted.used, planted.other):
        said = reason(outcome.apply.result, image_id)
        assert said.startswith(f"{source} of {planted.amis.account} in {HOME_REGION} could not be read (")
        assert "UnauthorizedOperation" in said
    assert [one["source"] for one in outcome.apply.result["unread"]] == [source]
    assert set(states(planted.ec2, planted.used, planted.other).values()) == {"disabled"}


# Of these the local cloud has none, and lets nobody make one; it can refuse to tell. What they keep when there are some is in the
# module's unit tests.
NEVER_HERE = {
    "launch-configurations": "DescribeLaunchConfigurations",
    "spot-requests": "DescribeSpotInstanceRequests",
    "spot-fleets": "DescribeSpotFleetRequests",
    "fleets": "DescribeFleets",
}


def test_what_starts_instances_and_cannot_be_read_keeps_them_unless_that_is_accepted(
    four: Four, cloud: Cloud, planted: Planted
) -> None:
    with contextlib.ExitStack() as denied:
        for operation in NEVER_HERE.values():
            denied.enter_context(faults(cloud, operation, "error", code="UnauthorizedOperation", times=1000))
        outcome = four.module(PRUNE, planted.options())
        outcome.expect(changed=False, writes={}, idle_reads=40)
        assert {one["source"] for one in outcome.apply.result["unread"]} == set(NEVER_HERE)
        assert reason(outcome.apply.result, planted.used).endswith("; and 1 more")
        some = four.module(PRUNE, planted.options(accept_unread=list(NEVER_HERE)[1:]))
        some.expect(changed=False, writes={}, idle_reads=40)
        assert reason(some.apply.result, planted.used).startswith("launch-configurations of ")
        outcome = four.module(PRUNE, planted.options(accept_unread=list(NEVER_HERE)))
        outcome.expect(changed=True, writes={**DELETION, "DeregisterImage": 2}, idle_reads=2)
        assert {one["source"] for one in outcome.apply.result["unread"] if one["accepted"]} == set(NEVER_HERE)


def test_copies_in_two_accounts_and_three_regions_go_together(four: Four, cloud: Cloud) -> None:
    amis = Amis(cloud)
    places = [(HOME_REGION, None), (OTHER_REGION, None), ("ap-southeast-2", None), (OTHER_REGION, OTHER)]
    ids = [disabled(amis, region, account) for region, account in places]
    options = {
        "images": [amis.image],
        "keep": 0,
        "regions": [HOME_REGION, OTHER_REGION, "ap-southeast-2"],
        "accounts": [amis.account, OTHER],
        "copies": True,
    }
    far = amis.client("ssm", OTHER_REGION, OTHER)
    far.put_parameter(Name=f"/apps/{amis.image}", Value=ids[3], Type="String")
    outcome = four.module(PRUNE, options)
    outcome.expect(changed=False, writes={}, idle_reads=100)
    assert "its copy" in reason(outcome.apply.result, ids[0])
    far.delete_parameter(Name=f"/apps/{amis.image}")
    outcome = four.module(PRUNE, options)
    outcome.expect(changed=True, writes={"DeregisterImage": 4, "PutParameter": 4, "DeleteParameter": 4}, idle_reads=9)
    assert actions(outcome.apply.result) == dict.fromkeys(ids, "delete")


def test_a_version_of_several_builders_goes_with_its_records(four: Four, cloud: Cloud) -> None:
    """The name of an image may have several parts."""
    amis = Amis(cloud, image=f"team/web-{secrets.token_hex(3)}")
    names = [f"/golden/{amis.image}/versions/{amis.version}/amazon-ebs.{one}" for one in ("base", "more")]
    for name in names:
        amis.client("ssm").put_parameter(Name=name, Value=disabled(amis), Type="String")
    outcome = four.module(PRUNE, {"images": [amis.image], "keep": 0})
    outcome.expect(changed=True, writes={"DeleteParameters": 1, "DeregisterImage": 2, **LOCK}, idle_reads=2)
    assert not amis.client("ssm").get_parameters(Names=names)["Parameters"]


def test_a_revoked_version_is_none_of_those_that_are_kept(four: Four, cloud: Cloud) -> None:
    """Whichever is newer: what was not revoked stays, and nothing of the revocation is left of what goes."""
    amis, bad = Amis(cloud), Amis(cloud)
    bad.image, bad.version = amis.image, f"{bad.version}-bad"
    kept = amis.plant()
    time.sleep(1.1)
    gone = bad.plant()
    ssm, prod = amis.client("ssm"), f"/golden/{amis.image}/prod"
    for value in (kept, gone):
        ssm.put_parameter(Name=prod, Value=value, Type="String", Overwrite=True)
    ssm.put_parameter(Name=f"/golden/{amis.image}/versions/{amis.version}", Value=kept, Type="String")
    revocation = {"image": amis.image, "version": bad.version}
    _run, (_check, revoked) = four._recorder.tasks("golden.ami.ami_revoke", revocation, 2, {})
    assert revoked.changed
    options = {"images": [amis.image], "keep": 1, "keep_in_channel": 1, "launched_within": 0}
    outcome = four.module(PRUNE, options)
    outcome.expect(changed=False, writes={}, idle_reads=20)
    assert (
        reason(outcome.apply.result, kept)
        == f"channel prod of {amis.image} names it; one of the newest 1 of {amis.image}"
    )
    assert reason(outcome.apply.result, gone).startswith("it is revoked; disabled since")
    outcome = four.module(PRUNE, {**options, "delete_after": 0})
    outcome.expect(changed=True, writes={**DELETION, "DeleteParameters": 1}, idle_reads=2)
    assert actions(outcome.apply.result) == {kept: "keep", gone: "delete"}
    left = ssm.get_parameters_by_path(Path=f"/golden/{amis.image}", Recursive=True)["Parameters"]
    assert sorted(one["Name"] for one in left) == [prod, f"/golden/{amis.image}/versions/{amis.version}"]


def test_stale_versions_of_launch_templates_go_along(four: Four, planted: Planted) -> None:
    Uses(planted.amis).by_stale_template_version(planted.used)
    outcome = four.module(PRUNE, planted.options(launch_template_versions=True))
    writes = {**DELETION, "DeregisterImage": 2, "DeleteLaunchTemplateVersions": 1}
    outcome.expect(changed=True, writes=writes, idle_reads=2)


def test_what_is_denied_half_way_is_told_and_goes_on_later(four: Four, cloud: Cloud, planted: Planted) -> None:
    with faults(cloud, "DeregisterImage", "error", code="UnauthorizedOperation", times=1):
        _run, (_check, apply) = four._recorder.tasks(PRUNE, planted.options(), 2, {})
    assert apply.failed
    assert len(apply.result["failed_images"]) == 1
    assert "run the task again" in apply.result["msg"]
    assert len(states(planted.ec2, planted.used, planted.other)) == 1
    four.module(PRUNE, planted.options()).expect(changed=True, writes=DELETION, idle_reads=2)


def test_what_cannot_be_meant_is_refused(four: Four) -> None:
    four.refuses(
        PRUNE,
        {
            "Which AMIs?": {},
            "not a Region": {"images": ["web"], "regions": ["eu-west-9"]},
            "no-such-filter": {"filters": {"no-such-filter": "x"}},
        },
    )
