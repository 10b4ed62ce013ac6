# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which errors of AWS are worth another try, and what is said of those that are not."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami import calls


class Client:
    """Fails with codes, one after the other, and answers then."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.called = 0

    def __getattr__(self, operation: str) -> t.Any:
        def call(**_request: t.Any) -> dict[str, t.Any]:
            self.called += 1
            if self.codes:
                error: t.Any = {"Error": {"Code": self.codes.pop(0), "Message": "no"}}
                raise botocore.exceptions.ClientError(error, operation)
            return {"Images": []}

        return call


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    "code", ["RequestLimitExceeded", "Throttling", "ThrottlingException", "RequestThrottled", "EC2ThrottledException"]
)
def test_throttled_calls_are_repeated(code: str) -> None:
    client = Client(*[code] * 3)
    assert calls.describe_images(client) == []
    assert client.called == 4


def test_not_for_ever() -> None:
    client = Client(*["RequestLimitExceeded"] * 100)
    with pytest.raises(calls.AmiError, match="Failed to describe images"):
        calls.describe_images(client)
    assert client.called < 10


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        ("RequestExpired", ", or this machine's clock is wrong: set it"),
        ("ExpiredToken", ""),
        ("ExpiredTokenException", ""),
    ],
)
def test_expired_credentials_end_it_at_once(code: str, clock: str) -> None:
    client = Client(code)
    with pytest.raises(calls.AmiError) as failed:
        calls.describe_images(client)
    assert client.called == 1
    assert failed.value.message == f"Failed to describe images (the credentials have expired: get new ones{clock})"
    assert str(failed.value).startswith(f"{failed.value.message}: An error occurred ({code})")


def test_other_errors_say_nothing_of_credentials() -> None:
    with pytest.raises(calls.AmiError) as failed:
        calls.describe_images(Client("UnauthorizedOperation"))
    assert failed.value.message == "Failed to describe images"


def test_what_was_made_a_moment_ago_is_tagged_when_ec2_knows_it() -> None:
    client = Client("InvalidAMIID.NotFound", "InvalidSnapshot.NotFound")
    calls.create_tags(client, ["ami-1", "snap-1"], [])
    assert client.called == 3


@pytest.mark.parametrize("name", ["/golden/web/versions/1", "/golden/{}/{0}/{no}"])
def test_what_was_tried_is_named(name: str) -> None:
    """With amazon.aws 10 as with 11, and whatever is in the name."""
    with pytest.raises(calls.AmiError) as failed:
        calls.put_image_parameter(Client("AccessDeniedException"), name, "ami-1", "an image")
    assert str(failed.value).startswith(f"Failed to write the SSM parameter {name}: ")

    with pytest.raises(calls.AmiError) as failed:
        calls.get_parameter(Client("AccessDeniedException"), name=name)
    assert str(failed.value).startswith(f"Failed to read the SSM parameter {name}: ")
