# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events on their way to the targets of the rules that they match, and the rules that are due by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from golden_cloud.api import bus, reachable, runtime
from golden_cloud.api.events import pattern, transform
from golden_cloud.api.events.model import CloudEventsBackend, Rule, events_backends
from golden_cloud.api.events.targets import Delivery, DeliveryFailed, deliver, give_up

SERVICE = "events.amazonaws.com"
LATE = timedelta(seconds=60)
"""A time that was longer ago than this passed while the cloud was down, and is not made up for."""


def now() -> datetime:
    return datetime.now(UTC)


def listen(event: bus.Event) -> None:
    """Have an event delivered; one after the other in each account and Region."""
    key = f"events-{event.account_id}-{event.region}"
    runtime.current().jobs.submit(key, lambda: _deliver(event, None))


def _deliver(event: bus.Event, due_rule: str | None) -> None:
    """Deliver an event to the targets of all rules that it matches, or of the one that was due."""
    document = event.document()
    with runtime.current().lock:
        backend: CloudEventsBackend = events_backends[event.account_id][event.region]
        rules = [rule for rule in backend.rules.values() if _wants(rule, document, due_rule)]
        found = [(rule.arn, dict(target)) for rule in rules for target in rule.targets.values()]
    ingested = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    for rule_arn, target in found:
        text = transform.transformed(target, document, rule_arn, ingested)
        chosen = any(target.get(way) is not None for way in ("Input", "InputPath", "InputTransformer"))
        delivery = Delivery(SERVICE, rule_arn, target, text, chosen)
        if not reachable.wait():
            runtime.LOG.warning("%s was not delivered to %s: the cloud ends", rule_arn, target["Arn"])
            continue
        try:
            deliver(delivery)
        except DeliveryFailed as error:
            give_up(delivery, error)


def _wants(rule: Rule, document: dict[str, object], due_rule: str | None) -> bool:
    if due_rule is not None:
        return rule.arn == due_rule
    return rule.enabled and rule.pattern is not None and pattern.matches(rule.pattern, document)


def keep_all() -> float | None:
    """Fire the rules that are due; seconds until the next is. Only for who holds the lock."""
    moment, left = now(), []
    for account_id, region, backend in list(events_backends.iter_backends()):
        for rule in list(backend.rules.values()):
            if rule.due is not None and rule.due <= moment:
                if moment - rule.due <= LATE:
                    _fire(account_id, region, rule)
                rule.plan(moment)
                runtime.current().touched()
            if rule.due is not None:
                left.append((rule.due - moment).total_seconds())
    return min(left, default=None)


def _fire(account_id: str, region: str, rule: Rule) -> None:
    event = bus.Event(account_id, region, "aws.events", "Scheduled Event", (rule.arn,), {})
    key, arn = f"events-{account_id}-{region}", rule.arn
    runtime.current().jobs.submit(key, lambda: _deliver(event, arn))
