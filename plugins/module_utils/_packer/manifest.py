# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections
import dataclasses
import json
import re

from .errors import PackerError

_AMI = re.compile(r"^(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+):(?P<ami>ami-[0-9a-f]+)$")


@dataclasses.dataclass(frozen=True)
class Artifact:
    """One AMI that a build made."""

    name: str
    builder: str
    region: str
    ami_id: str


def split_artifact_id(name: str, builder: str, artifact_id: str) -> list[Artifact]:
    """``region:ami[,region:ami…]`` as artifacts; anything else (a file, a container) is none of ours."""
    found = (_AMI.match(part.strip()) for part in artifact_id.split(","))
    return [Artifact(name, builder, match["region"], match["ami"]) for match in found if match]


def read_manifest(text: str | bytes, path: str) -> list[Artifact]:
    """The artifacts of the last run in the text of a manifest; the file gathers the runs before, too."""
    try:
        manifest = json.loads(text)
        builds = [build for build in manifest["builds"] if build["packer_run_uuid"] == manifest["last_run_uuid"]]
        artifacts: list[Artifact] = []
        for build in builds:
            for artifact in split_artifact_id(build["name"], build["builder_type"], build["artifact_id"]):
                if artifact not in artifacts:
                    artifacts.append(artifact)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PackerError(f"{path} is not a manifest of Packer: {error!r}") from error
    return artifacts


def together(written: list[Artifact], told: list[Artifact]) -> list[Artifact]:
    """The AMIs of a manifest, and those that Packer told of besides: they are made by post-processors.

    A manifest names them by their source, and several builds may use one: then they go by what Packer calls the build.
    """
    builds = {(one.region, one.ami_id): one.name for one in told}
    known = {(one.region, one.ami_id) for one in written}
    found = [*written, *(one for one in told if (one.region, one.ami_id) not in known)]
    often = collections.Counter((one.region, one.name) for one in found)
    return [
        dataclasses.replace(one, name=builds.get((one.region, one.ami_id), one.name))
        if often[(one.region, one.name)] > 1
        else one
        for one in found
    ]
