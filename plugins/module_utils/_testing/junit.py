# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""JUnit's XML: written for every suite, and read from the engines that run on the control side."""

from __future__ import annotations

import collections.abc as c
import re
import xml.etree.ElementTree as ET

from .cases import Case, Ran, shortened

# What XML 1.0 has no way to write.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {"failed": "failure", "error": "error", "skipped": "skipped"}


class NotJUnit(ValueError):
    """What should be a report is none."""


def _text(text: str) -> str:
    return _NOT_XML.sub("�", text)


def render(name: str, ran: Ran, timestamp: str, properties: c.Mapping[str, str]) -> str:
    """A report of one suite. C(timestamp) is UTC, ISO 8601, without the zone, as JUnit's schema has it."""
    counts = {
        "tests": str(len(ran.cases)),
        "failures": str(ran.count("failed")),
        "errors": str(ran.count("error")),
        "skipped": str(ran.count("skipped")),
        "time": f"{ran.seconds:.3f}",
    }
    root = ET.Element("testsuites", {"name": _text(name), **counts})
    suite = ET.SubElement(root, "testsuite", {"name": _text(name), **counts, "timestamp": timestamp})
    told = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(told, "property", {"name": _text(key), "value": _text(value)})
    for case in ran.cases:
        _add(suite, case, ran)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _add(suite: ET.Element, case: Case, ran: Ran) -> None:
    about = {
        "classname": _text(case.subject or ran.suite),
        "name": _text(case.name),
        "time": f"{case.seconds:.3f}",
    }
    element = ET.SubElement(suite, "testcase", about)
    if case.outcome in _TAGS:
        why = ET.SubElement(
            element, _TAGS[case.outcome], {"message": _text(case.message.splitlines()[0] if case.message else "")}
        )
        why.text = _text(case.details or case.message)


def read(text: str) -> list[Case]:
    """The cases of a report. Raises NotJUnit."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise NotJUnit(f"this is no JUnit report: {error}") from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise NotJUnit(f"this is no JUnit report: it begins with {root.tag}")
    return [_case(element) for element in root.iter("testcase")]


def _case(element: ET.Element) -> Case:
    subject, name, seconds = element.get("classname", ""), element.get("name", ""), element.get("time", "0")
    for child in element:
        for outcome, tag in _TAGS.items():
            if child.tag == tag:
                said = (child.text or "").strip()
                message = (child.get("message") or said).strip()
                return Case(name, outcome, message, shortened(said), _number(seconds), subject)  # type: ignore[arg-type]
    return Case(name, "passed", seconds=_number(seconds), subject=subject)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
