# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``iam``: whether policies are enforced, and what is granted against what was used."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from golden_cloud.control_client import ControlClient
from golden_cloud.place import Place

VARIABLE = "GOLDEN_CLOUD_ENFORCE_IAM"
_WORDS = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def options(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--enforce", type=_switch, metavar="on|off", help="enforce policies from now on, or not")
    what.add_argument("--used", action="store_true", help="what each role is granted against what it used")
    what.add_argument("--forget", action="store_true", help="begin anew with what was used")
    parser.add_argument("--role", help="with --used: only the role of this name or ARN")


def options_of_up(parser: argparse.ArgumentParser) -> None:
    """What ``up`` has of it."""
    parser.add_argument(
        "--enforce-iam",
        type=_switch,
        metavar="on|off",
        default=os.environ.get(VARIABLE) or None,
        help=f"enforce IAM's policies; as it was, at first off ({VARIABLE})",
    )


def _switch(text: str) -> bool:
    try:
        return _WORDS[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither on nor off") from None


def settle(place: Place, enforce: bool | None) -> bool:
    """Have policies enforced as asked, if asked; whether that was another way before."""
    if enforce is None:
        return False
    return bool(ControlClient(place).ask("PUT", "iam", {"enforce": enforce})["changed"])


def run(place: Place, given: argparse.Namespace) -> int:
    """Do what the command line asks for; the exit status."""
    client = ControlClient(place)
    if given.enforce is not None:
        told = client.ask("PUT", "iam", {"enforce": given.enforce})
        text = _state(told)
    elif given.forget:
        told = client.ask("DELETE", "iam/used")
        text = f"forgotten: {told['removed']}"
    elif given.used:
        told = _of(client.ask("GET", "iam/used"), given.role)
        text = "\n".join(line for one in told["principals"] for line in lines_of(one)) or "no role was used"
    else:
        told = client.ask("GET", "iam")
        text = _state(told)
    print(json.dumps(told) if given.json else text)
    return 0


def _state(told: dict[str, Any]) -> str:
    return "IAM policies are enforced" if told["enforce"] else "IAM policies are not enforced"


def _of(told: dict[str, Any], role: str | None) -> dict[str, Any]:
    if role is None:
        return told

    def wanted(arn: str) -> bool:
        return arn == role or arn.rpartition("/")[2] == role

    return {
        **told,
        "principals": [one for one in told["principals"] if wanted(one["principal"])],
        "uses": [one for one in told["uses"] if wanted(one["principal"])],
    }


def lines_of(one: dict[str, Any]) -> list[str]:
    """One role for people."""
    lines = [f"{one['principal']}: {len(one['granted'])} granted, {len(one['used'])} used"]
    lines += [f"  {one['error']}"] if "error" in one else []
    lines += [f"  in vain   {g['action']}  ({g['policy']}, statement {g['statement']})" for g in one["unused"]]
    lines += [
        f"  in vain   {r['resource']}  ({r['policy']}, statement {r['statement']})" for r in one["unused_resources"]
    ]
    lines += [
        f"  wildcard  {g['action']}  ({g['policy']}, statement {g['statement']})"
        for g in one["granted"]
        if g["wildcard"]
    ]
    for denied in one["denied"]:
        word = "denied   " if denied["enforced"] else "missing  "
        lines.append(f"  {word} {denied['action']} on {denied['resource']} ({denied['times']}x)")
    lines += [f"  to add    {json.dumps(statement)}" for statement in one["to_add"]]
    return lines
