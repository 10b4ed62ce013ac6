# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""AMIs whose build ended before it could say that they are complete: no run takes them for good ones, so they go."""

from __future__ import annotations

from .._ami.artifacts import describe_artifacts
from .._ami.calls import delete_parameter, get_parameter
from .._ami.cloud import Cloud
from .record import RunRecord
from .tags import COMPLETE


def artifacts_to_keep(cloud: Cloud, record: RunRecord) -> list[str]:
    """What a run made that is good: all of it or nothing. One call when it made something, else none.

    The Region that the run looked at is the last in which AMIs are told to be complete, so it speaks for the others.
    """
    images = [one for one in record.artifacts if one.startswith("ami-")]
    if not images:
        return record.artifacts
    found = describe_artifacts(cloud, record.region, images)
    complete = found and all(COMPLETE.items() <= image.tags.items() for image in found)
    return record.artifacts if complete else []


def parameters_of(cloud: Cloud, record: RunRecord) -> list[dict[str, str]]:
    """The SSM parameters that name a run's AMIs, in the form of what is left. One call for each that was to be written."""
    return [
        {"region": one["region"], "type": "parameter", "id": one["name"]}
        for one in record.parameters
        if get_parameter(cloud.ssm(one["region"]), one["name"]) in record.artifacts
    ]


def remove_parameters(cloud: Cloud, parameters: list[dict[str, str]]) -> None:
    for one in parameters:
        delete_parameter(cloud.ssm(one["region"]), one["id"])
