# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re

_START = re.compile(r"^(?P<severity>Error|Warning): (?P<summary>.*)$")
_WHERE = re.compile(r"^\s+on (?P<file>\S.*?) line (?P<line>\d+)(?:, in .*)?:?$")
_SOURCE = re.compile(r"^\s+(?:\d+: |\(source code not available\)|[│|╷╵])")
_FOOTER = re.compile(r"^(?:\d+ errors? occurred:|The configuration is valid\.)$")


@dataclasses.dataclass
class Diagnostic:
    """What Packer has to say about a template. Legacy JSON has neither file nor line."""

    severity: str
    summary: str
    detail: str = ""
    file: str | None = None
    line: int | None = None


def _finish(diagnostic: Diagnostic, lines: list[str]) -> Diagnostic:
    rest: list[str] = []
    for line in lines:
        where = _WHERE.match(line)
        if where and diagnostic.file is None:
            diagnostic.file, diagnostic.line = where["file"], int(where["line"])
        elif not _SOURCE.match(line) and not _FOOTER.match(line):
            rest.append(line.strip())
    diagnostic.detail = re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip()
    return diagnostic


def parse_diagnostics(raw: str) -> list[Diagnostic]:
    """The diagnostics in the text that ``packer validate`` prints."""
    found: list[Diagnostic] = []
    lines: list[str] = []
    current: Diagnostic | None = None
    for line in raw.splitlines():
        start = _START.match(line)
        if start:
            if current:
                found.append(_finish(current, lines))
            current, lines = Diagnostic(start["severity"].lower(), start["summary"].strip()), []
        else:
            lines.append(line)
    if current:
        found.append(_finish(current, lines))
    return found


def describe(diagnostic: Diagnostic) -> str:
    """One diagnostic in one line, as an editor can jump to it."""
    where = f"{diagnostic.file}:{diagnostic.line}: " if diagnostic.file else ""
    detail = f": {' '.join(diagnostic.detail.split())}" if diagnostic.detail else ""
    return f"{where}{diagnostic.summary}{detail}"
