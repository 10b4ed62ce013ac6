# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A message to the subscribers of a topic, in the form that SNS takes."""

from __future__ import annotations

from .._ami.calls import Client, _call

_SUBJECT = 100
_MESSAGE = 256 * 1024
_LEFT_OUT = b"\n[the middle is left out]\n"


def subject_of(text: str) -> str:
    """Printable ASCII, as mail has it; the first is a letter, a digit or punctuation."""
    kept = "".join(char for char in text if char.isspace() or " " <= char <= "~")
    return " ".join(kept.split())[:_SUBJECT].rstrip() or "golden.ami"


def short(text: str) -> str:
    """The beginning says what it is about, the end how it ended."""
    content = text.encode()
    if len(content) <= _MESSAGE:
        return text
    half = (_MESSAGE - len(_LEFT_OUT)) // 2
    return (content[:half] + _LEFT_OUT + content[-half:]).decode(errors="ignore")


@_call("publish to the topic {topic_arn}")
def publish(sns: Client, topic_arn: str, subject: str, message: str) -> str:
    answer: str = sns.publish(TopicArn=topic_arn, Subject=subject, Message=message)["MessageId"]
    return answer
