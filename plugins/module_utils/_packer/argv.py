# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

# To keep the builder Packer has to leave everything as it is; what is not to be kept is removed afterwards.
_ON_ERROR = {"keep": "abort"}


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which part of a template a command is about."""

    template: str
    var_files: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def _selection_flags(selection: Selection) -> list[str]:
    flags = [f"-var-file={path}" for path in selection.var_files]
    if selection.only:
        flags.append(f"-only={','.join(selection.only)}")
    if selection.excluded:
        flags.append(f"-except={','.join(selection.excluded)}")
    return flags


def validate_argv(executable: str, selection: Selection) -> list[str]:
    """The command line of ``packer validate``; Packer reads flags before the template only."""
    return [executable, "validate", *_selection_flags(selection), selection.template]


def probe_argv(executable: str, selection: Selection) -> list[str]:
    """The command line of a ``packer build`` that makes nothing: what it says is read as diagnostics."""
    return [executable, "build", "-color=false", *_selection_flags(selection), selection.template]


def upgrade_argv(executable: str, template: str, output: str) -> list[str]:
    """The command line that turns a legacy template into HCL."""
    return [executable, "hcl2_upgrade", f"-output-file={output}", template]


def init_argv(executable: str, template: str) -> list[str]:
    return [executable, "init", template]


def build_argv(executable: str, selection: Selection, *, on_error: str, parallel_builds: int | None) -> list[str]:
    """The command line of ``packer build``. Values of variables never appear here: other users can read it."""
    flags = ["-machine-readable", "-color=false", f"-on-error={_ON_ERROR.get(on_error, on_error)}"]
    if parallel_builds is not None:
        flags.append(f"-parallel-builds={parallel_builds}")
    return [executable, "build", *flags, *_selection_flags(selection), selection.template]
