# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re

_START = re.compile(r"^(?P<severity>Error|Warning): ?(?P<summary>.*)$")
# A value from the environment has no file: "on  line 0".
_WHERE = re.compile(r"^\s+on (?P<file>\S.*?)? ?line (?P<line>\d+)(?:, in .*)?:?$")
_SOURCE = re.compile(r"^\s+(?:\d+: |\(source code not available\)|[│|╷╵])")
_FOOTER = re.compile(r"^(?:\d+ errors? occurred:|The configuration is valid\.)$")
# Where something inside of a block is wrong, "on" says where the block begins, and the text says where it is wrong.
_INNER = re.compile(r"^(?P<file>\S.*?):(?P<line>\d+),\d+(?:-[\d,]+)?: (?P<summary>[^;]+); (?P<detail>.+)$")
# Texts of variable files that have no place of their own.
_FILE_IN_TEXT = (
    re.compile(r"^Could not guess format of (?P<file>.+)$"),
    re.compile(r'^The configuration file "(?P<file>.+)" could not be read\.$'),
    re.compile(r"^Error reading variables in '(?P<file>.+?)': .+$"),
)
_LEGACY_PREAMBLE = re.compile(r"^Failed to parse file as legacy JSON template: .*?\s+Original error: ")
# The request as the SDK for Go prints it: addresses instead of names.
_NO_IMAGE = re.compile(r"No AMI was found matching filters: &\{.*\}")
_FILTER = re.compile(r"\{0x[0-9a-f]+ \[(.*?)\] \{\}\}")
_OWNERS = re.compile(r"\[([^\[\]]*)\] \{\}\}$")
# Of errors that follow from each other (a quote that was not closed) the first ones say it.
_SHOWN = 3


@dataclasses.dataclass
class Diagnostic:
    """What Packer has to say about a template. C(file) is the user's, or None; C(remedy) is what can be done."""

    severity: str
    summary: str
    detail: str = ""
    file: str | None = None
    line: int | None = None
    remedy: str = ""


def readable(text: str) -> str:
    """The text with what was searched for, where the amazon plugin prints a request that only it can read."""
    return _NO_IMAGE.sub(_searched, text)


def _searched(found: re.Match[str]) -> str:
    filters = ", ".join(_FILTER.findall(found[0]))
    owners = _OWNERS.search(found[0])
    owned = f" and the owner {owners[1]}" if owners and owners[1] else ""
    return f"No AMI was found matching filters: {filters}{owned}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _finish(diagnostic: Diagnostic, lines: list[str]) -> Diagnostic:
    rest: list[str] = []
    for line in lines:
        where = _WHERE.match(line)
        if where and diagnostic.file is None:
            if where["file"]:
                diagnostic.file, diagnostic.line = where["file"], int(where["line"])
        elif not _SOURCE.match(line) and not _FOOTER.match(line.strip()):
            rest.append(line.strip().removeprefix("* "))
    diagnostic.detail = re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip()
    return _with_place(_with_summary(diagnostic))


def _with_summary(diagnostic: Diagnostic) -> Diagnostic:
    """Errors of legacy JSON may come without a summary: then the first line of the text is one."""
    if diagnostic.summary:
        return diagnostic
    first, _unused, rest = diagnostic.detail.partition("\n")
    return dataclasses.replace(diagnostic, summary=first.strip(), detail=rest.strip())


def _with_place(diagnostic: Diagnostic) -> Diagnostic:
    """Take the place from the text, where that is the only or the better one."""
    inner = _INNER.match(_one_line(diagnostic.detail))
    if inner:
        told = f"{inner['detail']} ({diagnostic.summary}.)"
        return dataclasses.replace(
            diagnostic, summary=inner["summary"], detail=told, file=inner["file"], line=int(inner["line"])
        )
    if diagnostic.file is None:
        for pattern in _FILE_IN_TEXT:
            found = pattern.match(_one_line(diagnostic.detail)) or pattern.match(diagnostic.summary)
            if found:
                return dataclasses.replace(diagnostic, file=found["file"])
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
            current, lines = Diagnostic(start["severity"].lower(), readable(start["summary"].strip())), []
        else:
            lines.append(line)
    if current:
        found.append(_finish(current, lines))
    return found


def without_form(raw: str, code: int) -> Diagnostic:
    """What Packer said when it failed before it could make a diagnostic, as for JSON that is none."""
    text = _LEGACY_PREAMBLE.sub("", raw.strip())
    lines = [line.strip().removeprefix("* ") for line in text.splitlines() if not _FOOTER.match(line.strip())]
    first, *rest = [line for line in lines if line] or [f"packer validate ended with {code}"]
    return _with_place(Diagnostic("error", first, "\n".join(rest)))


def describe(diagnostic: Diagnostic) -> str:
    """One diagnostic in one line, as an editor can jump to it."""
    line = f":{diagnostic.line}" if diagnostic.line else ""
    where = f"{diagnostic.file}{line}: " if diagnostic.file else ""
    detail = f": {_one_line(diagnostic.detail)}" if diagnostic.detail else ""
    told = f"{where}{diagnostic.summary}{detail}"
    if not diagnostic.remedy:
        return told
    return f"{told}{'' if told.endswith(('.', '?', '!')) else '.'} {diagnostic.remedy}"


def describe_errors(diagnostics: list[Diagnostic]) -> str:
    """The errors among them for one message; a remedy that several share is told once."""
    errors = [one for one in diagnostics if one.severity == "error"]
    shown = errors[:_SHOWN]
    told = []
    for position, one in enumerate(shown):
        again = any(later.remedy == one.remedy for later in shown[position + 1 :])
        told.append(describe(dataclasses.replace(one, remedy="" if again else one.remedy)))
    more = len(errors) - len(shown)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")
