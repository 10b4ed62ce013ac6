# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of Auto Scaling, of CloudFormation and of the Recycle Bin ask for."""

from __future__ import annotations

from golden_cloud.api.policies.asked.table import table

_GROUP = "autoScalingGroup:*:autoScalingGroupName/{AutoScalingGroupName}"

AUTOSCALING = table(
    "autoscaling",
    f"""
    * DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeScalingActivities DescribeInstanceRefreshes
    * DescribeLaunchConfigurations DescribeLoadBalancerTargetGroups
    CreateAutoScalingGroup {_GROUP}
    UpdateAutoScalingGroup {_GROUP}
    DeleteAutoScalingGroup {_GROUP}
    SetDesiredCapacity {_GROUP}
    AttachLoadBalancerTargetGroups {_GROUP}
    DetachLoadBalancerTargetGroups {_GROUP}
    StartInstanceRefresh {_GROUP}
    CancelInstanceRefresh {_GROUP}
    RollbackInstanceRefresh {_GROUP}
    DisableMetricsCollection {_GROUP}
    """,
)

CLOUDFORMATION = table(
    "cloudformation",
    """
    CreateStack stack/{StackName}/*
    DeleteStack stack/{StackName}/*
    DescribeStacks ?stack/{StackName}/*
    DescribeStackEvents stack/{StackName}/*
    DescribeStackResource stack/{StackName}/*
    DescribeStackResources stack/{StackName}/*
    ListStackResources stack/{StackName}/*
    GetTemplate stack/{StackName}/*
    """,
)

RBIN = table(
    "rbin",
    """
    * ListRules
    CreateRule rule/* +TagResource?Tags
    GetRule rule/{Identifier}
    UpdateRule rule/{Identifier}
    DeleteRule rule/{Identifier}
    """,
)
