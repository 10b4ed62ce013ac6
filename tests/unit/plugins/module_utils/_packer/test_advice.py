# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command that is told does what it says when it is pasted, whatever the image is called."""

from __future__ import annotations

import json
import shlex

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.advice import sweep_removes_it


def test_of_a_plain_name() -> None:
    assert sweep_removes_it("team/_web") == (
        "./taskw sweep IMAGE=team/_web removes it (or ansible-playbook golden.ami.sweep_builds -e image=team/_web, or the"
        " module golden.ami.build_sweep)"
    )
    assert "IMAGE=web KEPT=true removes it" in sweep_removes_it("web", kept=True)
    assert "-e image=web -e image_sweep_kept=true," in sweep_removes_it("web", kept=True)


@pytest.mark.parametrize("image", ["Web Server (prod)", "somebody's"])
def test_of_a_name_that_means_something_to_a_shell(image: str) -> None:
    command = sweep_removes_it(image, kept=True).partition(" removes it")[0]
    *_playbook, variables = shlex.split(command)
    assert json.loads(variables) == {"image": image, "image_sweep_kept": True}
