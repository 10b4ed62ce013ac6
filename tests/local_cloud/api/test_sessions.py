# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's temporary credentials, by GetSessionToken."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from moto.sts.models import sts_backends


@pytest.fixture
def ann(cloud: Any) -> Any:
    """STS for an IAM user."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    return cloud.client("sts", keys=iam.create_access_key(UserName="ann")["AccessKey"])


def test_a_session_is_its_user(cloud: Any, ann: Any, refused: Any) -> None:
    made = ann.get_session_token()["Credentials"]
    assert made["AccessKeyId"].startswith("ASIA")
    assert timedelta(hours=11.9) < made["Expiration"] - datetime.now(UTC) < timedelta(hours=12.1)
    told, known = cloud.client("sts", keys=made).get_caller_identity(), ann.get_caller_identity()
    assert (told["Arn"], told["UserId"]) == ("arn:aws:iam::123456789012:user/ann", known["UserId"])
    cloud.client("ec2", keys=made).create_key_pair(KeyName="k")
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    cloud.client("sts", keys=made).assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="me")
    without = {name: made[name] for name in ("AccessKeyId", "SecretAccessKey")}
    for keys in without, made | {"SessionToken": "forged"}:
        with refused("InvalidClientTokenId"):
            cloud.client("sts", keys=keys).get_caller_identity()


def test_each_session_has_keys_of_its_own_that_are_not_in_the_record(cloud: Any, ann: Any) -> None:
    first, second = (ann.get_session_token()["Credentials"] for _unused in range(2))
    text = (cloud.directory / "calls.jsonl").read_text()
    for name in ("SecretAccessKey", "SessionToken"):
        assert first[name] != second[name]
        assert first[name] not in text
    assert first["AccessKeyId"] in text


def test_the_clouds_own_keys_have_sessions_too_and_they_survive_a_restart(cloud: Any) -> None:
    made = cloud.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    assert made["Expiration"] - datetime.now(UTC) < timedelta(minutes=15.1)
    cloud.restart()
    arn = cloud.client("sts", keys=made).get_caller_identity()["Arn"]
    assert arn == "arn:aws:iam::123456789012:user/golden-local"


def test_a_session_is_saved_although_its_name_is_that_of_a_read(cloud: Any) -> None:
    path = cloud.directory / "api-state.pickle"
    key = cloud.client("sts").get_session_token()["Credentials"]["AccessKeyId"]
    end = time.monotonic() + 10
    while not (path.exists() and key.encode() in path.read_bytes()):
        assert time.monotonic() < end, "not saved"
        time.sleep(0.02)


def test_a_session_ends(cloud: Any, ann: Any, refused: Any) -> None:
    made = ann.get_session_token(DurationSeconds=900)["Credentials"]
    (session,) = sts_backends["123456789012"]["aws"].assumed_roles
    session.expiration -= timedelta(seconds=901)
    with refused("ExpiredToken"):
        cloud.client("sts", keys=made).get_caller_identity()
    with refused("RequestExpired"):
        cloud.client("ec2", keys=made).describe_regions()


def test_what_is_refused(cloud: Any, ann: Any, refused: Any) -> None:
    unchecked = cloud.client("sts", config=Config(parameter_validation=False))
    for seconds in (899, 129_601):
        with refused("ValidationError", "from 900 to 129600"):
            unchecked.get_session_token(DurationSeconds=seconds)
    with refused("UnsupportedOperation", "SerialNumber"):
        ann.get_session_token(SerialNumber="arn:aws:iam::123456789012:mfa/ann", TokenCode="123456")
    made = ann.get_session_token()["Credentials"]
    with refused("AccessDenied", "with session credentials"):
        cloud.client("sts", keys=made).get_session_token()
