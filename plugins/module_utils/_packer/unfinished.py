# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""AMIs whose build ended before it could say that they are complete: no run takes them for good ones, so they go."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from .._ami.artifacts import OwnImage, describe_artifacts
from .._ami.calls import delete_parameter, describe_snapshots, get_parameter
from .._ami.cloud import Cloud
from .record import RunRecord
from .tags import COMPLETE, INCOMPLETE


def _is_complete(image: OwnImage, run_id: str) -> bool:
    """An AMI that copied the tags of its parent carries the parent's, run and all: those say nothing of it."""
    return COMPLETE.items() <= image.tags.items() and image.tags.get("golden:run", run_id) == run_id


def _with_snapshots(images: c.Iterable[OwnImage]) -> set[str]:
    return {resource for image in images for resource in (image.image_id, *image.snapshot_ids)}


def artifacts_to_keep(cloud: Cloud, record: RunRecord) -> list[str]:
    """What a run made, but for what is known to be incomplete: that was found, and does not say that it is complete.

    One call for each Region when it made something, and one more for snapshots whose AMI is gone; else none. What is
    not found stays: it may be in use where nobody looked.
    """
    images = [one for one in record.artifacts if one.startswith("ami-")]
    if record.complete or not images:
        return record.artifacts
    found = [image for region in record.regions for image in describe_artifacts(cloud, region, images)]
    complete = _with_snapshots(image for image in found if _is_complete(image, record.run_id))
    incomplete = _with_snapshots(found) - complete
    alone = [one for one in record.artifacts if one not in images and one not in complete | incomplete]
    incomplete.update(_incomplete_snapshots(cloud, record.regions, alone))
    return [one for one in record.artifacts if one not in incomplete]


def _incomplete_snapshots(cloud: Cloud, regions: list[str], snapshot_ids: list[str]) -> set[str]:
    """Those that say so themselves: a sweep may have been killed between an AMI and its snapshots."""
    found = (
        [one for region in regions for one in describe_snapshots(cloud.ec2(region), snapshot_ids)]
        if snapshot_ids
        else []
    )
    return {
        one["SnapshotId"]
        for one in found
        if INCOMPLETE.items() <= boto3_tag_list_to_ansible_dict(one.get("Tags", [])).items()
    }


def complete_ones(cloud: Cloud, region: str, tagged: c.Iterable[tuple[str, str]], record: RunRecord) -> set[str]:
    """Complete AMIs among what carries a run's tag, with their snapshots: what it made may not have come on record.

    One call when there are AMIs that are not on record, else none.
    """
    images = [one for kind, one in tagged if kind == "image" and one not in record.artifacts]
    found = describe_artifacts(cloud, region, images) if images else []
    return _with_snapshots(image for image in found if _is_complete(image, record.run_id))


def parameters_of(cloud: Cloud, record: RunRecord, artifacts: c.Collection[str]) -> list[dict[str, str]]:
    """The SSM parameters that name these AMIs of a run, in the form of what is left. One call for each that was to be written."""
    return [
        {"region": one["region"], "type": "parameter", "id": one["name"]}
        for one in record.parameters
        if get_parameter(cloud.ssm(one["region"]), one["name"]) in artifacts
    ]


def remove_parameters(cloud: Cloud, parameters: list[dict[str, str]]) -> None:
    for one in parameters:
        delete_parameter(cloud.ssm(one["region"]), one["id"])
