# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a build's files are meant by a buildspec's patterns; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\{[^}]*\}|.", re.DOTALL)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_expression(text), re.DOTALL)


def _expression(text: str) -> str:
    return "".join(_translated(token) for token in _TOKEN.findall(text))


def _translated(token: str) -> str:
    fixed = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in fixed:
        return fixed[token]
    if len(token) > 1 and token.startswith("["):
        inner = token[1:-1].replace("\\", "\\\\")
        return f"[^{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]"
    if len(token) > 1 and token.startswith("{"):
        return f"(?:{'|'.join(_expression(part) for part in token[1:-1].split(','))})"
    return re.escape(token)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """``*`` stays within a directory, ``**`` does not."""
    return any(_pattern(one.removeprefix("./")).fullmatch(path) for one in patterns)


def chosen(paths: Iterable[str], wanted: Sequence[str], excluded: Sequence[str]) -> list[str]:
    """The paths below the base directory that are wanted and not excluded."""
    return sorted(path for path in paths if matches(path, wanted) and not matches(path, excluded))


def stored_names(paths: Sequence[str], *, discard_paths: bool) -> dict[str, str]:
    """Under which name each file is kept; with its directories discarded the last of a name stays."""
    if not discard_paths:
        return {path: path for path in paths}
    last = {path.rsplit("/", 1)[-1]: path for path in paths}
    return {path: name for name, path in last.items()}
