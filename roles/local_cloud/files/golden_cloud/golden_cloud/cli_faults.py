# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``faults``: what the cloud shall do wrong."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import quote

from golden_cloud.control_client import ControlClient
from golden_cloud.place import Place

_ACTIONS = """\
actions:
  error               answer with --code (and --message, --status), do nothing
  throttle            answer that there were too many calls, in the service's own words
  delay               wait --seconds, then do as usual; other calls are not held up
  drop_answer         do the work, then close the connection without an answer
  expire_credentials  from this call on (--after: from the next) the caller's key has expired
  image_pending       the image that the call makes stays pending until the fault is removed
  image_failed        the image that the call makes ends in the state failed

examples:
  faults add RunInstances error --code InsufficientInstanceCapacity --times 2 --parameter InstanceType=t3.small
  faults add 'ec2:Describe*' throttle --times forever
  faults add CreateImage drop_answer
  faults add RunInstances expire_credentials --after --access-key AKIA…

Faults are in memory only: a cloud that is started anew has none."""


def options(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    verbs = parser.add_subparsers(dest="what", metavar="list|add|remove|clear")
    for verb, text in (
        ("list", "the faults that there are (the default)"),
        ("add", "add a fault"),
        ("remove", "take one away: what it holds goes on"),
        ("clear", "take all away"),
    ):
        one = verbs.add_parser(
            verb,
            help=text,
            description=text,
            epilog=_ACTIONS if verb == "add" else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # Also here, without a default: that would win over what stands before the inner verb.
        one.add_argument("--name", default=argparse.SUPPRESS, help="which cloud")
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="tell the result as JSON")
        if verb == "add":
            _options_of_add(one)
        if verb == "remove":
            one.add_argument("id", metavar="ID", help="as list tells it")


def _options_of_add(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("operation", metavar="OPERATION", help="RunInstances, ec2:RunInstances, 'ec2:Describe*', '*'")
    add("action", metavar="ACTION", help="what shall happen; see below")
    add("--code", help="the error's code")
    add("--message", help="the error's text")
    add("--status", type=int, help="HTTP status of the error; as AWS does it, else 400")
    add("--seconds", type=float, help="how long the delay is")
    add("--times", type=_times, default=1, metavar="N|forever", help="how many calls it applies to; 1")
    add("--skip", type=int, metavar="N", help="how many matching calls go through first; 0")
    add("--after", action="store_true", default=None, help="expire_credentials: the call itself is served")
    add("--access-key", help="only calls with this key")
    add("--account", help="only calls in this account")
    add("--region", help="only calls in this Region")
    add("--user-agent", help="only calls of clients whose User-Agent contains this")
    add(
        "--parameter",
        action="append",
        default=[],
        type=_parameter,
        metavar="NAME=PATTERN",
        dest="parameters",
        help="only calls with this parameter (a name of boto3's, or a path: Placement.AvailabilityZone); repeatable",
    )


_FIELDS = (
    "operation", "action", "code", "message", "status", "seconds", "skip", "after",
    "access_key", "account", "region", "user_agent",
)  # fmt: skip


def _times(text: str) -> int | None:
    if text in ("forever", "null"):
        return None
    return int(text)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATTERN")
    return name, value


def document_of(given: argparse.Namespace) -> dict[str, Any]:
    """The fault that the command line asks for."""
    told = {name: getattr(given, name) for name in _FIELDS}
    document = {name: value for name, value in told.items() if value is not None}
    if given.parameters:
        document["parameters"] = dict(given.parameters)
    return {**document, "times": given.times}


def run(place: Place, given: argparse.Namespace) -> int:
    """Do what the command line asks for; the exit status."""
    client = ControlClient(place)
    if given.what == "add":
        added = client.ask("POST", "faults", document_of(given))
        print(json.dumps(added) if given.json else line_of(added))
    elif given.what in ("remove", "clear"):
        path = f"faults/{quote(given.id, safe='')}" if given.what == "remove" else "faults"
        removed = client.ask("DELETE", path)
        print(json.dumps(removed) if given.json else f"removed: {removed['removed']}")
    else:
        told = client.ask("GET", "faults")
        text = "\n".join(line_of(fault) for fault in told["faults"])
        print(json.dumps(told) if given.json else text or f"local cloud {place.name!r}: no faults")
    return 0


def line_of(fault: dict[str, Any]) -> str:
    """One fault for people."""
    detail = " ".join(str(fault[name]) for name in ("code", "status", "message") if fault[name] is not None)
    if fault["seconds"] is not None:
        detail = f"{fault['seconds']:g} s"
    if fault["after"]:
        detail = "after the call"
    operation = fault["operation"].removeprefix("*:")
    times = "for ever" if fault["times"] is None else f"{fault['times']}x"
    words = [f"{fault['id']:<22}", f"{operation:<28}", times, f"(hits: {fault['hits']})", detail]
    if fault["skip"]:
        words.append(f"skip={fault['skip']}")
    words += [f"{name}={fault[name]}" for name in ("access_key", "account", "region", "user_agent") if fault[name]]
    if fault["parameters"]:
        words.append(f"parameters={json.dumps(fault['parameters'])}")
    if fault["expired_keys"]:
        words.append(f"expired: {', '.join(fault['expired_keys'])}")
    return " ".join(word for word in words if word)
