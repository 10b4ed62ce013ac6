# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For testinfra: what the role golden.ami.sysprep promises of instances of an image.

Each has an identity of its own, and nothing of whoever built the image is on it. Name this file as a suite of an image, or copy
it and add what yours has besides.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t

import pytest

RELEASE = "/etc/golden-release.json"


@pytest.fixture(scope="module")
def release(host: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = json.loads(host.file(RELEASE).content_string)
    return found


@pytest.fixture(scope="module")
def built(release: dict[str, t.Any]) -> datetime.datetime:
    """When the build began, in UTC."""
    return datetime.datetime.fromisoformat(release["build_date"]).replace(tzinfo=None)


def test_it_says_what_it_is(host: t.Any, release: dict[str, t.Any]) -> None:
    assert release["image"]
    assert release["version"]
    assert host.file("/etc/ansible/facts.d/golden.fact").linked_to == RELEASE


def test_it_has_an_id_of_its_own(host: t.Any) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}\n", host.file("/etc/machine-id").content_string)


def test_its_host_keys_were_made_here(host: t.Any, built: datetime.datetime) -> None:
    keys = host.file("/etc/ssh").listdir()
    private = [name for name in keys if re.fullmatch(r"ssh_host_\w+_key", name)]
    assert private
    for name in private:
        file = host.file(f"/etc/ssh/{name}")
        assert (file.user, file.mode) == ("root", 0o600)
        assert file.mtime > built, f"{name} is older than the image"


def test_only_keys_of_this_instance_let_in(host: t.Any, built: datetime.datetime) -> None:
    """Cloud-init writes them on the first boot."""
    found = host.run("find /root /home -path '*/.ssh/authorized_keys' -size +0").stdout.split()
    for path in found:
        assert host.file(path).mtime > built, f"{path} is older than the image"


def test_no_account_has_a_password(host: t.Any) -> None:
    lines = host.file("/etc/shadow").content_string.splitlines()
    assert [line.split(":")[0] for line in lines if re.match(r"[^:]+:[^:!*]", line)] == []


def test_the_first_boot_will_never_be_without_host_keys(host: t.Any) -> None:
    assert host.service("golden-first-boot-keys").is_enabled


@pytest.mark.parametrize("kind", [".aws/credentials", ".netrc", ".git-credentials", ".docker/config.json", ".ssh/id_*"])
def test_no_credentials_came_along(host: t.Any, kind: str) -> None:
    assert host.run(f"find /root /home -path '*/{kind}'").stdout == ""
