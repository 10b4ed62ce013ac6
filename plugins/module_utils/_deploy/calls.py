# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls about launch templates, what AWS says of an instance's health, and instance refreshes."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .._ami.calls import Client, Resource, _call


@_call("describe the launch template {name}")
def find_template(ec2: Client, name: str) -> Resource | None:
    filters = [{"Name": "launch-template-name", "Values": [name]}]
    return next(iter(ec2.describe_launch_templates(Filters=filters)["LaunchTemplates"]), None)


@_call("describe version {version} of the launch template {template_id}")
def describe_version(ec2: Client, template_id: str, version: str) -> Resource:
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=[version])
    described: Resource = found["LaunchTemplateVersions"][0]
    return described


@_call("make the launch template {name}")
def create_template(ec2: Client, name: str, data: Resource, description: str, token: str) -> Resource:
    """Make one; with the same token a repeated call gives the same."""
    made: Resource = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData=data, VersionDescription=description, ClientToken=token
    )["LaunchTemplate"]
    return made


@_call("make a version of the launch template {template_id}")
def create_version(ec2: Client, template_id: str, source: str, image_id: str, description: str, token: str) -> Resource:
    """A version that is like another one but for its AMI."""
    made: Resource = ec2.create_launch_template_version(
        LaunchTemplateId=template_id,
        SourceVersion=source,
        LaunchTemplateData={"ImageId": image_id},
        VersionDescription=description,
        ClientToken=token,
    )["LaunchTemplateVersion"]
    return made


@_call("make version {version} the default of the launch template {template_id}")
def set_default(ec2: Client, template_id: str, version: str) -> None:
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion=version)


@_call("remove the launch template {template_id}")
def delete_template(ec2: Client, template_id: str) -> None:
    ec2.delete_launch_template(LaunchTemplateId=template_id)


@_call("remove version {version} of the launch template {template_id}")
def delete_version(ec2: Client, template_id: str, version: str) -> str | None:
    """EC2 answers well and says in it what it did not do: why, if so."""
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=template_id, Versions=[version])
    failed = answer.get("UnsuccessfullyDeletedLaunchTemplateVersions") or []
    return str(failed[0]["ResponseError"].get("Message")) if failed else None


@_call("launch an instance from version {version} of the launch template {template_id}")
def run_from_template(ec2: Client, template_id: str, version: str, **request: t.Any) -> Resource:
    template = {"LaunchTemplateId": template_id, "Version": version}
    made = ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1, **request)
    instance: Resource = made["Instances"][0]
    return instance


@_call("read the status checks of the instance {instance_id}")
def describe_status(ec2: Client, instance_id: str) -> Resource | None:
    """None while there is none: EC2 tells it of running instances, and not at once."""
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    try:
        found = ec2.describe_instance_status(InstanceIds=[instance_id], Filters=filters)
    except is_boto3_error_code("InvalidInstanceID.NotFound"):
        return None
    return next(iter(found["InstanceStatuses"]), None)


@_call("read the console of the instance {instance_id}")
def get_console(ec2: Client, instance_id: str) -> str:
    """The newest there is; instances that are not of the Nitro system have older output only."""
    try:
        found = ec2.get_console_output(InstanceId=instance_id, Latest=True)
    except is_boto3_error_code("UnsupportedOperation"):
        found = ec2.get_console_output(InstanceId=instance_id)
    return str(found.get("Output") or "")


@_call("describe the target group {arn}")
def describe_target_group(elbv2: Client, arn: str) -> Resource:
    group: Resource = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    return group


@_call("register {target} in the target group {arn}")
def register_target(elbv2: Client, arn: str, target: str) -> None:
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": target}])


@_call("take {target} out of the target group {arn}")
def deregister_target(elbv2: Client, arn: str, target: str) -> None:
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": target}])


@_call("read how healthy {target} is in the target group {arn}")
def describe_target(elbv2: Client, arn: str, target: str) -> Resource | None:
    found = elbv2.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": target}])
    return next((one["TargetHealth"] for one in found["TargetHealthDescriptions"]), None)


@_call("describe the Auto Scaling group {name}")
def find_group(autoscaling: Client, name: str) -> Resource | None:
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return next(iter(found["AutoScalingGroups"]), None)


@_call("start an instance refresh of the Auto Scaling group {name}")
def start_refresh(autoscaling: Client, name: str, template: Resource, preferences: Resource) -> str:
    started = autoscaling.start_instance_refresh(
        AutoScalingGroupName=name,
        Strategy="Rolling",
        DesiredConfiguration={"LaunchTemplate": template},
        Preferences=preferences,
    )
    return str(started["InstanceRefreshId"])


@_call("describe the instance refresh {refresh_id} of the Auto Scaling group {name}")
def describe_refresh(autoscaling: Client, name: str, refresh_id: str) -> Resource:
    found = autoscaling.describe_instance_refreshes(AutoScalingGroupName=name, InstanceRefreshIds=[refresh_id])
    refresh: Resource = found["InstanceRefreshes"][0]
    return refresh


@_call("describe the instance refreshes of the Auto Scaling group {name}")
def list_refreshes(autoscaling: Client, name: str) -> list[Resource]:
    """The newest ones."""
    refreshes: list[Resource] = autoscaling.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"]
    return refreshes


@_call("roll back the instance refresh of the Auto Scaling group {name}")
def roll_back_refresh(autoscaling: Client, name: str) -> None:
    autoscaling.rollback_instance_refresh(AutoScalingGroupName=name)
