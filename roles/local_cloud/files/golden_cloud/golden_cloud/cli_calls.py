# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``calls``: the record of what was asked and answered."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any
from urllib.parse import urlencode

from golden_cloud.control_client import ControlClient
from golden_cloud.place import Place

POLL = 0.5
"""Seconds between two looks at what is new."""
WIDTH = 110
"""Characters of a call's parameters that people are shown."""


def options(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("--follow", action="store_true", help="go on with what comes, until interrupted")
    parser.add_argument("--after", type=int, default=0, metavar="SEQ", help="only calls after the one of this number")
    parser.add_argument("--last", type=int, metavar="N", help="only the last N of them")
    parser.add_argument(
        "--operation",
        action="append",
        default=[],
        help="only these (RunInstances, 'ec2:Create*'); repeatable",
    )


def run(place: Place, given: argparse.Namespace) -> int:
    """Show the calls; the exit status."""
    client = ControlClient(place)
    calls, last = _read(client, given.after, given.operation)
    _show(calls[-given.last :] if given.last else calls, given)
    try:
        while given.follow:
            time.sleep(POLL)
            calls, last = _read(client, last, given.operation)
            _show(calls, given)
    except KeyboardInterrupt:
        return 0
    return 0


def _read(client: ControlClient, after: int, operations: list[str]) -> tuple[list[dict[str, Any]], int]:
    query = urlencode([("after", after), *(("operation", operation) for operation in operations)])
    told = client.ask("GET", f"calls?{query}")
    return told["calls"], int(told["last"])


def _show(calls: list[dict[str, Any]], given: argparse.Namespace) -> None:
    for call in calls:
        print(json.dumps(call) if given.json else line_of(call), flush=True)


def line_of(call: dict[str, Any]) -> str:
    """One call for people."""
    words = [
        f"{call['seq']:>6}",
        call["ts"][11:23],
        str(call["status"]),
        f"{call['service']}:{call['operation']}",
        call["error"] or "",
        f"[{call['fault']}]" if call["fault"] else "",
        f"(attempt {call['attempt']})" if (call["attempt"] or 1) > 1 else "",
        _short(call["parameters"]),
    ]
    return " ".join(word for word in words if word)


def _short(parameters: Any) -> str:
    if not isinstance(parameters, dict):
        return ""
    text = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in parameters.items()
    )
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
