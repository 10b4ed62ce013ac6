# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call was answered, by the names of the service's model.

Made for being cheap: only the beginning of a long answer is read, and each element is looked up once, where
botocore's own parser looks for every member that a shape may have.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from golden_cloud.api import catalogue
from golden_cloud.api.errors import service_model

LONGEST = 8192
LONGEST_OF_READS = 4096
"""Bytes of an answer that are read; fewer of those that only tell what there is, of which there are many."""
CUT = "(cut)"
"""Key under which a result says that it is not whole."""


def result_of(service: str, operation: str, status: int, body: str | bytes) -> Any:
    """The answer as a mapping, or the error as ``{"Code": …, "Message": …}``; None for an empty one."""
    content = body.encode() if isinstance(body, str) else body
    if not content:
        return None
    if status < 400 and _is_stream(service, operation):
        return None
    longest = LONGEST if catalogue.changes_state(operation) else LONGEST_OF_READS
    if content[:64].lstrip()[:1] == b"<":
        return _xml(service, operation, status, content, longest)
    return _json(status, content, longest)


def _json(status: int, content: bytes, longest: int) -> Any:
    if len(content) > 8 * longest:  # All or nothing, but read in no time.
        return {CUT: f"an answer of {len(content)} bytes"}
    try:
        document = json.loads(content)
    except ValueError:
        return {CUT: "an answer that is no JSON"}
    if status < 400 or not isinstance(document, dict):
        return document
    code = str(document.get("__type") or document.get("code") or "").rsplit("#", 1)[-1]
    return {"Code": code, "Message": document.get("message") or document.get("Message") or ""}


def _xml(service: str, operation: str, status: int, content: bytes, longest: int) -> Any:
    root = _beginning(content[:longest])
    if root is None:
        return {CUT: "an answer that is no XML"}
    if status >= 400:
        return {name: _text_below(root, name) for name in ("Code", "Message")}
    shape = _output_shape(service, operation)
    if shape is None:
        return None
    wrapper = shape.serialization.get("resultWrapper")
    inner = next((child for child in root if _name(child) == wrapper), root) if wrapper else root
    result = _structure(service, shape, inner)
    if len(content) > longest:
        result[CUT] = f"the first {longest} of {len(content)} bytes"
    return result


def _beginning(content: bytes) -> ElementTree.Element | None:
    """The tree of an answer, as far as its first bytes tell."""
    builder = ElementTree.TreeBuilder()
    try:
        ElementTree.XMLParser(target=builder).feed(content)
        # The builder's tree, not the parser's, which would complain of what is missing.
        root = builder.close()
    except (ElementTree.ParseError, AssertionError):
        return None
    return root if isinstance(root, ElementTree.Element) else None


@lru_cache(maxsize=512)
def _is_stream(service: str, operation: str) -> bool:
    """Whether the answer is the content of an object."""
    shape = _output_shape(service, operation)
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is not None and shape.members[payload].type_name in ("blob", "string")


@lru_cache(maxsize=512)
def _output_shape(service: str, operation: str) -> Any:
    model = service_model(service)
    return model.operation_model(operation).output_shape if model is not None else None


@lru_cache(maxsize=4096)
def _members(service: str, shape_name: str) -> dict[str, tuple[str, Any]]:
    """Name in the XML → (name in the model, shape)."""
    model = service_model(service)
    if model is None:
        return {}
    members = model.shape_for(shape_name).members
    return {_wire_name(name, shape): (name, shape) for name, shape in members.items()}


def _wire_name(name: str, shape: Any) -> str:
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return str(shape.member.serialization.get("name", shape.serialization.get("name", name)))
    return str(shape.serialization.get("name", name))


def _convert(service: str, shape: Any, element: ElementTree.Element) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(service, shape, element)
    if kind == "list":
        return [_convert(service, shape.member, child) for child in element]
    if kind == "map":
        return _map(service, shape, element)
    return _scalar(kind, element.text or "")


def _structure(service: str, shape: Any, element: ElementTree.Element) -> dict[str, Any]:
    members = _members(service, shape.name)
    found: dict[str, Any] = {}
    for child in element:
        known = members.get(_name(child))
        if known is None:
            continue
        name, member = known
        if member.type_name == "list" and member.serialization.get("flattened"):
            found.setdefault(name, []).append(_convert(service, member.member, child))
        else:
            found[name] = _convert(service, member, child)
    return found


def _map(service: str, shape: Any, element: ElementTree.Element) -> dict[str, Any]:
    found = {}
    for entry in element:
        parts = list(entry)
        if len(parts) == 2:
            found[parts[0].text or ""] = _convert(service, shape.value, parts[1])
    return found


def _scalar(kind: str, text: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        # Where a long answer was cut.
        return text
    return text == "true" if kind == "boolean" else text


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text_below(root: ElementTree.Element, name: str) -> str:
    return next((element.text or "" for element in root.iter() if _name(element) == name), "")
