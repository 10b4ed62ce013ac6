# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests that run on a local cloud share: the cloud, one for all the tests of a run, and a small image to build on it."""

from __future__ import annotations

import collections.abc as c
import secrets
from pathlib import Path

import pytest
from harness.cloud import Cloud, remove_cloud, start_cloud
from harness.four import Four


@pytest.fixture(scope="session")
def cloud() -> c.Iterator[Cloud]:
    made = start_cloud(f"test-{secrets.token_hex(2)}")
    yield made
    remove_cloud(made)


@pytest.fixture
def four(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Four:
    """Runs modules and playbooks four times; what each did is shown when the test fails (``harness.four``)."""

    def report(table: str) -> None:
        request.node.add_report_section("call", "check, apply, check, apply", table)

    return Four(cloud, tmp_path_factory.mktemp("four"), report)


WEB = """\
---
description: A small image that builds in seconds
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  roles: [web]
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A user's own directory with one small image, ``web``, whose role writes one file."""
    role = tmp_path / "roles" / "web"
    (role / "tasks").mkdir(parents=True)
    (role / "defaults").mkdir()
    (role / "defaults" / "main.yml").write_text("---\nweb_greeting: hello\n")
    (role / "tasks" / "main.yml").write_text(
        "---\n"
        "- name: Greet\n"
        "  ansible.builtin.copy:\n"
        "    content: '{{ web_greeting }}'\n"
        "    dest: /etc/greeting\n"
        "    mode: '0644'\n"
    )
    (tmp_path / "images" / "web").mkdir(parents=True)
    (tmp_path / "images" / "web" / "image.yml").write_text(WEB)
    return tmp_path
