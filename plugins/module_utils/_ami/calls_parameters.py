# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The calls about SSM parameters that channels, versions and their history need."""

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .calls import Client, Resource, _call

# What the standard tier takes; the advanced one takes twice that, and costs money.
_STANDARD = 4096
# Values that a filter of DescribeParameters takes, and names that it gives.
_AT_ONCE = 50


@_call("list the SSM parameters below {paths}")
def names_below(ssm: Client, paths: list[str]) -> list[str]:
    """The names of those that are right below one of these paths; a call for fifty paths, and for fifty names."""
    found: list[str] = []
    for start in range(0, len(paths), _AT_ONCE):
        filters = [{"Key": "Path", "Option": "OneLevel", "Values": paths[start : start + _AT_ONCE]}]
        pages = ssm.get_paginator("describe_parameters").paginate(
            ParameterFilters=filters, PaginationConfig={"PageSize": _AT_ONCE}
        )
        found += [parameter["Name"] for page in pages for parameter in page["Parameters"]]
    return found


@_call("read the SSM parameters below {path}")
def read_below(ssm: Client, path: str, recursive: bool) -> dict[str, str]:
    """The values of those that are there, by name; one call for ten of them."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=recursive)
    return {parameter["Name"]: parameter["Value"] for page in pages for parameter in page["Parameters"]}


@_call("list the SSM parameters below {path}")
def list_below(ssm: Client, path: str) -> list[str]:
    """Their names only, at any depth; one call for fifty of them."""
    filters = [{"Key": "Path", "Option": "Recursive", "Values": [path]}]
    pages = ssm.get_paginator("describe_parameters").paginate(
        ParameterFilters=filters, PaginationConfig={"PageSize": 50}
    )
    return [parameter["Name"] for page in pages for parameter in page["Parameters"]]


@_call("read the history of the SSM parameter {name}")
def get_history(ssm: Client, name: str) -> list[Resource]:
    """All versions that SSM keeps, oldest first; empty when there is no such parameter. One call for fifty of them."""
    try:
        pages = ssm.get_paginator("get_parameter_history").paginate(Name=name)
        found = [version for page in pages for version in page["Parameters"]]
    except is_boto3_error_code("ParameterNotFound"):
        return []
    return sorted(found, key=lambda one: int(one["Version"]))


@_call("set the SSM parameter {name} to {image_id}")
def put_channel(ssm: Client, name: str, image_id: str, description: str) -> None:
    """Write a parameter that names an AMI. SSM looks at the AMI after it has answered: read it back."""
    ssm.put_parameter(
        Name=name,
        Value=image_id,
        Description=description,
        Type="String",
        DataType="aws:ec2:image",
        Overwrite=True,
    )


@_call("write the SSM parameter {name}")
def put_text(ssm: Client, name: str, value: str, description: str) -> None:
    tier = {"Tier": "Intelligent-Tiering"} if len(value.encode()) > _STANDARD else {}
    ssm.put_parameter(Name=name, Value=value, Description=description, Type="String", Overwrite=True, **tier)


@_call("ask whose credentials these are")
def get_caller(sts: Client) -> str:
    """The ARN of who calls."""
    return str(sts.get_caller_identity()["Arn"])
