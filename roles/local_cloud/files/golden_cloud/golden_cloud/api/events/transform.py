# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a target gets of an event: all of it, a part, something fixed, or a text with parts of it."""

from __future__ import annotations

import json
import re
from typing import Any

PLACEHOLDER = re.compile(r"<([A-Za-z0-9._-]+)>")
_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\['[^']+'\])*")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
RESERVED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)
MOST_PATHS = 100


class InvalidInput(Exception):
    """The text says what is wrong with a target's input."""


def check(target: dict[str, Any]) -> None:
    """``InvalidInput`` unless the target says in one way what it gets."""
    name = target["Id"]
    ways = [way for way in ("Input", "InputPath", "InputTransformer") if target.get(way) is not None]
    if len(ways) > 1:
        raise InvalidInput(f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.")
    if "Input" in ways:
        _check_json(name, target["Input"])
    if "InputPath" in ways and not _PATH.fullmatch(target["InputPath"]):
        raise InvalidInput(f"Parameter InputPath of target {name} is not valid: {target['InputPath']}")
    if "InputTransformer" in ways:
        _check_transformer(name, target["InputTransformer"])


def _check_json(target: str, text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"Parameter Input of target {target} is not valid JSON: {error}") from error


def _check_transformer(target: str, transformer: dict[str, Any]) -> None:
    paths = transformer.get("InputPathsMap") or {}
    if len(paths) > MOST_PATHS:
        raise InvalidInput(f"InputPathsMap of target {target} takes up to {MOST_PATHS} paths")
    for name, path in paths.items():
        if name.lower().startswith("aws."):
            raise InvalidInput(f"InputPathsMap of target {target}: a name can't begin with AWS")
        if not _PATH.fullmatch(path):
            raise InvalidInput(f"InputPathsMap of target {target}: {path} is no path that is understood here")
    unknown = [n for n in PLACEHOLDER.findall(transformer["InputTemplate"]) if n not in paths and n not in RESERVED]
    if unknown:
        text = f"InputTemplate for target {target} contains invalid placeholder {unknown[0]}."
        raise InvalidInput(f"Invalid InputTemplate: {text}")


def find(path: str, document: Any) -> Any:
    """What the path leads to; None when there is nothing."""
    for match in _STEP.finditer(path.removeprefix("$")):
        name, number, quoted = match.groups()
        if number is not None:
            document = document[int(number)] if isinstance(document, list) and int(number) < len(document) else None
        else:
            document = document.get(name or quoted) if isinstance(document, dict) else None
    return document


def transformed(target: dict[str, Any], event: dict[str, Any], rule_arn: str, ingested: str) -> str:
    """What the target gets."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        return json.dumps(find(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    values = {name: find(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    return fill(transformer["InputTemplate"], values)


def fill(template: str, values: dict[str, Any]) -> str:
    """The template with the values: as they are inside of quotes, as JSON elsewhere.

    What the event does not have is nothing inside of quotes, and null elsewhere.
    """
    made: list[str] = []
    last, quoted = 0, False
    for match in PLACEHOLDER.finditer(template):
        between = template[last : match.start()]
        made.append(between)
        quoted ^= len(_QUOTE.findall(between)) % 2 == 1
        value = values.get(match[1], match[0])
        made.append(_inside(value) if quoted else json.dumps(value))
        last = match.end()
    return "".join([*made, template[last:]])


def _inside(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
