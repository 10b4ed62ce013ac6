# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import base64
import collections.abc as c
import json
import typing as t

MASK = "********"
# Shorter ones would blank out half of the log and hide nothing.
_SHORTEST = 4


def _leaves(value: t.Any) -> c.Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _forms(secret: str) -> c.Iterator[str]:
    """A secret as it may show up: as it is, line by line, inside JSON (once, twice), in base64."""
    yield secret
    yield from secret.splitlines()
    once = json.dumps(secret)[1:-1]
    yield once
    yield json.dumps(once)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield base64.b64encode(secret.encode()).decode()
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


class Scrubber:
    """Takes secret values out of text before it reaches a log, the screen or a result."""

    def __init__(self, secrets: t.Any) -> None:
        forms = {form for leaf in _leaves(secrets) for form in _forms(leaf)}
        self._forms = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
