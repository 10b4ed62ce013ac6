# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A launch template as it is, and what becomes of it. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .errors import DeployError

_ALIAS = "resolve:ssm:"


@dataclasses.dataclass(frozen=True)
class Template:
    """A launch template by its default version. C(image_id) is the AMI in it, None when it says none."""

    template_id: str
    name: str
    default: str
    image_id: str | None


def template_of(described: c.Mapping[str, t.Any], default: c.Mapping[str, t.Any]) -> Template:
    return Template(
        described["LaunchTemplateId"],
        described["LaunchTemplateName"],
        str(described["DefaultVersionNumber"]),
        default.get("LaunchTemplateData", {}).get("ImageId"),
    )


def refuse_alias(template: Template, channel: str) -> None:
    """One that reads a parameter at each launch is moved by it, healthy or not."""
    if (template.image_id or "").startswith(_ALIAS):
        raise DeployError(
            f"The launch template {template.name} takes its AMI from {template.image_id} at each launch, so it cannot wait until"
            f" instances are healthy: name another one for the channel {channel}, whose default version has an AMI's id. Nothing"
            " was changed."
        )


@dataclasses.dataclass(frozen=True)
class Scaling:
    """An Auto Scaling group: the version of the launch template that it launches from, and its instances in service."""

    name: str
    template_id: str | None
    version: str
    image_id: str | None
    instance_ids: tuple[str, ...]
    mixed: bool = False


def refuse_unfit(scaling: Scaling, template: Template | None) -> None:
    """What cannot be refreshed with a way back."""
    if scaling.mixed:
        raise DeployError(
            f"The Auto Scaling group {scaling.name} has a mixed instances policy, which is not supported: name a group that launches"
            " from one launch template. Nothing was changed."
        )
    if template is None or scaling.template_id != template.template_id:
        raise DeployError(
            f"The Auto Scaling group {scaling.name} does not launch from"
            f" {f'the launch template {template.name}' if template else 'a launch template of that name, which is not there'}:"
            " correct launch_template or auto_scaling_group. Nothing was changed."
        )
    if not scaling.version.isdigit():
        raise DeployError(
            f"The Auto Scaling group {scaling.name} follows version {scaling.version} of its launch template, from which AWS cannot"
            f" roll back: let it name version {template.default} by its number. Nothing was changed."
        )
    if not scaling.instance_ids:
        raise DeployError(
            f"The Auto Scaling group {scaling.name} has no instances in service, so nothing would be shown: give it a desired"
            " capacity of at least one. Nothing was changed."
        )
