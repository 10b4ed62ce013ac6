# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of Elastic Load Balancing ask for."""

from __future__ import annotations

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import first
from golden_cloud.api.policies.asked.table import table


def _new_balancer(call: Call, name: str) -> str:
    kind = "net" if first(call, "Type") == "network" else "app"
    return f"{kind}/{name}/*"


TABLE = table(
    "elasticloadbalancing",
    """
    * DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth DescribeLoadBalancers
    * DescribeLoadBalancerAttributes DescribeListeners DescribeListenerAttributes DescribeTags
    * DescribeCapacityReservation
    CreateTargetGroup targetgroup/{Name}/* +AddTags?Tags
    ModifyTargetGroup {TargetGroupArn}
    DeleteTargetGroup {TargetGroupArn}
    ModifyTargetGroupAttributes {TargetGroupArn}
    RegisterTargets {TargetGroupArn}
    DeregisterTargets {TargetGroupArn}
    CreateLoadBalancer loadbalancer/{Name|balancer} +AddTags?Tags
    DeleteLoadBalancer {LoadBalancerArn}
    ModifyLoadBalancerAttributes {LoadBalancerArn}
    CreateListener {LoadBalancerArn} +AddTags?Tags
    ModifyListener {ListenerArn}
    DeleteListener {ListenerArn}
    ModifyListenerAttributes {ListenerArn}
    AddTags {ResourceArns}
    RemoveTags {ResourceArns}
    """,
    ways={"balancer": _new_balancer},
)
