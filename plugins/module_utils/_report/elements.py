# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""HTML from values: whatever is not markup already is escaped, so that no name or tag can become markup."""

from __future__ import annotations

import html
import re

_PLAIN = re.compile(r"[^A-Za-z0-9.]")


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def escaped(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    # What is no character of HTML would be shown as one.
    text = "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in str(value))
    return Markup(html.escape(text, quote=True))


def joined(*parts: object, between: str = "") -> Markup:
    return Markup(escaped(between).join(escaped(part) for part in parts if part is not None))


def element(tag: str, /, *children: object, **attributes: object) -> Markup:
    """An element. An attribute's C(_) is C(-), one at its end is left out; a child or an attribute that is None as well."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in {"meta", "link", "br", "path", "rect"} and not children:
        return Markup(f"<{tag}{given}/>")
    return Markup(f"<{tag}{given}>{joined(*children)}</{tag}>")


def anchor(*parts: str) -> str:
    """An id that can be linked: another one for other parts, of characters that need no quoting."""
    return "-".join(_PLAIN.sub(lambda found: f"_{ord(found[0]):x}_", part) for part in parts)
