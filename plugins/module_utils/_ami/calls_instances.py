# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that launch instances, and that restart them."""

from __future__ import annotations

import collections.abc as c

from .calls import Client, Resource, _call, _call_about_new


@_call("launch an instance of {image_id}")
def run_instance(ec2: Client, image_id: str, **request: object) -> Resource:
    """Launch one. With a C(ClientToken) a repeated call gives the same instance."""
    instance: Resource = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, **request)["Instances"][0]
    return instance


@_call("restart the instance {instance_id}")
def reboot_instance(ec2: Client, instance_id: str) -> None:
    ec2.reboot_instances(InstanceIds=[instance_id])


@_call("describe the instance types {names}")
def describe_instance_types(ec2: Client, names: list[str]) -> dict[str, list[str]]:
    """The architectures of each. One that there is not is an error."""
    found = ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"]
    return {one["InstanceType"]: list(one["ProcessorInfo"]["SupportedArchitectures"]) for one in found}


@_call("describe the subnets {ids}")
def describe_subnets(ec2: Client, ids: list[str]) -> dict[str, str]:
    """The VPC of each. One that there is not is an error."""
    return {one["SubnetId"]: one["VpcId"] for one in ec2.describe_subnets(SubnetIds=ids)["Subnets"]}


@_call("make the security group {name}")
def create_security_group(ec2: Client, name: str, description: str, vpc_id: str | None, tags: list[Resource]) -> str:
    """Make a group in a VPC; without one, in the default VPC. Gives its id."""
    specifications = [{"ResourceType": "security-group", "Tags": tags}]
    vpc = {"VpcId": vpc_id} if vpc_id else {}
    made = ec2.create_security_group(GroupName=name, Description=description, TagSpecifications=specifications, **vpc)
    return str(made["GroupId"])


@_call_about_new("let {sources} into the security group {group_id}")
def authorize_ingress(ec2: Client, group_id: str, sources: c.Sequence[str], ports: c.Sequence[int]) -> None:
    """Let addresses reach TCP ports. C(sources) are CIDRs, of IPv4 or IPv6."""
    four = [{"CidrIp": one} for one in sources if ":" not in one]
    six = [{"CidrIpv6": one} for one in sources if ":" in one]
    ranges = {**({"IpRanges": four} if four else {}), **({"Ipv6Ranges": six} if six else {})}
    permissions = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges} for port in ports]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)
