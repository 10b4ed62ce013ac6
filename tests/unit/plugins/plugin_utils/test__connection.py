# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session that the caller's environment cannot turn anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._connection import isolated_session


def test_nothing_of_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text("[profile production]\nregion = sa-east-1\nendpoint_url = https://example.com\n")
    for name, value in {"AWS_PROFILE": "production", "AWS_CONFIG_FILE": str(file), "AWS_CA_BUNDLE": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    session = isolated_session()
    assert session.get_config_variable("profile") is None
    assert session.full_config["profiles"] == {}
    made = session.create_client(
        "ssm",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    assert (made.meta.endpoint_url, made.meta.region_name) == ("http://127.0.0.1:9", "us-east-1")
