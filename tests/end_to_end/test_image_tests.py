# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image's own playbook, with the roles that generalise it, changes nothing on an instance of its AMI, or that is a failing test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness.cloud import Cloud


@pytest.mark.night
def test_the_images_own_playbook_has_nothing_to_change(cloud: Cloud, images: Path) -> None:
    definition = images / "images" / "web" / "image.yml"
    # With a greeting of its own, so that it is built here: it is the newest version that is tested, and others build web too.
    definition.write_text(
        f"{definition.read_text()}  variables: {{web_greeting: welcome}}\ntests: {{check_mode: true, reboot: false}}\n"
    )
    built = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert built.rc == 0, built.output
    tested = cloud.play("test_ami.yml", "-e", "image=web", cwd=images)
    assert tested.rc == 0, tested.output
    assert re.search(r"boot check-mode passed (\d+)/\1", tested.words), tested.output

    definition.write_text(definition.read_text().replace("web_greeting: welcome", "web_greeting: bye"))
    other = cloud.play("test_ami.yml", "-e", "image=web", cwd=images)
    assert other.rc != 0
    assert "Greet: it would change something" in other.words, other.output
