# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import typing as t

from . import variables
from .abandoned import make_owned, remove_abandoned
from .argv import Selection
from .copies import Additions, TemplateCopy, copy_template
from .environment import packer_environment
from .environment_reads import sensitive_reads
from .galaxy import GalaxyDirectories
from .options import BuildOptions, PackerOptions
from .secrets import Scrubber, environment_secrets, sensitive_values
from .state import write_private
from .template import Template


def given_secrets(options: PackerOptions, template: Template) -> list[t.Any]:
    """What is secret among options that are not so by themselves: what the template, or a name of the environment, says is."""
    sensitive = template.sensitive
    environment = environment_secrets(options.environment, sensitive, sensitive_reads(template))
    return [*_sensitive(options, template), *environment]


def _sensitive(options: PackerOptions, template: Template) -> list[t.Any]:
    """The values of sensitive variables, by whatever option they are given."""
    placements = options.placements if isinstance(options, BuildOptions) else ()
    given = (options.local_variables, options.variables, *placements)
    return [value for values in given for value in sensitive_values(values, template.sensitive)]


class Workspace:
    """A directory of a run's own, readable by nobody else: variable files, manifest, copies of the template."""

    def __init__(self, options: PackerOptions, template: Template, executable: str) -> None:
        remove_abandoned(pathlib.Path(tempfile.gettempdir()))
        self.path = make_owned(pathlib.Path(tempfile.gettempdir()))
        self.options = options
        self.template = template
        self.executable = executable
        self._copies: list[pathlib.Path] = []
        self.galaxy = GalaxyDirectories.below(self.path)
        # By which Ansible finds what was brought for this run; empty when nothing was.
        self.galaxy_paths: dict[str, str] = {}
        self.scrubber = self._scrubber()

    def _scrubber(self) -> Scrubber:
        options = self.options
        given = [options.secret_variables, options.access.secret_key, options.access.session_token]
        sensitive = self.template.sensitive
        given += _sensitive(options, self.template)
        return Scrubber([*given, *environment_secrets(self.environment(), sensitive, sensitive_reads(self.template))])

    def renew(self, options: PackerOptions, template: Template) -> None:
        """Go on with what the files hold now. What is a secret by now is hidden from here on."""
        self.options = options
        self.template = template
        self.scrubber = self._scrubber()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def manifest(self) -> pathlib.Path:
        return self.path / "manifest.json"

    def select(self, ours: dict[str, t.Any], copy: TemplateCopy | None = None) -> Selection:
        """Write the variable files, and say what the command is about. The user's values win over ours."""
        options, template = self.options, self.template
        ours = {**self._galaxy_variables(), **ours}
        given = {**variables.where_declared(template, ours), **options.local_variables, **options.variables}
        plain = {name: value for name, value in given.items() if name not in options.secret_variables}
        files = [*options.var_files, self._variable_file("variables", plain)]
        if options.secret_variables:
            files.append(self._variable_file("secrets", options.secret_variables))
        template_path = copy.path if copy else template.path
        return Selection(str(template_path), tuple(files), options.only, options.excluded)

    def _galaxy_variables(self) -> dict[str, str]:
        """Where roles and collections of the requirements are; a template that asks without any gets nothing to look in."""
        brought = bool(self.galaxy_paths)
        return {
            "golden_roles_directory": str(self.galaxy.roles) if brought else "",
            "golden_collections_directory": str(self.galaxy.collections) if brought else "",
        }

    def _variable_file(self, name: str, values: dict[str, t.Any]) -> str:
        path = self.path / f"{name}.pkrvars.json"
        write_private(path, variables.render(self.template, values))
        return str(path)

    def copy(self, additions: Additions, name: str = "template") -> TemplateCopy:
        """A copy of the template with additions; one of the same name goes."""
        root = self.path / name
        shutil.rmtree(root, ignore_errors=True)
        copied = copy_template(self.template, additions, root)
        self.note_copy(root)
        return copied

    def note_copy(self, root: pathlib.Path) -> None:
        """Note that what Packer says of this shadow tree is meant for what it is the shadow of."""
        self._copies.append(root)

    def original(self, text: str) -> str:
        """What Packer says of a copy, said of the user's own template and of what is around it."""
        for root in self._copies:
            text = text.replace(f"{root}/", "/")
        return text

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """Packer's environment; what it leaves in a temporary directory goes with this one."""
        extra = {"TMPDIR": str(self.path), **self.options.environment, **self.galaxy_paths, **(more or {})}
        return packer_environment(os.environ, self.options.access, plugin_path=self.options.plugin_path, extra=extra)
