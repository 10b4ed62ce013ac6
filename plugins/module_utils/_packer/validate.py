# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import typing as t

from .checks import init, validate
from .hiding import Given
from .options import PackerOptions, read_options
from .process import AncestorWatch, SignalTrap
from .room import require_room_to_look, room_to_begin
from .template import load_template
from .variables import check_declared
from .versions import find_executable, read_versions
from .workspace import Workspace

# Packer validates without looking, so any well-formed id does.
_ANY_AMI = "ami-00000000000000000"


def stand_ins(options: PackerOptions) -> dict[str, t.Any]:
    """Values for what a build would set, so that a template which requires them can be validated."""
    base = options.source_ami.image_id if options.source_ami else None
    return {
        "source_ami": base or _ANY_AMI,
        "region": options.access.region,
        "golden_image": "validate",
        "golden_version": "20000101000000",
        "golden_ami_name": "validate-20000101000000",
        "golden_run_tags": {"golden:image": "validate"},
        "golden_tags": {"golden:image": "validate"},
        "golden_manifest": "manifest.json",
        "golden_keypair_name": "",
        "golden_private_key_file": "",
    }


def run(module: t.Any) -> dict[str, t.Any]:
    """Validate a template; Packer calls nothing on AWS for that, and neither does this."""
    given = Given(module)
    with given.hidden():
        return given.legible(_validated(module, given))


def _validated(module: t.Any, given: Given) -> dict[str, t.Any]:
    options = read_options(given)
    template = load_template(options.template)
    given.show_harmless(options, template)
    check_declared(template, options.variable_names)
    executable = find_executable(options.executable)
    versions = read_versions(executable, options.plugin_path, template)
    watch = AncestorWatch()
    require_room_to_look()
    with room_to_begin(), SignalTrap() as trap, Workspace(options, template, executable) as workspace:
        if options.init and template.hcl and versions.missing(template) and not module.check_mode:
            init(workspace, trap, watch)
        validation = validate(workspace, workspace.select(stand_ins(options)), trap, watch)
    return {
        "changed": False,
        "valid": validation.valid,
        "diagnostics": [dataclasses.asdict(diagnostic) for diagnostic in validation.diagnostics],
        "raw": validation.raw,
    }
