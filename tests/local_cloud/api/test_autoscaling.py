# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups: real launches from a launch template, kept in number, replaced when asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from golden_cloud.api.autoscaling.group import Group, Member

CHANNEL = "/golden/wordpress/prod"


@pytest.fixture
def scaling(cloud: Any) -> Any:
    return cloud.client("autoscaling")


@pytest.fixture
def template(ec2: Any, ssm: Any, make_image: Any) -> str:
    """A launch template that follows a channel."""
    ssm.put_parameter(Name=CHANNEL, Value=make_image(), Type="String", DataType="aws:ec2:image")
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": f"resolve:ssm:{CHANNEL}", "InstanceType": "t3.micro"},
    )
    return "web"


@pytest.fixture
def make_group(scaling: Any, template: str) -> Callable[..., None]:
    def _make_group(**more: Any) -> None:
        asked = {
            "AutoScalingGroupName": "web",
            "LaunchTemplate": {"LaunchTemplateName": template, "Version": "$Latest"},
            "MinSize": 0,
            "MaxSize": 4,
            "DesiredCapacity": 2,
            "AvailabilityZones": ["us-east-1a"],
        }
        scaling.create_auto_scaling_group(**asked | more)

    return _make_group


def _group(scaling: Any) -> dict[str, Any]:
    (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
    return dict(found)


def _in_service(scaling: Any) -> list[str]:
    return [i["InstanceId"] for i in _group(scaling)["Instances"] if i["LifecycleState"] == "InService"]


def _until(true: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("it never came true")
    return None


def test_a_group_launches_what_it_wants_and_replaces_what_dies(
    cloud: Any, ec2: Any, scaling: Any, make_group: Any, ssm: Any
) -> None:
    tags = [{"Key": "team", "Value": "web", "PropagateAtLaunch": True}, {"Key": "own", "PropagateAtLaunch": False}]
    make_group(Tags=tags)
    first = _until(lambda: len(_in_service(scaling)) == 2 and _in_service(scaling))
    image_id = ssm.get_parameter(Name=CHANNEL)["Parameter"]["Value"]
    found = [i for r in ec2.describe_instances(InstanceIds=first)["Reservations"] for i in r["Instances"]]
    assert {i["ImageId"] for i in found} == {image_id}
    told = {t["Key"]: t["Value"] for t in found[0]["Tags"]}
    assert (told["aws:autoscaling:groupName"], told["team"], "own" in told) == ("web", "web", False)
    assert told["aws:ec2launchtemplate:version"] == "1"
    ec2.terminate_instances(InstanceIds=[first[0]])
    _until(lambda: len(_in_service(scaling)) == 2 and first[0] not in _in_service(scaling))
    # One that shut itself down is not healthy.
    ec2.stop_instances(InstanceIds=[first[1]])
    _until(lambda: len(_in_service(scaling)) == 2 and first[1] not in _in_service(scaling))
    members = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert {m["AutoScalingGroupName"] for m in members} == {"web"}
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    _until(lambda: len(_group(scaling)["Instances"]) == 1)
    (left,) = _in_service(scaling)
    cloud.restart()
    scaling = cloud.client("autoscaling")
    assert _in_service(scaling) == [left]
    assert {t["Key"] for t in _group(scaling)["Tags"]} == {"team", "own"}


def test_a_group_is_deleted_empty_or_by_force(
    ec2: Any, scaling: Any, make_group: Any, refused: Any, state_of: Any
) -> None:
    make_group(DesiredCapacity=1)
    (instance,) = _until(lambda: _in_service(scaling))
    with refused("ResourceInUse"):
        scaling.delete_auto_scaling_group(AutoScalingGroupName="web")
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    _until(lambda: not scaling.describe_auto_scaling_groups()["AutoScalingGroups"])
    _until(lambda: state_of(instance) == "terminated")
    make_group(DesiredCapacity=0)
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web")
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_refresh_brings_what_the_channel_names_now(
    ec2: Any, ssm: Any, scaling: Any, make_group: Any, make_image: Any, refused: Any
) -> None:
    make_group()
    old = _until(lambda: len(_in_service(scaling)) == 2 and _in_service(scaling))
    newer = make_image("wordpress-2")
    ssm.put_parameter(Name=CHANNEL, Value=newer, Type="String", DataType="aws:ec2:image", Overwrite=True)
    refresh = scaling.start_instance_refresh(
        AutoScalingGroupName="web", Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0}
    )["InstanceRefreshId"]

    def told() -> dict[str, Any]:
        (found,) = scaling.describe_instance_refreshes(AutoScalingGroupName="web", InstanceRefreshIds=[refresh])[
            "InstanceRefreshes"
        ]
        return dict(found)

    _until(lambda: told()["Status"] == "Successful")
    assert (told()["PercentageComplete"], told()["InstancesToUpdate"]) == (100, 0)
    now = _until(lambda: len(_in_service(scaling)) == 2 and _in_service(scaling))
    assert not set(now) & set(old)
    assert {i["ImageId"] for r in ec2.describe_instances(InstanceIds=now)["Reservations"] for i in r["Instances"]} == {
        newer
    }
    with refused("ActiveInstanceRefreshNotFound"):
        scaling.cancel_instance_refresh(AutoScalingGroupName="web")


def test_one_refresh_at_a_time(scaling: Any, make_group: Any, refused: Any) -> None:
    make_group(DesiredCapacity=1)
    _until(lambda: _in_service(scaling))
    scaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"InstanceWarmup": 3600})
    with refused("InstanceRefreshInProgress"):
        scaling.start_instance_refresh(AutoScalingGroupName="web")
    scaling.cancel_instance_refresh(AutoScalingGroupName="web")
    (refresh,) = scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]
    assert refresh["Status"] == "Cancelled"


