# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's filters and pages, the same for every kind of resource.

A filter has a name and values; a resource passes when, for every filter, one of its values matches one of the
filter's, where ``*`` and ``?`` are wildcards and a backslash takes their meaning away.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from golden_cloud.api.errors import CloudError

PAGE = (5, 1000)
"""Least and most results that one of EC2's listings gives at once."""

T = TypeVar("T")
Getter = Callable[[T], Any]


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", text, flags=re.DOTALL)
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(p) or re.escape(p[1:] if len(p) == 2 else p) for p in parts), re.DOTALL)


def matches(value: Any, wanted: Iterable[str]) -> bool:
    """Whether a value (or one of several) is among those wanted."""
    values = value if isinstance(value, (list, tuple, set)) else [value]
    texts = [_text(v) for v in values if v is not None]
    return any(_pattern(str(pattern)).fullmatch(text) for pattern in wanted for text in texts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def passes(
    resource: T,
    filters: Mapping[str, Sequence[str]],
    getters: Mapping[str, Getter[T]],
    tags: Mapping[str, str],
) -> bool:
    """Whether the resource passes every filter; a name that EC2 does not know is an error, as it is there."""
    for name, wanted in filters.items():
        if name.startswith("tag:"):
            value: Any = tags.get(name[4:])
        elif name == "tag-key":
            value = list(tags)
        elif name in getters:
            value = getters[name](resource)
        else:
            raise CloudError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if not matches(value, wanted):
            return False
    return True


def bounded(size: int | None, least: int, most: int) -> int | None:
    """How many results a request wants at once; EC2's error for what it does not take."""
    if size is None or least <= size <= most:
        return size
    bound = f"greater than {least}" if size < least else f"less than {most}"
    text = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value {bound}."
    raise CloudError("InvalidParameterValue", text)


def page(items: Sequence[T], max_results: int | None, token: str | None) -> tuple[list[T], str | None]:
    """One page of a listing and the token for the next, None after the last."""
    start = _offset(token)
    if max_results is None:
        return list(items[start:]), None
    end = start + max_results
    following = base64.urlsafe_b64encode(f"offset={end}".encode()).decode() if end < len(items) else None
    return list(items[start:end]), following


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        return int(text.removeprefix("offset="))
    except ValueError:
        raise CloudError("InvalidNextToken", f"The token '{token}' is invalid") from None
