# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A launch template and its versions, and what a launch makes of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.ec2.utils import random_launch_template_id

from golden_cloud.api.errors import CloudError

LATEST, DEFAULT = "$Latest", "$Default"
Data = dict[str, Any]


@dataclass
class TemplateVersion:
    number: int
    data: Data
    description: str | None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Template:
    """Its versions are never changed and their numbers never given again."""

    name: str
    created_by: str
    id: str = field(default_factory=random_launch_template_id)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    versions: dict[int, TemplateVersion] = field(default_factory=dict)
    default: int = 1
    last: int = 0
    """The highest number that was ever given."""

    @property
    def latest(self) -> int:
        return max(self.versions)

    def add(self, data: Data, description: str | None) -> TemplateVersion:
        self.last += 1
        self.versions[self.last] = TemplateVersion(self.last, data, description)
        return self.versions[self.last]

    def version(self, wanted: str | None) -> TemplateVersion:
        """By number, ``$Latest`` or ``$Default``; the default one without any."""
        number = {LATEST: self.latest, DEFAULT: self.default, "": self.default}.get(wanted or "")
        if number is None and str(wanted).isdigit():
            number = int(str(wanted))
        if number not in self.versions:
            raise CloudError(
                "InvalidLaunchTemplateId.VersionNotFound",
                f"Could not find the specified version {wanted} for the launch template with ID {self.id}.",
            )
        return self.versions[number]

    def describe(self, tags: dict[str, str]) -> dict[str, Any]:
        return {
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "CreateTime": self.created,
            "CreatedBy": self.created_by,
            "DefaultVersionNumber": self.default,
            "LatestVersionNumber": self.latest,
            "Tags": [{"Key": k, "Value": v} for k, v in tags.items()] or None,
        }

    def describe_version(self, version: TemplateVersion, data: Data) -> dict[str, Any]:
        return {
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "VersionNumber": version.number,
            "VersionDescription": version.description,
            "CreateTime": version.created,
            "CreatedBy": self.created_by,
            "DefaultVersion": version.number == self.default,
            "LaunchTemplateData": data,
        }


def find(templates: dict[str, Template], template_id: str | None, name: str | None) -> Template:
    """The template that a request means by its id or by its name; EC2's own errors."""
    if template_id and name:
        text = "Either the ID or the name of a launch template can be given, not both."
        raise CloudError("InvalidParameterCombination", text)
    if not template_id and not name:
        raise CloudError("MissingParameter", "Either a launch template ID or a launch template name must be specified.")
    if template_id and not template_id.startswith("lt-"):
        raise CloudError("InvalidLaunchTemplateId.Malformed", f'Invalid id: "{template_id}" (expecting "lt-...")')
    if template_id and template_id in templates:
        return templates[template_id]
    found = next((t for t in templates.values() if name and t.name == name), None)
    if found is not None:
        return found
    if template_id:
        text = f"The specified launch template, with template ID {template_id}, does not exist."
        raise CloudError("InvalidLaunchTemplateId.NotFound", text)
    text = f"The specified launch template, with template name {name}, does not exist."
    raise CloudError("InvalidLaunchTemplateName.NotFoundException", text)


def with_template(request: Data, template: Data) -> Data:
    """What a launch asks for: what the request says goes before what the template says."""
    merged = {k: v for k, v in template.items() if v not in (None, [], {})}
    return merged | {k: v for k, v in request.items() if k != "LaunchTemplate"}
