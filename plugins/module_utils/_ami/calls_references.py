# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that tell who uses an AMI. Each reads all pages."""

from __future__ import annotations

import typing as t

from .calls import Client, Resource, _call


def _all(client: Client, operation: str, key: str, size: int, **request: t.Any) -> list[Resource]:
    pages = client.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": size})
    found: list[Resource] = pages.build_full_result()[key]
    return found


@_call("describe the instances of images")
def describe_instances_of(ec2: Client, image_ids: list[str], states: list[str]) -> list[Resource]:
    filters = [{"Name": "image-id", "Values": image_ids}, {"Name": "instance-state-name", "Values": states}]
    found = _all(ec2, "describe_instances", "Reservations", 1000, Filters=filters)
    return [instance for reservation in found for instance in reservation["Instances"]]


@_call("describe the default and the latest versions of launch templates")
def describe_templates(ec2: Client) -> list[Resource]:
    wanted = ["$Latest", "$Default"]
    return _all(ec2, "describe_launch_template_versions", "LaunchTemplateVersions", 200, Versions=wanted)


@_call("describe the versions of the launch template {template_id}")
def describe_template_versions(ec2: Client, template_id: str) -> list[Resource]:
    key = "LaunchTemplateVersions"
    return _all(ec2, "describe_launch_template_versions", key, 200, LaunchTemplateId=template_id)


@_call("describe the Auto Scaling groups")
def describe_groups(autoscaling: Client) -> list[Resource]:
    return _all(autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups", 100)


@_call("describe the launch configurations")
def describe_configurations(autoscaling: Client) -> list[Resource]:
    return _all(autoscaling, "describe_launch_configurations", "LaunchConfigurations", 100)


@_call("describe the spot fleets")
def describe_spot_fleets(ec2: Client) -> list[Resource]:
    return _all(ec2, "describe_spot_fleet_requests", "SpotFleetRequestConfigs", 1000)


@_call("describe the spot requests")
def describe_open_spot_requests(ec2: Client) -> list[Resource]:
    filters = [{"Name": "state", "Values": ["open"]}]
    return _all(ec2, "describe_spot_instance_requests", "SpotInstanceRequests", 1000, Filters=filters)


@_call("describe the EC2 fleets")
def describe_fleets(ec2: Client) -> list[Resource]:
    return _all(ec2, "describe_fleets", "Fleets", 1000)


@_call("describe what refers to the images {image_ids}")
def describe_image_references(ec2: Client, image_ids: list[str], types: list[str]) -> list[Resource]:
    wanted = [{"ResourceType": name} for name in types]
    key = "ImageReferences"
    return _all(ec2, "describe_image_references", key, 100, ImageIds=image_ids, ResourceTypes=wanted)


@_call("describe the usage reports of the images {image_ids}")
def describe_usage(ec2: Client, image_ids: list[str]) -> list[Resource]:
    return _all(ec2, "describe_image_usage_report_entries", "ImageUsageReportEntries", 200, ImageIds=image_ids)


@_call("list the SSM parameters")
def list_parameters(ssm: Client) -> list[str]:
    """The names of those that are no secrets."""
    filters = [{"Key": "Type", "Option": "Equals", "Values": ["String", "StringList"]}]
    return [one["Name"] for one in _all(ssm, "describe_parameters", "Parameters", 50, ParameterFilters=filters)]


@_call("read the SSM parameters {expressions}")
def resolve_parameters(ssm: Client, expressions: list[str]) -> dict[str, str]:
    """The values of at most ten, each C(name), C(name:version), C(name:label) or an ARN of these, by how it was asked for."""
    found = ssm.get_parameters(Names=expressions)["Parameters"]
    values = {
        asked: str(one["Value"])
        for one in found
        for asked in (f"{one['Name']}{one.get('Selector', '')}", f"{one.get('ARN', '')}{one.get('Selector', '')}")
    }
    return {asked: values[asked] for asked in expressions if asked in values}
