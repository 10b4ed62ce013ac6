# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.manifest import Artifact, read_manifest


def build(run: str, artifact_id: str) -> dict[str, str]:
    return {"name": "base", "builder_type": "amazon-ebs", "artifact_id": artifact_id, "packer_run_uuid": run}


def test_only_the_last_run_counts() -> None:
    runs = [build("1", "eu-west-1:ami-01"), build("2", "eu-west-1:ami-02,us-gov-east-1:ami-03"), build("2", "Null")]
    found = read_manifest(json.dumps({"builds": runs, "last_run_uuid": "2"}), "m.json")
    assert found == [
        Artifact("base", "amazon-ebs", "eu-west-1", "ami-02"),
        Artifact("base", "amazon-ebs", "us-gov-east-1", "ami-03"),
    ]


WITHOUT_ID = {"builds": [{**build("1", ""), "artifact_id": None}], "last_run_uuid": "1"}


@pytest.mark.parametrize(
    "text",
    ["", b"\xff\xfe\xfa", "{}", "[]", '{"builds": [{}], "last_run_uuid": ""}', json.dumps(WITHOUT_ID), "[" * 100_000],
)
def test_what_is_no_manifest(text: str | bytes) -> None:
    with pytest.raises(PackerError, match="m.json is not a manifest"):
        read_manifest(text, "m.json")
