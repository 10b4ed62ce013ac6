# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets of rules and schedules: which ones work here, and how they are called.

They are called as the target's role. Topics, queues and log groups can do without one: then it is the service that
calls, and their own policies say whether it may.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import exceptions
from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from golden_cloud.api import caller, inside, permitted, runtime
from golden_cloud.api.events.model import Target

_ARN = re.compile(r"arn:aws:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]*):(?P<resource>.+)")
NEED_ROLE = ("codepipeline", "codebuild")
TRIES = 3
"""At most, of a delivery that fails for a reason that passes."""
_PASSES = {"ThrottlingException", "Throttling", "InternalError", "ServiceUnavailable", "RequestLimitExceeded"}


class DeliveryFailed(Exception):
    """The target did not take it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Delivery:
    """What a target is to get."""

    service: str
    """``events.amazonaws.com`` or ``scheduler.amazonaws.com``."""
    source_arn: str
    """Of the rule or the schedule."""
    target: Target
    text: str
    chosen: bool = False
    """Whether somebody has written the text for this target; otherwise it is the event as it is."""

    @property
    def arn(self) -> re.Match[str]:
        match = _ARN.fullmatch(self.target["Arn"])
        if match is None:
            raise DeliveryFailed("INVALID_ARN", f"{self.target['Arn']} is no ARN")
        return match

    def client(self, service: str, region: str = "") -> Any:
        name = self.source_arn.rpartition("/")[2]
        where = region or self.arn["region"]
        session = f"AWSEvents_{name}"[:64]
        keys = inside.assume(self.target["RoleArn"], session, where, service=self.service, source_arn=self._trusted)
        who = f"{caller.EVENTS}{self.source_arn}" if self.service.startswith("events.") else self.service
        return caller.tell(inside.client(service, where, keys), who)

    @property
    def _trusted(self) -> str:
        """What conditions of a trust policy see: the rule, and of a schedule its group."""
        named = re.fullmatch(r"(.+):schedule/([^/]+)/.+", self.source_arn)
        return f"{named[1]}:schedule-group/{named[2]}" if named else self.source_arn

    def require(self, action: str) -> None:
        """``CloudError`` unless the resource's policy lets the service in."""
        permitted.require(self.service, action, self.target["Arn"], permitted.on_behalf_of(self.source_arn))


def kind_of(arn: str) -> str | None:
    """The service of a target that works here."""
    match = _ARN.fullmatch(arn)
    return match["service"] if match is not None and match["service"] in _CALLS else None


def deliver(delivery: Delivery) -> None:
    """Call the target; ``DeliveryFailed`` when it would not take it. Not for who holds the lock."""
    tries = 1 + min((delivery.target.get("RetryPolicy") or {}).get("MaximumRetryAttempts", TRIES), TRIES)
    for attempt in range(1, tries + 1):
        try:
            _CALLS[delivery.arn["service"]](delivery)
            return
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            failed = DeliveryFailed("SDK_CLIENT_ERROR", str(error))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            failed = DeliveryFailed(code, str(error))
            if code not in _PASSES:
                break
        except ServiceException as error:
            failed = DeliveryFailed(error.code, error.message)
            break
        if attempt < tries and not runtime.current().closing:
            time.sleep(0.2 * attempt)
    raise failed


def _given(delivery: Delivery) -> dict[str, Any]:
    """The parameters that the target's input names."""
    if not delivery.chosen:
        return {}
    try:
        given = json.loads(delivery.text)
    except ValueError as error:
        raise DeliveryFailed("INVALID_JSON", f"The input is not valid JSON: {error}") from error
    return given if isinstance(given, dict) else {}


def _start_pipeline(delivery: Delivery) -> None:
    known = {name: value for name, value in _given(delivery).items() if name in ("variables", "sourceRevisions")}
    delivery.client("codepipeline").start_pipeline_execution(name=delivery.arn["resource"], **known)


def _start_build(delivery: Delivery) -> None:
    project = delivery.arn["resource"].removeprefix("project/")
    delivery.client("codebuild").start_build(**_given(delivery) | {"projectName": project})


def _publish(delivery: Delivery) -> None:
    if delivery.target.get("RoleArn"):
        delivery.client("sns").publish(TopicArn=delivery.target["Arn"], Message=delivery.text)
        return
    delivery.require("sns:Publish")
    with runtime.current().changing():
        backend = sns_backends[delivery.arn["account"]][delivery.arn["region"]]
        backend.publish(delivery.text, arn=delivery.target["Arn"])


def _send(delivery: Delivery) -> None:
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
    name, account = delivery.arn["resource"], delivery.arn["account"]
    if delivery.target.get("RoleArn"):
        url = f"{runtime.current().config.endpoint}/{account}/{name}"
        more = {"MessageGroupId": group} if group else {}
        delivery.client("sqs").send_message(QueueUrl=url, MessageBody=delivery.text, **more)
        return
    delivery.require("sqs:SendMessage")
    with runtime.current().changing():
        sqs_backends[account][delivery.arn["region"]].send_message(name, delivery.text, group_id=group)


def _log(delivery: Delivery) -> None:
    delivery.require("logs:PutLogEvents")
    group = delivery.arn["resource"].removeprefix("log-group:").removesuffix(":*")
    with runtime.current().changing():
        backend = logs_backends[delivery.arn["account"]][delivery.arn["region"]]
        stream = str(uuid.uuid4())
        backend.create_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": int(time.time() * 1000), "message": delivery.text}])


def _call(delivery: Delivery) -> None:
    """A target that is an operation: arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION."""
    _sdk, service, operation = delivery.arn["resource"].split(":")
    client = delivery.client(service, delivery.source_arn.split(":")[3])
    method = UNIVERSAL[service, operation]
    given = _given(delivery)
    members = client.meta.service_model.operation_model(operation[0].upper() + operation[1:]).input_shape.members
    known = {name.lower(): name for name in members}
    # Names are written as the SDK for Java has them, and as the API has them.
    getattr(client, method)(**{known.get(name.lower(), name): value for name, value in given.items()})


UNIVERSAL: dict[tuple[str, str], str] = {
    ("codepipeline", "startPipelineExecution"): "start_pipeline_execution",
    ("codebuild", "startBuild"): "start_build",
    ("sns", "publish"): "publish",
    ("sqs", "sendMessage"): "send_message",
}
"""Of a schedule: the operations that it can call."""

_CALLS: dict[str, Callable[[Delivery], None]] = {
    "codepipeline": _start_pipeline,
    "codebuild": _start_build,
    "sns": _publish,
    "sqs": _send,
    "logs": _log,
    "scheduler": _call,
}


def give_up(delivery: Delivery, error: DeliveryFailed) -> None:
    """What could not be delivered goes to the target's queue for such events, if it has one."""
    runtime.LOG.warning(
        "%s could not be delivered to %s: %s: %s", delivery.source_arn, delivery.target["Arn"], error.code, error
    )
    queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    match = _ARN.fullmatch(queue or "")
    if match is None:
        return
    told = {
        "RULE_ARN": delivery.source_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value}
    try:
        with runtime.current().changing():
            backend = sqs_backends[match["account"]][match["region"]]
            backend.send_message(match["resource"], delivery.text, message_attributes=attributes)
    except ServiceException as trouble:
        runtime.LOG.warning("%s did not take it either: %s", queue, trouble.message)
