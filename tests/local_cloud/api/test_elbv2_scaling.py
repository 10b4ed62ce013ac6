# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups whose instances are in target groups, which say who is healthy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from balancing import Fleet, until
from conftest import DEBIAN_NAME
from golden_cloud.ports import stable_image_id

LISTENER = 18080


@pytest.fixture
def scaling(fleet: Fleet) -> Any:
    return fleet.cloud.client("autoscaling")


@pytest.fixture
def target_group(fleet: Fleet) -> str:
    """One that a load balancer forwards to."""
    group = fleet.group()
    fleet.listener(fleet.balancer()[0], group, LISTENER)
    return group


@pytest.fixture
def make_group(fleet: Fleet, scaling: Any, target_group: str) -> Callable[..., None]:
    """A group of one in that target group."""
    data = {"ImageId": stable_image_id(DEBIAN_NAME), "InstanceType": "t3.micro"}
    fleet.cloud.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)

    def make(**more: Any) -> None:
        asked = {
            "AutoScalingGroupName": "web",
            "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Latest"},
            "MinSize": 0,
            "MaxSize": 4,
            "DesiredCapacity": 1,
            "AvailabilityZones": ["us-east-1a"],
            "TargetGroupARNs": [target_group],
        }
        scaling.create_auto_scaling_group(**asked | more)

    return make


def group_of(scaling: Any) -> dict[str, Any]:
    (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
    return dict(found)


def in_service(scaling: Any) -> list[str]:
    return [i["InstanceId"] for i in group_of(scaling)["Instances"] if i["LifecycleState"] == "InService"]


def healthy(fleet: Fleet, target_group: str) -> list[str]:
    found = fleet.elb.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return [one["Target"]["Id"] for one in found if one["TargetHealth"]["State"] == "healthy"]


def test_instances_come_into_the_target_group_and_leave_it(
    fleet: Fleet, scaling: Any, target_group: str, make_group: Any, refused: Any
) -> None:
    fleet.expect(2)
    make_group(DesiredCapacity=2)
    both = until(lambda: len(in_service(scaling)) == 2 and in_service(scaling))
    until(lambda: set(healthy(fleet, target_group)) == set(both))
    told = group_of(scaling)
    assert (told["TargetGroupARNs"], told["HealthCheckType"]) == ([target_group], "EC2")
    (attached,) = scaling.describe_load_balancer_target_groups(AutoScalingGroupName="web")["LoadBalancerTargetGroups"]
    assert attached == {"LoadBalancerTargetGroupARN": target_group, "State": "InService"}
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    (left,) = until(lambda: len(in_service(scaling)) == 1 and in_service(scaling))
    until(lambda: healthy(fleet, target_group) == [left])
    scaling.detach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[target_group])
    assert fleet.health(target_group, left)[0] == "draining"
    assert group_of(scaling)["TargetGroupARNs"] == []
    with refused("ValidationError", "not attached"):
        scaling.detach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[target_group])
    scaling.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[target_group])
    until(lambda: healthy(fleet, target_group) == [left])


def test_who_is_unhealthy_there_is_replaced_when_the_group_goes_by_it(
    fleet: Fleet, scaling: Any, target_group: str, make_group: Any
) -> None:
    first, second = fleet.expect(2)
    make_group()
    (before,) = until(lambda: in_service(scaling))
    until(lambda: healthy(fleet, target_group) == [before])
    first.status = 500
    fleet.until_health(target_group, before, "unhealthy")
    time.sleep(0.3)
    assert in_service(scaling) == [before]
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", HealthCheckType="ELB")
    assert group_of(scaling)["HealthCheckType"] == "ELB"
    (after,) = until(lambda: in_service(scaling) not in ([], [before]) and in_service(scaling))
    until(lambda: healthy(fleet, target_group) == [after])
    assert second.seen
    causes = [one["Cause"] for one in scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]]
    assert any("ELB health check" in cause for cause in causes)


def test_a_refresh_waits_until_the_target_group_calls_the_new_one_healthy(
    fleet: Fleet, scaling: Any, target_group: str, make_group: Any
) -> None:
    _first, second = fleet.expect(2)
    second.status = 500
    make_group(HealthCheckType="ELB", HealthCheckGracePeriod=3600)
    (before,) = until(lambda: in_service(scaling))
    until(lambda: healthy(fleet, target_group) == [before])
    scaling.start_instance_refresh(
        AutoScalingGroupName="web", Preferences={"MinHealthyPercentage": 0, "InstanceWarmup": 0}
    )
    (after,) = until(lambda: in_service(scaling) not in ([], [before]) and in_service(scaling))
    fleet.until_health(target_group, after, "unhealthy")

    def status() -> str:
        return str(scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0]["Status"])

    time.sleep(0.5)
    assert (status(), in_service(scaling)) == ("InProgress", [after])
    second.status = 200
    until(lambda: status() == "Successful")
    assert healthy(fleet, target_group) == [after]


def test_a_grace_period_ends(fleet: Fleet, scaling: Any, target_group: str, make_group: Any) -> None:
    first, _second = fleet.expect(2)
    first.status = 500
    make_group(HealthCheckType="ELB", HealthCheckGracePeriod=5)
    (before,) = until(lambda: in_service(scaling))
    fleet.until_health(target_group, before, "unhealthy")
    assert in_service(scaling) == [before]
    until(lambda: len(healthy(fleet, target_group)) == 1)
    assert in_service(scaling) != [before]


def test_which_target_groups_there_can_be(fleet: Fleet, scaling: Any, make_group: Any, refused: Any) -> None:
    of_addresses = fleet.group("ips", TargetType="ip")
    with refused("ValidationError", "not found"):
        make_group(TargetGroupARNs=[of_addresses + "0"])
    with refused("ValidationError", "of the target type 'ip'"):
        make_group(TargetGroupARNs=[of_addresses])
    with refused("UnsupportedOperation", "HealthCheckType=EBS"):
        make_group(HealthCheckType="EBS")
    with refused("UnsupportedOperation", "LoadBalancerNames"):
        make_group(LoadBalancerNames=["classic"])
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