@pytest.fixture
def numbered(ec2: Any, scaling: Any, make_group: Any, make_image: Any) -> Callable[[], list[str]]:
    """A group of two that launches from version 2 of its template, and a version 3 with another AMI; its instances."""

    def make() -> list[str]:
        for name in ("wordpress-1", "wordpress-2"):
            data = {"ImageId": make_image(name), "InstanceType": "t3.micro"}
            ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=data)
        make_group(LaunchTemplate={"LaunchTemplateName": "web", "Version": "2"})
        found: list[str] = _until(lambda: len(_in_service(scaling)) == 2 and _in_service(scaling))
        return found

    return make


def _refreshed_to(scaling: Any, version: str, **preferences: Any) -> Callable[[], dict[str, Any]]:
    """Start a refresh; what is told of it from then on."""
    refresh = scaling.start_instance_refresh(
        AutoScalingGroupName="web",
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "web", "Version": version}},
        Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0, "AutoRollback": True, **preferences},
    )["InstanceRefreshId"]

    def told() -> dict[str, Any]:
        (found,) = scaling.describe_instance_refreshes(AutoScalingGroupName="web", InstanceRefreshIds=[refresh])[
            "InstanceRefreshes"
        ]
        return dict(found)

    return told


def _versions(scaling: Any) -> list[str]:
    return sorted(
        i["LaunchTemplate"]["Version"] for i in _group(scaling)["Instances"] if i["LifecycleState"] == "InService"
    )


def test_a_refresh_waits_at_its_checkpoint_and_goes_back_when_it_is_told(
    scaling: Any, numbered: Any, refused: Any
) -> None:
    first = numbered()
    told = _refreshed_to(scaling, "3", CheckpointPercentages=[50, 100], CheckpointDelay=3600)
    _until(lambda: _versions(scaling) == ["2", "3"])
    time.sleep(0.5)
    assert (told()["Status"], _versions(scaling)) == ("InProgress", ["2", "3"])
    scaling.rollback_instance_refresh(AutoScalingGroupName="web")
    with refused("ActiveInstanceRefreshNotFound"):
        scaling.rollback_instance_refresh(AutoScalingGroupName="web")
    _until(lambda: told()["Status"] == "RollbackSuccessful")
    assert _versions(scaling) == ["2", "2"]
    assert set(_in_service(scaling)) & set(first)
    assert _group(scaling)["LaunchTemplate"]["Version"] == "2"
    assert told()["RollbackDetails"]["RollbackReason"] == "Rollback was asked for."


def test_a_refresh_goes_on_after_a_checkpoint_and_bakes(scaling: Any, numbered: Any) -> None:
    numbered()
    told = _refreshed_to(scaling, "3", CheckpointPercentages=[50, 100], CheckpointDelay=0, BakeTime=2)
    _until(lambda: told()["Status"] == "Baking")
    assert _versions(scaling) == ["3", "3"]
    assert _group(scaling)["LaunchTemplate"]["Version"] == "2"
    _until(lambda: told()["Status"] == "Successful")
    assert _group(scaling)["LaunchTemplate"]["Version"] == "3"


def test_a_refresh_that_can_launch_nothing_goes_back_by_itself(ec2: Any, scaling: Any, numbered: Any) -> None:
    first = numbered()
    ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="3", LaunchTemplateData={"KeyName": "of-nobody"}
    )
    told = _refreshed_to(scaling, "4")
    _until(lambda: told()["Status"] == "RollbackSuccessful", 90)
    assert "launches in a row failed" in told()["StatusReason"]
    assert (_versions(scaling), bool(set(_in_service(scaling)) & set(first))) == (["2", "2"], True)


def test_without_a_numbered_version_there_is_no_way_back(scaling: Any, make_group: Any, refused: Any) -> None:
    make_group(DesiredCapacity=1)
    _until(lambda: _in_service(scaling))
    scaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"InstanceWarmup": 3600})
    with refused("IrreversibleInstanceRefresh"):
        scaling.rollback_instance_refresh(AutoScalingGroupName="web")


