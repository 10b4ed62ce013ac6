# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that reached a local cloud between two moments, from its own record."""

from __future__ import annotations

import collections.abc as c
import typing as t
from collections import Counter
from urllib.parse import urlencode

from harness.cloud import Cloud
from harness.faults import control

# To enter another account is to look as well: it is done before anything is known there, and leaves nothing.
READS = ("Describe", "Get", "List", "Head", "BatchGet", "AssumeRole")
# What a service of the cloud says of itself when it calls another one: a pipeline that runs, for example.
SERVICE = "golden-cloud/service"

Call = dict[str, t.Any]


def mark(cloud: Cloud) -> int:
    """The number of the newest call."""
    # Nothing is asked for that is older than the newest: the answer has the number alone.
    return int(control(cloud, "GET", "calls?after=999999999999")["last"])


def calls_since(cloud: Cloud, mark: int, *operations: str) -> list[Call]:
    """The calls after ``mark``, in order; of some operations only when these are named (``RunInstances``, ``ec2:Create*``)."""
    query = urlencode([("after", mark), *(("operation", operation) for operation in operations)])
    told = control(cloud, "GET", f"calls?{query}")
    if told["first"] > mark + 1:
        raise AssertionError(f"the record begins at call {told['first']} by now: those after {mark} are gone")
    found: list[Call] = told["calls"]
    return found


def of_clients(calls: c.Iterable[Call]) -> list[Call]:
    """Without what services of the cloud called of their own accord, which nobody's task is to answer for."""
    return [call for call in calls if SERVICE not in (call.get("user_agent") or "")]


def reads(calls: c.Iterable[Call]) -> Counter[str]:
    """How often each operation that only looks was called."""
    return Counter(call["operation"] for call in calls if call["operation"].startswith(READS))


def writes(calls: c.Iterable[Call]) -> Counter[str]:
    """How often each operation that may change something was called."""
    return Counter(call["operation"] for call in calls if not call["operation"].startswith(READS))
