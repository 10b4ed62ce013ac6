# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of the chores, in groups and in the order of the Taskfile: ``task --list --json | python tests/chores.py``."""

from __future__ import annotations

import json
import re
import sys
import typing as t
from pathlib import Path

GROUP = re.compile(r"  # == (.+) ==$")
HEAD = """\
./taskw CHORE [NAME=VALUE …] [-- what goes to the program behind it]. More about one: ./taskw --summary CHORE
"""


class MapError(Exception):
    """Why there is no map."""


def groups_of(taskfile: str) -> list[tuple[int, str]]:
    """Where each group begins, as the number of its line, and what it is called."""
    found = [(number, GROUP.match(line)) for number, line in enumerate(taskfile.splitlines(), 1)]
    return [(number, match[1]) for number, match in found if match]


def group_at(groups: list[tuple[int, str]], line: int) -> str | None:
    """The group that a line is in; None above the first one."""
    return next((name for number, name in reversed(groups) if number < line), None)


def grouped(listed: dict[str, t.Any], taskfile: str) -> dict[str, list[tuple[str, str]]]:
    """Names and descriptions of chores by group: what Task has listed, whatever its order."""
    groups = groups_of(taskfile)
    found: dict[str, list[tuple[str, str]]] = {name: [] for _number, name in groups}
    for one in sorted(listed["tasks"], key=lambda one: (one["location"]["taskfile"], one["location"]["line"])):
        place = one["location"]
        if place["taskfile"] == listed["location"]:
            group = group_at(groups, place["line"])
            if group is None:
                raise MapError(f"{one['name']} stands above the first group of {place['taskfile']}")
        else:
            group = f"Your own, of {Path(place['taskfile']).name}"
        found.setdefault(group, []).append((one["name"], one["desc"]))
    return {group: chores for group, chores in found.items() if chores}


def text_of(groups: dict[str, list[tuple[str, str]]]) -> str:
    """The map: a line for each chore."""
    width = max((len(name) for chores in groups.values() for name, _desc in chores), default=0)
    parts = [HEAD]
    for group, chores in groups.items():
        parts.append(f"{group}\n" + "".join(f"  {name:<{width}}  {' '.join(desc.split())}\n" for name, desc in chores))
    return "\n".join(parts)


def main() -> int:
    try:
        listed = json.load(sys.stdin)
        print(text_of(grouped(listed, Path(listed["location"]).read_text(encoding="utf-8"))), end="")
    except json.JSONDecodeError:
        return 1  # Task has said on standard error what is wrong with a Taskfile.
    except MapError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
