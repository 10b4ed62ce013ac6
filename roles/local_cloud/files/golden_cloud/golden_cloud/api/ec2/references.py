# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who refers to an image in an account and Region, and what an image was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.models import ssm_backends

from golden_cloud.api import runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.ec2.aliases import IMAGE_TYPE
from golden_cloud.api.ec2.backend import CloudEC2Backend, all_backends
from golden_cloud.api.ec2.filters import bounded, page
from golden_cloud.api.ec2.image import Image, from_base
from golden_cloud.api.ec2.instance import STATES
from golden_cloud.api.errors import CloudError

MOST_IMAGES = 10
USUAL_DEPTH = 10
"""Versions of a launch template that are looked at, from the newest on."""


@dataclass(frozen=True)
class Scope:
    """How far to look, by the options of the request."""

    states: frozenset[str] = frozenset(STATES)
    depth: int = USUAL_DEPTH


Reference = tuple[str, str]
"""An image's id, and the ARN of what refers to it."""


def _instances(backend: CloudEC2Backend, scope: Scope) -> Iterator[Reference]:
    for instance in backend.all_machine_instances():
        if instance.state in scope.states:
            yield instance.image_id, _arn(backend, f"instance/{instance.id}")


def _templates(backend: CloudEC2Backend, scope: Scope) -> Iterator[Reference]:
    for template in backend.launch_templates.values():
        newest = sorted(template.versions, reverse=True)[: scope.depth]
        for image_id in dict.fromkeys(template.versions[n].data.get("ImageId") for n in newest):
            yield str(image_id), _arn(backend, f"launch-template/{template.id}")


def _parameters(backend: CloudEC2Backend, _scope: Scope) -> Iterator[Reference]:
    where = f"arn:{PARTITION}:ssm:{backend.region_name}:{backend.account_id}:parameter"
    for name, versions in dict.items(ssm_backends[backend.account_id][backend.region_name]._parameters):
        if versions and versions[-1].data_type == IMAGE_TYPE:
            yield str(versions[-1].value), f"{where}/{name.lstrip('/')}"


def _none(_backend: CloudEC2Backend, _scope: Scope) -> Iterator[Reference]:
    """Of a service that this cloud does not have."""
    return iter(())


KINDS: dict[str, Callable[[CloudEC2Backend, Scope], Iterator[Reference]]] = {
    "ec2:Instance": _instances,
    "ec2:LaunchTemplate": _templates,
    "ssm:Parameter": _parameters,
    "imagebuilder:ImageRecipe": _none,
    "imagebuilder:ContainerRecipe": _none,
}


def _arn(backend: CloudEC2Backend, resource: str) -> str:
    return f"arn:{PARTITION}:ec2:{backend.region_name}:{backend.account_id}:{resource}"


class ReferenceOperations:
    """DescribeImageReferences and GetImageAncestry; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any

    def describe_image_references(self) -> ActionResult:
        wanted = list(dict.fromkeys(self._get_param("ImageIds", [])))
        if not 1 <= len(wanted) <= MOST_IMAGES:
            text = f"The parameter ImageIds takes 1 to {MOST_IMAGES} images, not {len(wanted)}"
            raise CloudError("InvalidParameterValue", text)
        for image_id in wanted:
            if not image_id.startswith("ami-"):
                raise CloudError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')
        scopes = self._reference_scopes()
        size = bounded(self._get_param("MaxResults"), 5, 1000)
        self.error_on_dryrun()
        found = [
            {"ImageId": image_id, "ResourceType": kind, "Arn": arn}
            for kind, scope in scopes.items()
            for image_id, arn in KINDS[kind](self.ec2_backend, scope)
            if image_id in wanted
        ]
        references, token = page(found, size, self._get_param("NextToken"))
        return ActionResult({"ImageReferences": references, "NextToken": token})

    def _reference_scopes(self) -> dict[str, Scope]:
        asked = self._get_param("ResourceTypes", [])
        if not asked and not self._get_param("IncludeAllResourceTypes"):
            text = "Either IncludeAllResourceTypes or ResourceTypes must be specified."
            raise CloudError("MissingParameter", text)
        scopes = dict.fromkeys(KINDS, Scope()) if self._get_param("IncludeAllResourceTypes") else {}
        for one in asked:
            kind = one.get("ResourceType")
            if kind not in KINDS:
                raise CloudError("InvalidParameterValue", f"Invalid value '{kind}' for ResourceType")
            scopes[kind] = _scope(kind, one.get("ResourceTypeOptions", []))
        return scopes

    def get_image_ancestry(self) -> ActionResult:
        image = self.ec2_backend.find_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        entries, region, seen = [], self.ec2_backend.region_name, set()
        following: Image | None = image
        while following is not None and (following.id, region) not in seen:
            seen.add((following.id, region))
            entries.append(
                {
                    "CreationDate": following.creation_date,
                    "ImageId": following.id,
                    "ImageOwnerAlias": following.owner_alias,
                    "SourceImageId": following.source_image_id,
                    "SourceImageRegion": following.source_image_region,
                }
            )
            region = following.source_image_region or region
            following = _anybodys(following.source_image_id, region, self.ec2_backend)
        return ActionResult({"ImageAncestryEntries": entries})


def _anybodys(image_id: str | None, region: str, backend: CloudEC2Backend) -> Image | None:
    """The image while it exists, whoever owns it."""
    for _account, one in all_backends(region):
        if image_id in one.amis:
            found: Image = one.amis[image_id]
            return found
    bases = (base for base in runtime.current().machines.base_images() if base.image_id == image_id)
    return next((from_base(base, backend) for base in bases), None)


def _scope(kind: str, options: list[dict[str, Any]]) -> Scope:
    scope = Scope()
    for option in options:
        name, values = option.get("OptionName"), option.get("OptionValues", [])
        if (kind, name) == ("ec2:Instance", "state-name") and values and set(values) <= set(STATES):
            scope = Scope(states=frozenset(values))
        elif (kind, name) == ("ec2:LaunchTemplate", "version-depth") and is_depth(values):
            scope = Scope(depth=int(values[0]))
        else:
            text = f"The option {name} of {kind} can't be {', '.join(map(str, values)) or 'without a value'}"
            raise CloudError("InvalidParameterValue", text)
    return scope


def is_depth(values: list[str]) -> bool:
    return len(values) == 1 and str(values[0]).isdigit() and 1 <= int(values[0]) <= 10_000
