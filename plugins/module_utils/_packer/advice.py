# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import json
import re
import shlex

# On a command line these mean themselves, to the shell and to Ansible's NAME=VALUE.
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


def sweep_removes_it(image: str, *, kept: bool = False) -> str:
    """That, and how, a sweep removes what a build of an image left, or kept."""
    module = "the module golden.ami.build_sweep"
    playbook = "ansible-playbook golden.ami.sweep_builds"
    if _PLAIN.fullmatch(image):
        task, more = (" KEPT=true", " -e image_sweep_kept=true") if kept else ("", "")
        return f"./taskw sweep IMAGE={image}{task} removes it (or {playbook} -e image={image}{more}, or {module})"
    # Ansible would take what follows a space for another variable.
    variables = {"image": image, **({"image_sweep_kept": True} if kept else {})}
    return f"{playbook} -e {shlex.quote(json.dumps(variables))} removes it (or {module})"
