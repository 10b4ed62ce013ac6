# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What counts as a reference to an AMI, decided on what was read of an account in a Region."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from .accounts import Place
from .calls import Resource

_AMI_ID = re.compile(r"\bami-[0-9a-f]{8,17}\b")
_CHANNEL = re.compile(r"/golden/([^/]+)/([^/]+)")
# Of a version, with several AMIs in a Region of each one by its builder; of what is inside it; and of what revoking an AMI
# took away. The name of an image may have several parts.
_RECORD = re.compile(
    r"/golden(?:/[^/]+)+/(?:versions/[^/]+(?:/[^/]+)?|contents/[^/]+(?:/[^/]+)?/[0-9]+|revoked/ami-[0-9a-f]+)"
)
_BY_PARAMETER = "resolve:ssm:"
# A fleet in another state starts nothing any more; what it still runs are instances.
_STARTING = frozenset({"submitted", "active", "modifying"})
_RECIPES = {"imagebuilder:ImageRecipe": "image-recipe", "imagebuilder:ContainerRecipe": "container-recipe"}


@dataclasses.dataclass(frozen=True, order=True)
class Reference:
    """What uses an AMI, or would start it: C(kind) is instance, launch-template, launch-template-version (an old one that
    nothing uses; C(id) is then like lt-1:3), auto-scaling-group, launch-configuration, ssm-parameter, spot-fleet,
    spot-request, fleet, image-recipe, container-recipe, or account: one whose use a usage report tells.
    """

    kind: str
    id: str
    detail: str
    account: str
    region: str


@dataclasses.dataclass(frozen=True, order=True)
class Unread:
    """A source of references that could not be read: what it would have told is not known."""

    source: str
    account: str
    region: str
    reason: str


