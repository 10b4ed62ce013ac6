# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""notification by its own main(): what SNS is told, and what of it SNS would not take."""

from __future__ import annotations

import typing as t

import botocore.client
import pytest
from ansible_collections.golden.ami.plugins.modules import notification
from harness.aws_world import result_of
from harness.resources_world import REGION, error

TOPIC = f"arn:aws:sns:{REGION}:111111111111:web-pipeline"
Sent = list[dict[str, t.Any]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What was published."""
    made: Sent = []

    def call(_client: t.Any, operation: str, request: dict[str, t.Any]) -> dict[str, str]:
        if operation != "Publish" or request["TopicArn"] != TOPIC:
            raise error("NotFound", operation)
        made.append(request)
        return {"MessageId": "1"}

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return made


def run(capsys: pytest.CaptureFixture[str], **options: t.Any) -> dict[str, t.Any]:
    given = {"topic_arn": TOPIC, "subject": "web: build failed", "msg": "Why", "region": REGION}
    return result_of(notification.main, capsys, **{**given, **options})


def test_it_is_published(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys)
    assert (result["changed"], result["message_id"]) == (True, "1")
    assert sent == [{"TopicArn": TOPIC, "Subject": "web: build failed", "Message": "Why"}]


def test_check_mode_sends_nothing(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, _ansible_check_mode=True)
    assert (result["changed"], result["message_id"]) == (True, None)
    assert sent == []


@pytest.mark.parametrize(
    ("subject", "told"),
    [("a\nb", "a b"), ("größer → 1", "grer 1"), ("x" * 120, "x" * 100), ("→", "golden.ami")],
)
def test_a_subject_that_sns_would_not_take(
    sent: Sent, capsys: pytest.CaptureFixture[str], subject: str, told: str
) -> None:
    run(capsys, subject=subject)
    assert sent[0]["Subject"] == told


def test_of_a_long_message_beginning_and_end_are_kept(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, msg="first" + "ä" * 200_000 + "last")
    message = sent[0]["Message"]
    assert len(message.encode()) <= 256 * 1024
    assert message.startswith("first")
    assert message.endswith("last")
    assert "[the middle is left out]" in message


def test_a_topic_that_is_not_there(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"publish to the topic {TOPIC}x" in run(capsys, topic_arn=f"{TOPIC}x")["msg"]
