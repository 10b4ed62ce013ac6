# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs that get ready at a given second, waited for by botocore's own waiter and by the collection's, on a clock of their own."""

from __future__ import annotations

import collections.abc as c
import functools
import typing as t
from dataclasses import dataclass, field
from unittest import mock

import boto3
from ansible_collections.golden.ami.plugins.module_utils._ami.waiting import wait_for_images


@dataclass
class Clock:
    """Sleeping takes no time on it."""

    now: float = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Images:
    """Seconds at which each gets ready; counts how often they are described."""

    ready: c.Mapping[str, float]
    clock: Clock = field(default_factory=Clock)
    calls: int = 0
    progress: c.Callable[[float], float | None] | None = None

    def read(self, ids: c.Iterable[str]) -> dict[str, str]:
        self.calls += 1
        return {one: "available" if self.clock.now >= self.ready[one] else "pending" for one in ids}

    def read_progress(self, ids: c.Iterable[str]) -> float | None:
        """How far the slowest is, in per cent without a fraction, as EC2 says it."""
        self.calls += 1
        assert self.progress is not None
        told = [self._percent(self.ready[one]) for one in ids]
        return None if None in told else float(int(min(one for one in told if one is not None)))

    def _percent(self, ready: float) -> float | None:
        assert self.progress is not None
        part = self.clock.now / ready if self.clock.now < ready else 1.0
        told = self.progress(part)
        # Whatever it said before, of an AMI that is ready no snapshot is pending.
        return told if told is None or part < 1 else 100.0


@dataclass(frozen=True)
class Noticed:
    """How many seconds after the last one was ready that was noticed, and the calls by then."""

    delay: float
    calls: int


@functools.cache
def _client() -> t.Any:
    return boto3.client("ec2", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


def by_botocore(*ready: float) -> Noticed:
    """With the waiter C(image_available) as boto3 gives it, which may ask 40 times; here as often as it needs."""
    images = Images({f"ami-{number}": when for number, when in enumerate(ready)})
    client = _client()

    def answer(_client: object, _operation: str, request: dict[str, t.Any]) -> dict[str, t.Any]:
        told = images.read(request["ImageIds"])
        return {"Images": [{"ImageId": one, "State": state} for one, state in told.items()]}

    with (
        mock.patch("botocore.client.BaseClient._make_api_call", answer),
        mock.patch("botocore.waiter.time.sleep", images.clock.sleep),
    ):
        client.get_waiter("image_available").wait(ImageIds=list(images.ready), WaiterConfig={"MaxAttempts": 1000})
    return Noticed(images.clock.now - max(ready), images.calls)


def by_ours(
    *ready: float, expected: float | None, asked: int = 0, progress: c.Callable[[float], float | None] | None = None
) -> Noticed:
    """``asked`` calls were made to know what to expect, and count. ``progress`` says of a part of the time how far it is."""
    images = Images({f"ami-{number}": when for number, when in enumerate(ready)}, calls=asked, progress=progress)
    wait_for_images(
        images.read,
        list(images.ready),
        progress=images.read_progress if progress else None,
        expected=expected,
        asked=asked,
        timeout=100_000,
        clock=images.clock.time,
        sleep=images.clock.sleep,
    )
    return Noticed(images.clock.now - max(ready), images.calls)
