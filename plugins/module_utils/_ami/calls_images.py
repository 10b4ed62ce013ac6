# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls that read AMIs and their snapshots, page by page."""

from __future__ import annotations

from .calls import Client, Resource, _call, _deletion

# Without a size of pages EC2 answers with all it has at once, until that is too much for it.
PAGE = {"PageSize": 1000}


@_call("describe images")
def describe_all_images(ec2: Client, **request: object) -> list[Resource]:
    found = ec2.get_paginator("describe_images").paginate(**request, PaginationConfig=PAGE).build_full_result()
    images: list[Resource] = found["Images"]
    return images


@_call("describe the snapshots {ids}")
def describe_all_snapshots(ec2: Client, ids: list[str]) -> list[Resource]:
    """Those that are there, by a filter: one that is gone is no error."""
    filters = [{"Name": "snapshot-id", "Values": ids}]
    pages = ec2.get_paginator("describe_snapshots").paginate(Filters=filters, PaginationConfig=PAGE)
    snapshots: list[Resource] = pages.build_full_result()["Snapshots"]
    return snapshots


@_deletion("remove tags from {resources}")
def delete_tags(ec2: Client, resources: list[str], tags: list[Resource]) -> None:
    ec2.delete_tags(Resources=resources, Tags=tags)


@_call("read the ancestry of {image_id}")
def read_ancestry(ec2: Client, image_id: str) -> list[Resource]:
    entries: list[Resource] = ec2.get_image_ancestry(ImageId=image_id)["ImageAncestryEntries"]
    return entries


def knows_last_launched(ec2: Client) -> bool:
    """Whether the installed botocore hands on when an AMI was launched last; no call."""
    return "LastLaunchedTime" in ec2.meta.service_model.shape_for("Image").members