@dataclasses.dataclass(frozen=True)
class References:
    """By each AMI that was asked for, also without any."""

    by_image: dict[str, tuple[Reference, ...]]
    unread: tuple[Unread, ...]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What AWS told, source by source. C(parameters) has values by name, or as a launch template names them."""

    instances: c.Sequence[Resource] = ()
    templates: c.Sequence[Resource] = ()
    groups: c.Sequence[Resource] = ()
    configurations: c.Sequence[Resource] = ()
    parameters: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    spot_fleets: c.Sequence[Resource] = ()
    spot_requests: c.Sequence[Resource] = ()
    fleets: c.Sequence[Resource] = ()
    recipes: c.Sequence[Resource] = ()
    usage: c.Sequence[Resource] = ()


Version = tuple[str, int]
Found: t.TypeAlias = "t.Iterator[tuple[str | None, str, str, str]]"


def expression_of(image: str | None) -> str | None:
    """The SSM parameter that a launch template names in place of an AMI."""
    return image.removeprefix(_BY_PARAMETER) if image and image.startswith(_BY_PARAMETER) else None


def is_record(name: str) -> bool:
    """Whether a parameter is where this collection writes down what it knows of an AMI. That is no user of one."""
    return bool(_RECORD.fullmatch(name))


class Templates:
    """Launch templates by version: what a group means by C($Latest), and which AMI a version starts."""

    def __init__(self, versions: c.Iterable[Resource], parameters: c.Mapping[str, str]) -> None:
        self._parameters = parameters
        self.versions: dict[Version, Resource] = {
            (one["LaunchTemplateId"], int(one["VersionNumber"])): one for one in versions
        }
        self._ids = {one["LaunchTemplateName"]: one["LaunchTemplateId"] for one in self.versions.values()}
        self.latest: dict[str, int] = {}
        self.default: dict[str, int] = {}
        for template_id, number in self.versions:
            self.latest[template_id] = max(number, self.latest.get(template_id, 0))
            if self.versions[template_id, number].get("DefaultVersion"):
                self.default[template_id] = number

    def image_of(self, named: str | None) -> str | None:
        """The AMI that is meant by an id or by C(resolve:ssm:NAME)."""
        expression = expression_of(named)
        return self._parameters.get(expression) if expression else named

    def image_of_version(self, version: Version) -> str | None:
        data = self.versions.get(version, {}).get("LaunchTemplateData", {})
        return self.image_of(data.get("ImageId"))

    def version_of(self, specification: c.Mapping[str, t.Any]) -> Version | None:
        """The version that a group or a fleet names."""
        given = specification.get("LaunchTemplateId") or self._ids.get(specification.get("LaunchTemplateName", ""))
        if not given:
            return None
        selector = str(specification.get("Version") or "$Default")
        if selector == "$Latest":
            number = self.latest.get(given)
        elif selector == "$Default":
            number = self.default.get(given)
        else:
            number = int(selector) if selector.isdigit() else None
        return (given, number) if number else None

    def described(self, version: Version) -> str:
        name = self.versions.get(version, {}).get("LaunchTemplateName", version[0])
        return f"launch template {name} version {version[1]}"


def _mixed(group: Resource) -> tuple[Resource, list[Resource]]:
    policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    return policy.get("LaunchTemplateSpecification", {}), policy.get("Overrides", [])


def _of_group(group: Resource) -> tuple[list[Resource], list[str]]:
    """The specifications of launch templates of a group, and the AMIs that it names itself."""
    base, overrides = _mixed(group)
    specifications = [group.get("LaunchTemplate"), base, *(one.get("LaunchTemplateSpecification") for one in overrides)]
    return [one for one in specifications if one], [one["ImageId"] for one in overrides if one.get("ImageId")]


def _of_fleet(configs: c.Iterable[Resource]) -> tuple[list[Resource], list[str]]:
    listed = list(configs)
    specifications = [one.get("LaunchTemplateSpecification") for one in listed]
    overrides = [override for one in listed for override in one.get("Overrides") or []]
    return [one for one in specifications if one], [one["ImageId"] for one in overrides if one.get("ImageId")]


def _starters(facts: Facts) -> t.Iterator[tuple[str, str, list[Resource], list[str]]]:
    """All that starts instances by launch templates: kind, id, specifications, AMIs named beside them."""
    for group in facts.groups:
        yield ("auto-scaling-group", group["AutoScalingGroupName"], *_of_group(group))
    for fleet in facts.spot_fleets:
        if fleet.get("SpotFleetRequestState", "active") in _STARTING:
            config = fleet.get("SpotFleetRequestConfig", {})
            specifications, images = _of_fleet(config.get("LaunchTemplateConfigs", []))
            images += [one["ImageId"] for one in config.get("LaunchSpecifications", []) if one.get("ImageId")]
            yield "spot-fleet", fleet["SpotFleetRequestId"], specifications, images
    for fleet in facts.fleets:
        if fleet.get("FleetState", "active") in _STARTING:
            yield ("fleet", fleet["FleetId"], *_of_fleet(fleet.get("LaunchTemplateConfigs", [])))


def _by_starters(facts: Facts, templates: Templates) -> Found:
    for kind, name, specifications, images in _starters(facts):
        for version in filter(None, map(templates.version_of, specifications)):
            yield templates.image_of_version(version), kind, name, templates.described(version)
        for image in images:
            yield templates.image_of(image), kind, name, ""


def _by_configurations(facts: Facts) -> Found:
    images = {one["LaunchConfigurationName"]: one.get("ImageId") for one in facts.configurations}
    for name, image in images.items():
        yield image, "launch-configuration", name, ""
    for group in facts.groups:
        used = group.get("LaunchConfigurationName")
        if used in images:
            yield images[used], "auto-scaling-group", group["AutoScalingGroupName"], f"launch configuration {used}"


def _by_instances(facts: Facts) -> Found:
    for one in facts.instances:
        yield one.get("ImageId"), "instance", one["InstanceId"], one.get("State", {}).get("Name", "")


def _users(facts: Facts, templates: Templates) -> dict[Version, list[str]]:
    """Who uses which version of a launch template."""
    used: dict[Version, list[str]] = {}
    for kind, name, specifications, _images in _starters(facts):
        for version in filter(None, map(templates.version_of, specifications)):
            used.setdefault(version, []).append(f"{kind} {name}")
    for one in facts.instances:
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
        number = tags.get("aws:ec2launchtemplate:version", "")
        if number.isdigit():
            version = (tags.get("aws:ec2launchtemplate:id", ""), int(number))
            used.setdefault(version, []).append(f"instance {one['InstanceId']}")
    return used


def _by_templates(facts: Facts, templates: Templates) -> Found:
    used = _users(facts, templates)
    for version, told in templates.versions.items():
        template_id, number = version
        roles = ["default"] if templates.default.get(template_id) == number else []
        roles += ["latest"] if templates.latest[template_id] == number else []
        roles += [f"used by {user}" for user in dict.fromkeys(used.get(version, []))]
        expression = expression_of(told.get("LaunchTemplateData", {}).get("ImageId"))
        detail = f"{told['LaunchTemplateName']} version {number}, {', '.join(roles) or 'stale'}"
        detail += f", by the SSM parameter {expression}" if expression else ""
        kind, name = (
            ("launch-template", template_id) if roles else ("launch-template-version", f"{template_id}:{number}")
        )
        yield templates.image_of_version(version), kind, name, detail


def _by_parameters(facts: Facts) -> Found:
    for name, value in facts.parameters.items():
        if not is_record(name):
            channel = _CHANNEL.fullmatch(name)
            detail = f"channel {channel[2]} of {channel[1]}" if channel else ""
            for image in dict.fromkeys(_AMI_ID.findall(value)):
                yield image, "ssm-parameter", name, detail


def _by_others(facts: Facts) -> Found:
    for one in facts.spot_requests:
        specification = one.get("LaunchSpecification", {})
        yield specification.get("ImageId"), "spot-request", one["SpotInstanceRequestId"], one.get("State", "")
    for one in facts.recipes:
        yield one.get("ImageId"), _RECIPES.get(one["ResourceType"], "recipe"), one["Arn"], ""
    for one in facts.usage:
        told = (
            f"{one.get('UsageCount', 0)} {one.get('ResourceType', '')}, report of {one.get('ReportCreationTime', '')}"
        )
        yield one.get("ImageId"), "account", one["AccountId"], told


def find_references(
    facts: Facts, place: Place, image_ids: c.Iterable[str], resolved: c.Mapping[str, str] | None = None
) -> dict[str, tuple[Reference, ...]]:
    """Who uses each of the AMIs. C(resolved) has the values of parameters that launch templates name with a version."""
    templates = Templates(facts.templates, {**facts.parameters, **(resolved or {})})
    found: dict[str, set[Reference]] = {image_id: set() for image_id in image_ids}
    for source in (
        _by_instances(facts),
        _by_templates(facts, templates),
        _by_starters(facts, templates),
        _by_configurations(facts),
        _by_parameters(facts),
        _by_others(facts),
    ):
        for image, kind, name, detail in source:
            if image in found:
                found[image].add(Reference(kind, name, detail, place.account, place.region))
    return {image_id: tuple(sorted(references)) for image_id, references in found.items()}
