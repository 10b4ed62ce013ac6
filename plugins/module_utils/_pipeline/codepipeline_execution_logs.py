# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The lines that the builds of an execution wrote into CloudWatch Logs."""

from __future__ import annotations

import collections.abc as c
import dataclasses

from . import codepipeline_execution_calls as calls
from .codepipeline_calls import Client, PipelineError, Resource

TAIL = 30
Warn = c.Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a log is."""

    region: str | None
    group: str
    stream: str


def place_of_arn(arn: str) -> Place | None:
    """Of C(arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM)."""
    parts = arn.split(":")
    if len(parts) < 9 or parts[5] != "log-group" or parts[7] != "log-stream":
        return None
    return Place(parts[3] or None, parts[6], ":".join(parts[8:]))


def _words(events: c.Iterable[Resource]) -> list[str]:
    return [line for event in events for line in event["message"].rstrip("\n").split("\n")]


class Logs:
    """Reads them. What may not be read is warned of once and left out: the execution is what matters.

    C(client) makes a client of a service in a Region.
    """

    def __init__(self, client: c.Callable[[str, str | None], Client], warn: Warn) -> None:
        self._client = client
        self._warn = warn
        self._places: dict[str, Place] = {}
        self._tokens: dict[Place, str] = {}
        self._readable = True

    def new_lines(self, action: Resource) -> list[str]:
        """Those since the last time."""
        found = self._guarded(lambda: self._new_lines(action))
        return found or []

    def tail(self, action: Resource) -> list[str]:
        """The last ones."""
        found = self._guarded(lambda: self._tail(action))
        return (found or [])[-TAIL:]

    def _guarded(self, read: c.Callable[[], list[str]]) -> list[str] | None:
        if not self._readable:
            return None
        try:
            return read()
        except PipelineError as error:
            self._readable = False
            self._warn(f"The builds' logs are left out. {error.message}: {error.exception}")
            return None

    def _place(self, action: Resource) -> Place | None:
        if action["log_stream_arn"]:
            return place_of_arn(action["log_stream_arn"])
        build = action["external_execution_id"]
        if action["provider"] != "CodeBuild" or not build:
            return None
        if build not in self._places:
            told = calls.get_build(self._client("codebuild", action["region"]), build) or {}
            log = told.get("logs") or {}
            if not log.get("groupName") or not log.get("streamName"):
                # A build has its stream once it is provisioned.
                return None
            self._places[build] = Place(action["region"], log["groupName"], log["streamName"])
        return self._places[build]

    def _read(self, place: Place, request: Resource) -> Resource:
        client = self._client("logs", place.region)
        return calls.get_log_events(client, place.group, place.stream, request) or {}

    def _new_lines(self, action: Resource) -> list[str]:
        place = self._place(action)
        lines: list[str] = []
        while place is not None:
            token = self._tokens.get(place)
            answer = self._read(place, {"startFromHead": True, **({"nextToken": token} if token else {})})
            lines += _words(answer.get("events", []))
            following = answer.get("nextForwardToken")
            # At its end a log gives the token that it was given.
            if following is None or following == token:
                break
            self._tokens[place] = following
        return lines

    def _tail(self, action: Resource) -> list[str]:
        place = self._place(action)
        return _words(self._read(place, {"startFromHead": False, "limit": TAIL}).get("events", [])) if place else []
