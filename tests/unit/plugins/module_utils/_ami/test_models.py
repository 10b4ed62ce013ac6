# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each client has a session of its own, and what botocore has read is shared."""

from __future__ import annotations

import typing as t

import boto3
import botocore.loaders
import botocore.session
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.models import share_models


def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that botocore reads from now on."""
    files: list[str] = []
    load = botocore.loaders.JSONFileLoader.load_file

    def note(self: t.Any, path: str) -> t.Any:
        files.append(path)
        return load(self, path)

    monkeypatch.setattr(botocore.loaders.JSONFileLoader, "load_file", note)
    return files


def client(region: str) -> None:
    session = boto3.session.Session(aws_access_key_id="none", aws_secret_access_key="none")
    session.client("sts", region_name=region)


def test_a_second_session_reads_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.session, "create_loader", botocore.session.create_loader)
    share_models()
    share_models()
    client("us-east-1")
    files = read_files(monkeypatch)
    client("eu-west-1")
    assert [file for file in files if "/sts/" in file] == []
