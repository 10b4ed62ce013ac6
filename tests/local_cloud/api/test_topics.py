# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Topics and queues: what is published can be read, and nothing leaves this cloud."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest


@pytest.fixture
def sns(cloud: Any) -> Any:
    return cloud.client("sns")


@pytest.fixture
def sqs(cloud: Any) -> Any:
    return cloud.client("sqs")


def test_a_message_reaches_the_queues_that_want_it(cloud: Any, sns: Any, sqs: Any, refused: Any) -> None:
    topic = sns.create_topic(Name="builds", Tags=[{"Key": "team", "Value": "web"}])["TopicArn"]
    url = sqs.create_queue(QueueName="all")["QueueUrl"]
    failures = sqs.create_queue(QueueName="failures")["QueueUrl"]
    prefix = "arn:aws:sqs:us-east-1:123456789012"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{prefix}:all")
    wanted = {"FilterPolicy": json.dumps({"result": ["failed"]}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{prefix}:failures", Attributes=wanted)
    sent = sns.publish(TopicArn=topic, Message="done", Subject="Build 1")["MessageId"]
    result = {"result": {"DataType": "String", "StringValue": "failed"}}
    sns.publish(TopicArn=topic, Message="task Install failed", MessageAttributes=result)
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    told = json.loads(first["Body"])
    assert (told["Type"], told["Message"], told["Subject"], told["MessageId"]) == (
        "Notification",
        "done",
        "Build 1",
        sent,
    )
    assert told["TopicArn"] == topic
    (failed,) = sqs.receive_message(QueueUrl=failures, MaxNumberOfMessages=10)["Messages"]
    assert failed["Body"] == "task Install failed"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    cloud.restart()
    again = cloud.client("sqs").receive_message(QueueUrl=f"{cloud.endpoint}/123456789012/all")["Messages"]
    assert "task Install failed" in again[0]["Body"]
    with refused("NotFound"):
        cloud.client("sns").publish(TopicArn=f"{topic}-other", Message="x")


def test_mail_is_pending_and_what_would_leave_is_refused(sns: Any, refused: Any) -> None:
    topic = sns.create_topic(Name="builds")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    assert made["SubscriptionArn"] == "pending confirmation"
    (shown,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (shown["SubscriptionArn"], shown["Endpoint"]) == ("PendingConfirmation", "me@example.com")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("1", "0")
    sns.publish(TopicArn=topic, Message="nobody reads this")
    for protocol, endpoint in (("https", "https://example.com/hook"), ("sms", "+15550100"), ("lambda", "arn:aws:x")):
        with refused("UnsupportedOperation", protocol):
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    with refused("UnsupportedOperation", "PhoneNumber"):
        sns.publish(PhoneNumber="+15550100", Message="x")


def test_waiting_for_a_message_keeps_nobody_else_waiting(cloud: Any, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="all")["QueueUrl"]
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    began = time.monotonic()
    waiting.start()
    other = cloud.client("sqs")
    assert other.list_queues()["QueueUrls"] == [url]
    other.send_message(QueueUrl=url, MessageBody="hello")
    waiting.join(15)
    assert found[0]["Messages"][0]["Body"] == "hello"
    assert time.monotonic() - began < 15
    assert "Messages" not in other.receive_message(QueueUrl=url, WaitTimeSeconds=1)
