# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import json
import re

_TARGET = re.compile(r"^(?:==> )?\s*[\w.-]+: ")
_TASK = re.compile(r"TASK \[(?P<name>.+?)\] \**$")
_FATAL = re.compile(r"fatal: \[(?P<host>[^\]]+)\]: (?:FAILED|UNREACHABLE)! => (?P<result>\{.*)$")
_ERROR = re.compile(r"^\[ERROR\]: (?:Task failed: )?(?P<text>.+)$")
_SCRIPT = re.compile(r"(?P<text>Script exited with non-zero exit status: \d+)")


_SUMMARY = re.compile(
    r"(?:==> |--> )?(?:Wait completed|Some builds didn't complete|\d+ errors? occurred|Builds finished)"
)


@dataclasses.dataclass(frozen=True)
class Failure:
    """The reason of a failed build in the words of what failed."""

    step: str
    text: str


def _result_text(raw: str) -> str:
    try:
        result = json.loads(raw)
    except ValueError:
        return raw[:500]
    said = [str(result[key]).strip() for key in ("msg", "stderr", "module_stderr") if result.get(key)]
    return "; ".join(dict.fromkeys(said))[:1000] or raw[:500]


def _ansible_failure(lines: list[str]) -> Failure | None:
    task, found = "", None
    for line in lines:
        text = _TARGET.sub("", line).strip()
        match = _TASK.search(text)
        if match:
            task = match["name"]
        fatal, error = _FATAL.search(text), _ERROR.match(text)
        if fatal:
            found = Failure(task, _result_text(fatal["result"]))
        elif error and task:
            found = Failure(task, error["text"])
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
    texts = [" ".join(_TARGET.sub("", error).split()) for error in errors]
    own = [text for text in texts if text and not _SUMMARY.match(text)]
    return Failure("", own[0].rstrip(".")) if own else None
