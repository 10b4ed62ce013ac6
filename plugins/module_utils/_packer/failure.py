# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .diagnostics import Diagnostic, describe, parse_diagnostics, readable
from .remedies import build_remedy

_TARGET = re.compile(r"^(?:==> )?\s*[\w.-]+: ")
_TASK = re.compile(r"TASK \[(?P<name>.+?)\] \**$")
_FATAL = re.compile(r"fatal: \[(?P<host>[^\]]+)\]: (?:FAILED|UNREACHABLE)! =>\s*(?P<result>.*)$")
_ERROR = re.compile(r"^\[ERROR\]: (?:Task failed: )?(?P<text>.+)$")
# What comes after the words of an error: where the task is, its result, or nothing.
_AFTER = re.compile(r"Origin: |fatal: \[|<<< caused by >>>|$")
_SCRIPT = re.compile(r"(?P<text>Script exited with non-zero exit status: \d+)")


# Lines of a result that is laid out, at most, and of an error.
_LONGEST = 300
_WORDS = 40
_SUMMARY = re.compile(
    r"(?:==> |--> )?(?:Wait completed|Some builds didn't complete|\d+ errors? occurred|Builds finished)"
)
_CANCELLED = re.compile(r"(?:==> |--> )?Cancelling build after receiving (?P<signal>\w+)")


def cancelled_by(errors: list[str]) -> str | None:
    """What somebody ended Packer itself with, in Packer's word, such as interrupt."""
    return next((match["signal"] for error in errors if (match := _CANCELLED.match(error))), None)


@dataclasses.dataclass(frozen=True)
class Failure:
    """The reason of a failed build in the words of what failed."""

    step: str
    text: str


def _result(texts: list[str]) -> dict[str, t.Any] | None:
    """The JSON object at the beginning of lines: on one line, or laid out over several."""
    raw = ""
    for text in texts[:_LONGEST]:
        raw += f"{text}\n"
        try:
            result = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        return result if isinstance(result, dict) else None
    return None


def _result_text(result: dict[str, t.Any]) -> str:
    said = [str(result[key]).strip() for key in ("msg", "stderr", "module_stderr") if result.get(key)]
    return "; ".join(dict.fromkeys(said))[:1000]


def _words(texts: list[str]) -> str:
    """An error in words, which may have several lines, such as one for each test that failed."""
    end = next((index for index, text in enumerate(texts) if _AFTER.match(text)), len(texts))
    return "\n".join(texts[:end])


def _ansible_failure(lines: list[str]) -> Failure | None:
    """The last task that ended a play. What Ansible says in words is taken when the result says nothing."""
    task, words = "", ""
    found: Failure | None = None
    texts = [_TARGET.sub("", line).strip() for line in lines]
    for index, text in enumerate(texts):
        if match := _TASK.search(text):
            task, words = match["name"], ""
        elif match := _ERROR.match(text):
            words = _words([match["text"], *texts[index + 1 : index + _WORDS]])
        elif match := _FATAL.search(text):
            result = _result([match["result"], *texts[index + 1 :]]) or {}
            found = Failure(task, (_result_text(result) or words or "no reason given").rstrip("."))
        elif text == "...ignoring":
            found = None
    return found


def find_failure(lines: list[str], errors: list[str]) -> Failure | None:
    """What made a build fail: Ansible's fatal task when there is one, else Packer's first error."""
    ansible = _ansible_failure(lines)
    if ansible and any("Ansible" in error or "ansible" in error for error in errors):
        return ansible
    script = next((match for line in errors if (match := _SCRIPT.search(line))), None)
    if script:
        return Failure("shell script", script["text"])
    if ansible:
        return ansible
    texts = [error.strip() if error.startswith("Error: ") else _TARGET.sub("", error).strip() for error in errors]
    own = [text for text in texts if text and not _SUMMARY.match(text) and not _CANCELLED.match(text)]
    return Failure("", _told(own[0]).rstrip(".")) if own else None


def _told(text: str) -> str:
    """An error of Packer's in one line. One about the template, as of a data source, has a place in it."""
    found = parse_diagnostics(text)
    diagnostic = found[0] if found else Diagnostic("error", readable(" ".join(text.split())))
    return describe(dataclasses.replace(diagnostic, remedy=build_remedy(diagnostic.summary)))