def test_a_launch_that_fails_is_told_and_tried_again(
    ec2: Any, ssm: Any, scaling: Any, make_group: Any, make_image: Any
) -> None:
    make_group(DesiredCapacity=0)
    image_id = ssm.get_parameter(Name=CHANNEL)["Parameter"]["Value"]
    ec2.deregister_image(ImageId=image_id)
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    (activity, *_more) = _until(lambda: scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"])
    assert activity["StatusCode"] == "Failed"
    assert "InvalidAMIID.Unavailable" in activity["StatusMessage"]
    newer = make_image("wordpress-2")
    ssm.put_parameter(Name=CHANNEL, Value=newer, Type="String", DataType="aws:ec2:image", Overwrite=True)
    _until(lambda: _in_service(scaling))


def test_what_a_group_can_not_be(scaling: Any, make_group: Any, refused: Any, ec2: Any) -> None:
    for more, text in (
        ({"DesiredCapacity": 9}, "must be between"),
        ({"AvailabilityZones": ["us-east-1z"]}, "Invalid availability zones"),
        ({"AvailabilityZones": []}, "At least one Availability Zone"),
        ({"LaunchTemplate": {"LaunchTemplateName": "none"}}, "valid fully-formed launch template"),
    ):
        with refused("ValidationError", text):
            make_group(**more)
    with refused("UnsupportedOperation", "MixedInstancesPolicy"):
        make_group(MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": {"Version": "1"}}})
    with refused("UnsupportedOperation", "HealthCheckType"):
        make_group(HealthCheckType="EBS")
    make_group(DesiredCapacity=0, HealthCheckType="EC2")
    with refused("AlreadyExists"):
        make_group()
    with refused("ValidationError", "not found"):
        scaling.set_desired_capacity(AutoScalingGroupName="none", DesiredCapacity=1)
    with refused("ValidationError", "above max value"):
        scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=5)
    with refused("UnsupportedOperation", "SkipMatching"):
        scaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"SkipMatching": True})
    with refused("ValidationError", "AutoRollback needs a desired configuration"):
        scaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"AutoRollback": True})
    with refused("ValidationError", "CheckpointPercentages"):
        scaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"CheckpointPercentages": [50, 20]})
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=1, MaxSize=1)
    assert _group(scaling)["DesiredCapacity"] == 1


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("autoscaling", "DescribeAutoScalingGroups", "Throttling"),
        ("organizations", "DescribeOrganization", "TooManyRequestsException"),
    ],
)
def test_too_many_calls_in_the_words_of_the_service(
    cloud: Any, refused: Any, service: str, operation: str, code: str
) -> None:
    cloud.fault(f"{service}:{operation}", "throttle")
    client = cloud.client(service, config=Config(retries={"total_max_attempts": 1}))
    call = {"DescribeAutoScalingGroups": "describe_auto_scaling_groups"}.get(operation, "describe_organization")
    with refused(code):
        getattr(client, call)()


def test_metrics_are_never_collected(scaling: Any, make_group: Any, refused: Any) -> None:
    make_group(DesiredCapacity=0)
    scaling.disable_metrics_collection(AutoScalingGroupName="web")
    with refused("NotImplemented"):
        scaling.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
    with refused("ValidationError"):
        scaling.disable_metrics_collection(AutoScalingGroupName="none")


@pytest.mark.parametrize(("policies", "first"), [(["Default"], "late"), (["OldestInstance"], "early")])
def test_who_goes_first(policies: list[str], first: str) -> None:
    def member(name: str, version: str, since: float) -> Member:
        return Member(name, "us-east-1a", "subnet-1", "t3.small", "ami-1", {"Version": version}, "InService", since)

    members = {"early": member("early", "2", 1.0), "late": member("late", "1", 2.0)}
    group = Group(
        "web", "arn", {}, 0, 2, 1, ["subnet-1"], ["us-east-1a"], False, [], policies=policies, members=members
    )
    assert [one.instance_id for one in group.surplus()] == [first]
    assert group.describe()["TerminationPolicies"] == policies


def test_the_zone_with_most_gives_first() -> None:
    def member(name: str, zone: str, since: float) -> Member:
        return Member(name, zone, "subnet-1", "t3.small", "ami-1", {"Version": "1"}, "InService", since)

    members = {
        "a": member("a", "us-east-1a", 1.0),
        "b": member("b", "us-east-1b", 2.0),
        "c": member("c", "us-east-1b", 3.0),
    }
    group = Group("web", "arn", {}, 0, 3, 2, [], ["us-east-1a", "us-east-1b"], False, [], members=members)
    assert [one.instance_id for one in group.surplus()] == ["b"]
