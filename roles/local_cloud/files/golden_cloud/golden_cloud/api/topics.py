# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS: moto's topics, which deliver to queues. Nothing is ever sent out of this cloud.

A subscription by mail is kept, and stays pending: nobody could confirm it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.responses import ActionResult
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.service import CloudResponse

MAIL = ("email", "email-json")
PROTOCOLS = ("sqs", *MAIL)
PENDING = "PendingConfirmation"
_TOPIC_ATTRIBUTES = (
    "DisplayName",
    "Policy",
    "KmsMasterKeyId",
    "DeliveryPolicy",
    "FifoTopic",
    "ContentBasedDeduplication",
    "SignatureVersion",
)
_SUBSCRIPTION_ATTRIBUTES = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery")


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class CloudSubscription(Subscription):
    """moto's, with one key for all messages of this process, and nothing for mail."""

    def private_key(self) -> rsa.RSAPrivateKey:
        return _signing_key()

    def publish(self, *arguments: Any, **options: Any) -> None:
        if self.protocol not in MAIL:
            super().publish(*arguments, **options)


class CloudSNSBackend(SNSBackend):
    """moto's backend; subscriptions by mail are pending."""

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        if protocol in MAIL:
            subscription.attributes |= {PENDING: True, "ConfirmationWasAuthenticated": False}
        return subscription


class CloudSNSResponse(CloudResponse, SNSResponse):
    """Every operation of SNS that the catalogue lists."""

    def create_topic(self) -> ActionResult:
        self._refuse_attributes(self._get_param("Attributes") or {}, _TOPIC_ATTRIBUTES)
        return super().create_topic()

    def set_topic_attributes(self) -> ActionResult:
        self._refuse_attributes([self._get_param("AttributeName")], _TOPIC_ATTRIBUTES)
        return super().set_topic_attributes()

    def subscribe(self) -> ActionResult:
        protocol, operation = self._get_param("Protocol"), str(self._get_action())
        if protocol not in PROTOCOLS:
            reason = f"there are {', '.join(PROTOCOLS)} here"
            raise UnsupportedOption(operation, f"Protocol {protocol}", reason)
        if protocol in MAIL and "@" not in (self._get_param("Endpoint") or ""):
            raise CloudError("InvalidParameter", "Invalid parameter: Email address")
        self._refuse_attributes(self._get_param("Attributes") or {}, _SUBSCRIPTION_ATTRIBUTES)
        made = super().subscribe()
        if protocol in MAIL and not self._get_param("ReturnSubscriptionArn"):
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return made

    def set_subscription_attributes(self) -> ActionResult:
        self._refuse_attributes([self._get_param("AttributeName")], _SUBSCRIPTION_ATTRIBUTES)
        return super().set_subscription_attributes()

    def _refuse_attributes(self, names: Any, known: tuple[str, ...]) -> None:
        extra = sorted(set(names) - set(known))
        if extra:
            raise UnsupportedOption(str(self._get_action()), f"attribute {extra[0]}")

    def list_subscriptions(self) -> ActionResult:
        return self._shown(*self.backend.list_subscriptions(next_token=self._get_param("NextToken")))

    def list_subscriptions_by_topic(self) -> ActionResult:
        topic, token = self._get_param("TopicArn"), self._get_param("NextToken")
        return self._shown(*self.backend.list_subscriptions_by_topic(topic, next_token=token))

    @staticmethod
    def _shown(subscriptions: list[Subscription], token: int | None) -> ActionResult:
        shown = [
            {
                "SubscriptionArn": PENDING if one.protocol in MAIL else one.arn,
                "Owner": one.owner,
                "Protocol": one.protocol,
                "Endpoint": one.endpoint,
                "TopicArn": one.topic_arn,
            }
            for one in subscriptions
        ]
        return ActionResult({"Subscriptions": shown, "NextToken": token})

    def get_topic_attributes(self) -> ActionResult:
        told = super().get_topic_attributes()
        topic = self._get_param("TopicArn")
        mine = [s for s in self.backend.subscriptions.values() if s.topic_arn == topic]
        pending = sum(s.protocol in MAIL for s in mine)
        told.result["Attributes"] |= {
            "SubscriptionsPending": str(pending),
            "SubscriptionsConfirmed": str(len(mine) - pending),
        }
        return told

    def publish(self) -> ActionResult:
        for option in ("PhoneNumber", "TargetArn"):
            if self._get_param(option):
                raise UnsupportedOption(str(self._get_action()), option, "there are topics here")
        return super().publish()
