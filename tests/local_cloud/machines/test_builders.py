# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of builds: which can be had, and what they share with the host."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_cloud.machines import host_ways
from golden_cloud.machines.builders import refusal
from golden_cloud.machines.recipes import BUILD, mmdebstrap_argv


@pytest.mark.parametrize(
    ("image", "kind", "privileged", "why"),
    [
        ("aws/codebuild/standard:7.0", "LINUX_CONTAINER", False, None),
        ("aws/codebuild/amazonlinux-x86_64-standard:5.0", "LINUX_CONTAINER", False, None),
        ("localhost/toolkit", "LINUX_CONTAINER", False, None),
        ("aws/codebuild/standard:7.0", "LINUX_CONTAINER", True, "root on this very host"),
        ("aws/codebuild/standard:7.0", "ARM_CONTAINER", False, "there is LINUX_CONTAINER"),
        ("aws/codebuild/windows-base:2022-1.0", "WINDOWS_SERVER_2022_CONTAINER", False, "there is LINUX_CONTAINER"),
        ("docker.io/library/python:3", "LINUX_CONTAINER", False, "localhost/NAME"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/tools:1", "LINUX_CONTAINER", False, "can't be pulled"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_reason(
    image: str, kind: str, privileged: bool, why: str | None
) -> None:
    told = refusal(image, kind, "x86_64", privileged=privileged)
    assert (told is None) == (why is None) and (why or "") in (told or "")


def test_a_build_goes_the_ways_of_the_host(tmp_path: Path) -> None:
    bundle = tmp_path / "our.pem"
    bundle.write_text("certificate")
    host = {
        "PIP_INDEX_URL": "https://user:word@index.example/simple",
        "PIP_CERT": str(bundle),
        "CURL_CA_BUNDLE": "/nowhere.pem",
        "https_proxy": "http://proxy.example:3128",
        "no_proxy": "intern.example",
        "AWS_PROFILE": "production",
    }
    told = host_ways.variables(host, "10.192.7.1")
    inside = f"/codebuild/certificates/{str(bundle).strip('/').replace('/', '-')}"
    around = "intern.example,127.0.0.1,localhost,169.254.169.254,169.254.170.2,10.192.7.1"
    # What can hold a password is taken from the environment by podman, and is in no process list.
    assert told == {"PIP_INDEX_URL": "", "PIP_CERT": inside, "no_proxy": around, "NO_PROXY": around}
    assert host_ways.certificates(host)[str(bundle)] == inside
    assert host_ways.variables({}, "10.192.7.1") == {}


def test_the_builds_image_has_no_cloud_init_to_set_up() -> None:
    assert not any("cloud.cfg" in word for word in mmdebstrap_argv(BUILD, "/work", "/root.tar", None))
