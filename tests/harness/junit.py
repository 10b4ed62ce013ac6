# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A strict reader of JUnit's XML: what servers that show test results ask of a report, as far as they agree."""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET

_CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out", "system-err"},
}
_NEEDED = {
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
}


def faults(text: str) -> list[str]:
    """What is wrong with a report; nothing when it is good."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        return [f"no XML: {error}"]
    found = [] if root.tag == "testsuites" else [f"it begins with {root.tag}"]
    for element in root.iter():
        found += _of_element(element)
    for suite in root.iter("testsuite"):
        found += _of_suite(suite)
    return found


def _of_element(element: ET.Element) -> list[str]:
    found = [
        f"{child.tag} in {element.tag}"
        for child in element
        if element.tag in _CHILDREN and child.tag not in _CHILDREN[element.tag]
    ]
    lacking = _NEEDED.get(element.tag, set()) - set(element.keys())
    found += [f"{element.tag} without {name}" for name in sorted(lacking)]
    time = element.get("time")
    return found + ([f"time {time}"] if time is not None and not re.fullmatch(r"\d+(\.\d+)?", time) else [])


def _of_suite(suite: ET.Element) -> list[str]:
    cases = suite.findall("testcase")
    counts = {"tests": len(cases)}
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = sum(case.find(tag) is not None for case in cases)
    found = [
        f"{name} is {suite.get(name)}, not {count}" for name, count in counts.items() if suite.get(name) != str(count)
    ]
    stamp = suite.get("timestamp") or ""
    try:
        if datetime.datetime.fromisoformat(stamp).tzinfo:
            found.append(f"timestamp {stamp} has a zone")
    except ValueError:
        found.append(f"timestamp {stamp!r} is none")
    return found
