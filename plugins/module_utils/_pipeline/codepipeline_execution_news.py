# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What changed in an execution between two looks at it, in lines for the screen."""

from __future__ import annotations

import collections.abc as c

from .._packer.progress import clock
from .codepipeline_calls import Resource
from .codepipeline_execution_result import APPROVAL, each_action
from .codepipeline_state import stage_state

Seen = dict[tuple[str, str], tuple[str, str]]


def _told(action: Resource) -> str:
    if action["status"] == "InProgress":
        return "waits for an approval" if action["category"] == APPROVAL else "begins"
    took = f" ({clock(action['seconds'])})" if action["seconds"] is not None else ""
    why = f": {action['error_message'] or action['summary']}" if action["status"] == "Failed" else ""
    return f"{action['status']}{took}{why}"


def news(seen: Seen, stages: c.Iterable[Resource]) -> tuple[Seen, list[str]]:
    """What is known now, and a line for each action that began or ended since. One that is retried begins anew."""
    now: Seen = {}
    lines = []
    for stage, action in each_action(stages):
        key, state = (stage, action["name"]), (str(action["status"]), str(action["started"]))
        now[key] = state
        if seen.get(key) != state:
            lines.append(f"{stage} / {action['name']} {_told(action)}")
    return now, lines


def behind(states: c.Iterable[Resource], execution_id: str) -> str | None:
    """What an execution waits for that is in no stage, with these C(states) of the stages; None when for nothing that is known."""
    for state in map(stage_state, states):
        if execution_id not in state["inbound_execution_ids"]:
            continue
        if not state["transition_enabled"]:
            return f"waits in front of {state['name']}, which is disabled: {state['disabled_reason']}"
        return f"waits in front of {state['name']} for the execution {state['execution_id']}, which is {state['status']} there"
    return None
