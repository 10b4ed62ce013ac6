# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CodeBuild adds, and what it leaves out, is no difference."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_normal import key_alias, normal

PROJECT: dict[str, t.Any] = {
    "name": "web",
    "serviceRole": "arn:aws:iam::111111111111:role/web",
    "source": {"type": "CODEPIPELINE"},
    "artifacts": {"type": "CODEPIPELINE"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "c"},
}


@pytest.mark.parametrize(
    "said",
    [
        {"artifacts": {"type": "CODEPIPELINE", "name": "web", "packaging": "NONE", "encryptionDisabled": False}},
        {"source": {"type": "CODEPIPELINE", "insecureSsl": False, "buildspec": ""}},
        {"badge": {"badgeEnabled": False}},
        {"cache": {"type": "NO_CACHE"}, "vpcConfig": {"subnets": [], "securityGroupIds": []}, "buildBatchConfig": {}},
        {"encryptionKey": "arn:aws:kms:eu-west-1:111111111111:alias/aws/s3"},
        {"logsConfig": {"cloudWatchLogs": {"status": "ENABLED"}, "s3Logs": {"status": "DISABLED"}}},
        {"arn": "x", "created": 1, "lastModified": 2, "webhook": {"url": "x"}, "projectVisibility": "PRIVATE"},
        {"timeoutInMinutes": 60, "queuedTimeoutInMinutes": 480, "concurrentBuildLimit": -1, "autoRetryLimit": 0},
        {"tags": [], "description": "", "sourceVersion": "", "secondarySources": [], "fileSystemLocations": []},
    ],
)
def test_what_codebuild_adds(said: dict[str, t.Any]) -> None:
    assert normal({**PROJECT, **said}) == normal(PROJECT)


@pytest.mark.parametrize(
    "said",
    [
        {"badge": {"badgeEnabled": True}},
        {"cache": {"type": "S3", "location": "a/b"}},
        {"encryptionKey": "arn:aws:kms:eu-west-1:111111111111:key/1"},
        {"artifacts": {"type": "CODEPIPELINE", "encryptionDisabled": True}},
        {"logsConfig": {"cloudWatchLogs": {"status": "DISABLED"}}},
        {"tags": [{"key": "team", "value": "web"}]},
        {"source": {"type": "CODEPIPELINE", "buildspec": "version: 0.2\n"}},
    ],
)
def test_what_makes_a_difference(said: dict[str, t.Any]) -> None:
    assert normal({**PROJECT, **said}) != normal(PROJECT)


def test_keys() -> None:
    assert key_alias(None) == "alias/aws/s3"
    assert key_alias("arn:aws-cn:kms:cn-north-1:111111111111:alias/x") == "alias/x"
    assert (
        key_alias("arn:aws:kms:eu-west-1:111111111111:key/alias/x") == "arn:aws:kms:eu-west-1:111111111111:key/alias/x"
    )
