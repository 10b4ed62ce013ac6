# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition says of a version's life: its channels with their gates, and what is kept.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Path,
    Problem,
    Source,
    dotted,
)

Channels = dict[str, dict[str, t.Any]]


def complete(channels: Channels, retention: dict[str, t.Any], source: Source) -> None:
    """Give every channel its gates and every age in days. Raises DefinitionError for a channel that there is not."""
    for channel in channels.values():
        channel.setdefault("gates", [])
    problems = [
        Problem(source.file, source.line_of(key), dotted(key), f"there is no channel {named}; {_known(channels)}")
        for key, named in _mentions(channels, retention)
        if named not in channels
    ]
    if problems:
        raise DefinitionError(problems)
    retention["max_age"] = _in_days(retention.get("max_age"))
    for channel in retention["channels"].values():
        if "max_age" in channel:
            channel["max_age"] = _in_days(channel["max_age"])


def _mentions(channels: Channels, retention: dict[str, t.Any]) -> c.Iterator[tuple[Path, str]]:
    for name, channel in channels.items():
        for index, gate in enumerate(channel["gates"]):
            if "soaked" in gate:
                yield ("channels", name, "gates", index, "soaked", "channel"), gate["soaked"]["channel"]
    for name in retention["channels"]:
        yield ("retention", "channels", name), name


def _known(channels: c.Iterable[str]) -> str:
    names = ", ".join(channels)
    return f"channels has {names}" if names else "name it under channels"


def _in_days(duration: str | int | None) -> int | None:
    """Days of C(90d), C(12w), C("90") or C(90)."""
    if isinstance(duration, str):
        return int(duration.rstrip("dw")) * (7 if duration.endswith("w") else 1)
    return duration
