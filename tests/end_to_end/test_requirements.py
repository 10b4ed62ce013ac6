# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Community roles and collections of a requirements.yml beside an image are there for its build, and nowhere afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from harness.cloud import Cloud
from harness.instances import launched

WHO = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
TASK = "---\n- name: Say hello\n  ansible.builtin.copy:\n    content: hello\n    dest: /etc/{}\n    mode: '0644'\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def image(images: Path) -> Path:
    """The image ``web`` with a role from a Git repository, and one from a collection's archive."""
    role = images / "sources" / "greet"
    write(role / "tasks" / "main.yml", TASK.format("from-a-repository"))
    write(role / "meta" / "main.yml", "---\ngalaxy_info: {author: a, description: d, license: l}\ndependencies: []\n")
    for command in (["init", "-q"], ["add", "-A"], [*WHO, "commit", "-qm", "first"], ["tag", "v1"]):
        subprocess.run(["git", "-C", str(role), *command], check=True)
    tools = images / "sources" / "tools"
    write(tools / "galaxy.yml", "namespace: own\nname: tools\nversion: 1.0.0\nreadme: README.md\nauthors: [a]\n")
    write(tools / "README.md", "")
    write(tools / "roles" / "hello" / "tasks" / "main.yml", TASK.format("from-a-collection"))
    web = images / "images" / "web"
    argv = ["ansible-galaxy", "collection", "build", "--output-path", str(web), str(tools)]
    subprocess.run(argv, check=True, capture_output=True)
    write(
        web / "requirements.yml",
        f"---\nroles:\n  - {{src: 'git+file://{role}', version: v1}}\n"
        "collections:\n  - {name: ./own-tools-1.0.0.tar.gz, type: file}\n",
    )
    definition = web / "image.yml"
    definition.write_text(definition.read_text().replace("[web]", "[web, greet, own.tools.hello]"))
    return images


@pytest.mark.night
def test_roles_of_a_repository_and_of_a_collection(cloud: Cloud, image: Path) -> None:
    run = cloud.play("build_ami.yml", "-e", "image=web", cwd=image)
    assert run.rc == 0, run.output
    assert "Bring the roles of requirements.yml: greet" in run.output
    with launched(cloud, "web", run.ami(), cwd=image) as (machine,):
        assert machine.run("cat /etc/from-a-repository /etc/from-a-collection") == "hellohello"
    assert not list(Path.home().glob(".ansible/roles/greet"))
    assert not list(Path.home().glob(".ansible/collections/ansible_collections/own"))

    # Nothing changed: the sources are not even asked.
    (image / "sources" / "greet").rename(image / "sources" / "away")
    again = cloud.play("build_ami.yml", "-e", "image=web", cwd=image)
    assert again.recap("changed") == 0, again.output


def test_a_role_that_cannot_be_brought_is_named_and_launches_nothing(cloud: Cloud, image: Path) -> None:
    before = cloud.inventory()
    (image / "sources" / "greet").rename(image / "sources" / "away")
    run = cloud.play("build_ami.yml", "-e", "image=web", "-e", "image_force=true", cwd=image)
    assert run.rc != 0
    told = " ".join(run.output.split())
    assert "images/web/requirements.yml: role greet (v1, git+file://" in told
    assert "Correct the entry, or make its source reachable from here. Nothing was launched." in told
    assert "Start Packer" not in run.output
    assert cloud.inventory() == before
