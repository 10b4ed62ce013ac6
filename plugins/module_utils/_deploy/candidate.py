# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A version of a launch template that has yet to show that it is good, and the way back from it."""

from __future__ import annotations

import hashlib

from .._ami.calls import AmiError
from .._ami.steps import why
from . import calls
from .errors import DeployError
from .template import Template
from .world import Plan, Progress, World, read_template, version_name


class Candidate:
    """Makes the version, makes it the default, and takes both back. A launch template that was not there is made with it."""

    def __init__(self, world: World, plan: Plan, progress: Progress) -> None:
        self._world = world
        self._plan = plan
        self._progress = progress
        self._made = False
        self._moved = False

    @property
    def made(self) -> bool:
        """Whether there is something that was not there before."""
        return self._made

    @property
    def template_id(self) -> str:
        return str(self._progress.template_id)

    @property
    def version(self) -> str:
        return str(self._progress.version)

    def make(self) -> None:
        """Where the default version has the AMI already, that one is the candidate, and stays."""
        plan, progress, template = self._plan, self._progress, self._plan.template
        token = hashlib.sha256(f"{self._world.run_id}/{plan.image_id}".encode()).hexdigest()
        name = version_name(self._world, plan)
        if template and not plan.new_version:
            progress.template_id, progress.version = template.template_id, template.default
            return
        if template:
            ec2 = self._world.ec2
            made = calls.create_version(ec2, template.template_id, template.default, plan.image_id, name, token)
            progress.template_id, progress.version = template.template_id, str(made["VersionNumber"])
        else:
            data = {**self._world.options.settings, "ImageId": plan.image_id}
            made = calls.create_template(self._world.ec2, self._world.options.template, data, name, token)
            progress.template_id, progress.version = made["LaunchTemplateId"], str(made["LatestVersionNumber"])
        self._made = True

    def accept(self) -> None:
        """Make it the default, unless somebody else has moved that since it was looked at."""
        template = self._plan.template
        if not self._made or template is None:
            return
        now = read_template(self._world)
        if now is None or now.default != template.default:
            raise DeployError(
                f"The launch template {template.name} was changed by somebody else meanwhile: its default version is"
                f" {now.default if now else 'gone'}, and was {template.default}. Nothing of it was moved: look at it, and run again."
            )
        self._moved = True
        calls.set_default(self._world.ec2, template.template_id, self.version)

    def restore(self) -> str:
        """Have the former version as the default. A sentence when that was not possible; empty otherwise."""
        template = self._plan.template
        if not self._moved or template is None:
            return ""
        try:
            calls.set_default(self._world.ec2, template.template_id, template.default)
        except AmiError as error:
            return f" The launch template could not be restored ({why(error)}): {self._by_hand()}"
        self._moved = False
        return ""

    def remove(self) -> str:
        """Remove what was made, which nothing launches from any more. A sentence when that was not possible; empty otherwise."""
        if not self._made:
            return ""
        try:
            return self._remove(self._plan.template)
        except AmiError as error:
            return f" The launch template could not be restored ({why(error)}): {self._by_hand()}"

    def _remove(self, template: Template | None) -> str:
        if template is None:
            calls.delete_template(self._world.ec2, self.template_id)
            return ""
        refused = calls.delete_version(self._world.ec2, template.template_id, self.version)
        return f" Version {self.version} could not be removed ({refused}): {self._by_hand()}" if refused else ""

    def _by_hand(self) -> str:
        template = self._plan.template
        if template is None:
            return f"remove the launch template {self._world.options.template} in {self._world.stage}."
        return (
            f"have version {template.default} as the default of {template.name} in {self._world.stage}, and remove version"
            f" {self.version}."
        )
