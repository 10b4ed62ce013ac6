# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is built only when something changed, and what changed is named."""

from __future__ import annotations

from pathlib import Path

from harness.cloud import Cloud


def test_a_changed_role_is_named_by_check_mode_which_touches_nothing(cloud: Cloud, images: Path) -> None:
    first = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert first.rc == 0, first.output
    assert first.recap("changed") >= 1

    again = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert again.recap("changed") == 0, again.output
    assert again.ami() == first.ami()

    before = cloud.inventory()
    (images / "roles" / "web" / "defaults" / "main.yml").write_text("---\nweb_greeting: good evening\n")
    check = cloud.play("build_ami.yml", "-e", "image=web", "--check", "--diff", cwd=images)
    assert check.rc == 0, check.output
    assert check.recap("changed") >= 1
    assert "role web" in check.output
    assert "defaults/main.yml" in check.output
    assert cloud.inventory() == before

    second = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert second.rc == 0, second.output
    assert second.ami() != first.ami()


def test_a_mistake_in_the_definition_is_told_before_anything_starts(cloud: Cloud, images: Path) -> None:
    before = cloud.inventory()
    with (images / "images" / "web" / "image.yml").open("a") as definition:
        definition.write("biulder: {}\n")
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc != 0
    assert "images/web/image.yml:7: biulder: unknown key; did you mean builder?" in run.output
    assert "TASK [Have the local cloud up]" not in run.output
    assert cloud.inventory() == before


def test_a_failing_provisioner_leaves_nothing(cloud: Cloud, images: Path) -> None:
    before = cloud.inventory()
    (images / "roles" / "web" / "tasks" / "main.yml").write_text(
        "---\n- name: Break on purpose\n  ansible.builtin.command: /bin/false\n"
    )
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc != 0
    assert "Break on purpose" in run.output
    assert "non-zero return code" in run.output
    assert cloud.inventory() == before


def test_a_template_that_does_not_validate_launches_nothing(cloud: Cloud, images: Path) -> None:
    before = cloud.inventory()
    (images / "images" / "web" / "web.pkr.hcl").write_text(
        'source "null" "x" {\n  no_such_argument = 1\n}\nbuild {\n  sources = ["source.null.x"]\n}\n'
    )
    (images / "images" / "web" / "image.yml").write_text("---\ntemplate: web.pkr.hcl\n")
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=images)
    assert run.rc != 0
    assert "web.pkr.hcl" in run.output
    assert "no_such_argument" in run.output
    assert cloud.inventory() == before


def test_an_unknown_image_names_those_that_exist(cloud: Cloud) -> None:
    run = cloud.play("build_ami.yml", "-e", "image=nope")
    assert run.rc != 0
    assert "there is no image 'nope'. Images that exist: apache, wordpress, wordpress-legacy" in run.output
