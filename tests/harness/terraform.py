# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform with the AWS provider as a client of a local cloud: one that nobody here wrote, and that reads all it has made."""

from __future__ import annotations

import json
import shutil
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from harness.cloud import Cloud, Run, run

PROFILE = "golden-local"
# A plan's exit status with -detailed-exitcode.
EMPTY, CHANGES = 0, 2


def program() -> str | None:
    return shutil.which("terraform")


def plugins() -> Path | None:
    """A local mirror of Terraform's registry that has the AWS provider, where Terraform's packages put one."""
    roots = [
        Path.home() / ".terraform.d",
        Path("/usr/local/share/terraform"),
        Path("/usr/share/terraform"),
        Path("/opt"),
    ]
    found = (path for root in roots for path in root.glob("*/registry.terraform.io/hashicorp/aws"))
    provider = next(found, None)
    return provider.parents[2] if provider else None


@dataclass
class Terraform:
    """A configuration in a directory of its own. ``variables`` are those that it declares.

    ``session``: keys and Region in the names of the environment, for another account than the cloud's own.
    """

    cloud: Cloud
    directory: Path
    variables: dict[str, t.Any] = field(default_factory=dict)
    session: dict[str, str] = field(default_factory=dict)

    def add(self, *configurations: Path) -> None:
        """Take these files in: Terraform reads all that are there."""
        for configuration in configurations:
            shutil.copy(configuration, self.directory)

    def init(self) -> None:
        (self.directory / "terraform.tfvars.json").write_text(json.dumps(self.variables))
        self("init", f"-plugin-dir={plugins()}")

    def apply(self) -> None:
        self("apply", "-auto-approve")

    def destroy(self) -> None:
        self("destroy", "-auto-approve")

    def adopt(self, identifiers: dict[str, str]) -> str:
        """Take what somebody else made as what the configuration says at these addresses, and give what was planned for it."""
        blocks = [f'import {{\n  to = {address}\n  id = "{one}"\n}}\n' for address, one in identifiers.items()]
        (self.directory / "adopted.tf").write_text("\n".join(blocks))
        return self("apply", "-auto-approve").output

    def plan(self) -> Run:
        """What Terraform would do: nothing when it ends with ``EMPTY``, something with ``CHANGES``."""
        return self._run("plan", "-detailed-exitcode")

    def outputs(self) -> dict[str, t.Any]:
        return {name: one["value"] for name, one in json.loads(self("output", "-json").output).items()}

    def resource(self, address: str) -> dict[str, t.Any]:
        """What Terraform has read of it."""
        resources = json.loads(self("show", "-json").output)["values"]["root_module"]["resources"]
        values: dict[str, t.Any] = next(one["values"] for one in resources if one["address"] == address)
        return values

    def __call__(self, verb: str, *arguments: str) -> Run:
        done = self._run(verb, *arguments)
        assert done.rc == 0, f"terraform {verb}:\n{done.output}"
        return done

    def _run(self, verb: str, *arguments: str) -> Run:
        return run([program() or "terraform", verb, "-no-color", *arguments], self.directory, self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        """The cloud's own profile; nothing that the caller tells Terraform, such as variables and arguments."""
        state = self.cloud.home / "golden.ami" / "local_cloud" / self.cloud.name
        kept = {name: value for name, value in self.cloud.environment.items() if not name.startswith("TF_")}
        profile = {
            "AWS_PROFILE": PROFILE,
            "AWS_CONFIG_FILE": str(state / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(state / "credentials"),
        }
        return {
            **kept,
            **(self.session or profile),
            "CHECKPOINT_DISABLE": "1",
            "TF_INPUT": "0",
        }
