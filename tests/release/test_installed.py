# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an installed collection and a directory that holds just images/web, an image is built on a local cloud."""

from __future__ import annotations

import collections.abc as c
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, Cloud, free_port
from release.installed import Installed

DEFINITION = """\
---
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  playbook: playbook.yml
"""
PLAYBOOK = """\
---
- name: A web server
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Greet
      ansible.builtin.copy:
        content: hello
        dest: /etc/greeting
        mode: "0644"
"""


@pytest.fixture(scope="module")
def directory(scratch: Path) -> Path:
    """A user's repository."""
    web = scratch / "repository" / "images" / "web"
    web.mkdir(parents=True)
    (web / "image.yml").write_text(DEFINITION)
    (web / "playbook.yml").write_text(PLAYBOOK)
    return scratch / "repository"


@pytest.fixture(scope="module")
def cloud(installed: Installed, scratch: Path) -> c.Iterator[Cloud]:
    """Of a name and port that only the environment says, as there is no inventory."""
    made = Cloud(name=f"release-{secrets.token_hex(2)}", port=free_port(), home=scratch / "state")
    yield made
    run = with_cloud(installed, made).run("ansible-playbook", "golden.ami.local_cloud", "-e", "local_cloud_state=reset")
    assert run.rc == 0, run.output
    assert not (made.home / "golden.ami" / "local_cloud" / made.name).exists()


def with_cloud(installed: Installed, cloud: Cloud) -> Installed:
    names = {
        "XDG_STATE_HOME": str(cloud.home),
        "GOLDEN_CLOUD_NAME": cloud.name,
        "GOLDEN_CLOUD_PORT": str(cloud.port),
    }
    return replace(installed, extra=names)


def test_is_the_installed_one(installed: Installed) -> None:
    """And not a checkout that some environment links."""
    listed = installed.run("ansible-galaxy", "collection", "list", "golden.ami", "--format", "json")

    assert listed.rc == 0, listed.output
    assert str(installed.collections / "ansible_collections") in listed.output
    assert str(CHECKOUT) not in listed.output
    assert not installed.path.is_symlink()


def test_the_installed_files_are_those_of_the_tarball(installed: Installed) -> None:
    verified = installed.run("ansible-galaxy", "collection", "verify", "--offline", "golden.ami")

    assert verified.rc == 0, verified.output
    assert "MANIFEST.json" in verified.output


def test_builds_an_image(installed: Installed, cloud: Cloud, directory: Path) -> None:
    user = with_cloud(installed, cloud)

    up = user.run("ansible-playbook", "golden.ami.local_cloud", cwd=directory)
    assert up.rc == 0, up.output
    assert f"up at http://127.0.0.1:{cloud.port}" in up.output

    command = ("ansible-playbook", "golden.ami.build_ami", "-e", "image=web", "-e", "golden_cloud=local")
    built = user.run(*command, cwd=directory)
    assert built.rc == 0, built.output
    assert built.recap("changed") >= 1
    (image,) = cloud.client("ec2").describe_images(Owners=["self"])["Images"]
    assert image["ImageId"] == built.ami()
    assert image["State"] == "available"

    again = user.run(*command, cwd=directory)
    assert again.rc == 0, again.output
    assert again.recap("changed") == 0
    assert again.ami() == built.ami()
    # What a build writes, it writes into its state, not into the user's repository or the collection.
    assert sorted(path.name for path in directory.rglob("*") if path.is_file()) == ["image.yml", "playbook.yml"]
    verified = user.run("ansible-galaxy", "collection", "verify", "--offline", "golden.ami")
    assert verified.rc == 0, verified.output


def test_without_an_image_says_how_to_name_one(installed: Installed, directory: Path) -> None:
    run = installed.run("ansible-playbook", "golden.ami.build_ami", cwd=directory)

    assert run.rc != 0
    assert "Which image? Say -e image=NAME" in run.output


def test_an_unknown_image_names_those_that_there_are(installed: Installed, directory: Path) -> None:
    run = installed.run("ansible-playbook", "golden.ami.build_ami", "-e", "image=wbe", cwd=directory)

    assert run.rc != 0
    assert "there is no image 'wbe'. Images that exist: " in run.output
    assert f"Searched: {directory}/images, {installed.path}/playbooks/images" in run.output


def test_without_credentials_the_local_cloud_is_pointed_out(
    installed: Installed, directory: Path, tmp_path: Path
) -> None:
    """An installed collection without an inventory means AWS."""
    run = installed.run(
        "ansible-playbook",
        "golden.ami.build_ami",
        "-e",
        "image=web",
        cwd=directory,
        HOME=str(tmp_path),
        AWS_EC2_METADATA_DISABLED="true",
    )

    assert run.rc != 0
    assert "Unable to locate credentials" in run.output
    assert "-e golden_cloud=local" in run.output


@pytest.mark.parametrize("library", ["jsonschema", "boto3"])
def test_a_missing_library_is_named(installed: Installed, directory: Path, tmp_path: Path, library: str) -> None:
    """It lacks in the Python that ansible-playbook runs in, and the message says in which."""
    blocked = tmp_path / "blocked" / library
    blocked.mkdir(parents=True)
    text = f"raise ModuleNotFoundError(\"No module named '{library}'\", name='{library}')\n"
    (blocked / "__init__.py").write_text(text)

    run = installed.run(
        "ansible-playbook",
        "golden.ami.build_ami",
        "-e",
        "image=web",
        cwd=directory,
        PYTHONPATH=str(blocked.parent),
        AWS_EC2_METADATA_DISABLED="true",
    )

    assert run.rc != 0
    assert f"Failed to import the required Python library ({library}" in run.output.replace("botocore and ", "")
    assert str(installed.root) in run.output
