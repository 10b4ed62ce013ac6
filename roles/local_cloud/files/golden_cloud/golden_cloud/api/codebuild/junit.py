# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test cases out of JUnit's XML; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

_WORDS = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}


class NotJUnit(Exception):
    """The file is no JUnit report."""


@dataclass(frozen=True)
class TestCase:
    suite: str
    prefix: str
    """The class that the test is of."""
    name: str
    status: str
    nanoseconds: int
    message: str
    path: str
    """The file that tells of it."""


def parse(content: bytes, path: str) -> list[TestCase]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise NotJUnit(f"{path}: a report has no document type")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise NotJUnit(f"{path}: {error}") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise NotJUnit(f"{path}: <testsuites> or <testsuite> is expected, not <{root.tag}>")
    return list(_cases(root, "", path))


def _cases(element: ElementTree.Element, suite: str, path: str) -> Iterator[TestCase]:
    suite = element.get("name", suite) if element.tag == "testsuite" else suite
    for child in element:
        if child.tag in ("testsuite", "testsuites"):
            yield from _cases(child, suite, path)
        elif child.tag == "testcase":
            yield _case(child, suite, path)


def _case(element: ElementTree.Element, suite: str, path: str) -> TestCase:
    wrong = next((child for child in element if child.tag in _WORDS), None)
    return TestCase(
        suite=suite,
        prefix=element.get("classname", ""),
        name=element.get("name", ""),
        status=_WORDS[wrong.tag] if wrong is not None else "SUCCEEDED",
        nanoseconds=_nanoseconds(element.get("time", "0")),
        message="" if wrong is None else (wrong.get("message") or (wrong.text or "").strip()),
        path=path,
    )


def _nanoseconds(text: str) -> int:
    try:
        return max(0, round(float(text.replace(",", "")) * 1_000_000_000))
    except (ValueError, OverflowError):
        return 0
