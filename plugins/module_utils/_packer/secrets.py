# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import base64
import collections.abc as c
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

MASK = "********"
# What a result repeats of an option that is secret: Ansible's own word.
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
# Shorter ones would blank out half of the log and hide nothing.
_SHORTEST = 4
_SECRET_NAME = re.compile(
    r"TOKEN$|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS$|PRIVATE_KEY|API_?KEY|_AUTH$", re.IGNORECASE
)
# Such a variable says where a secret is, or how long it lasts; that is none itself.
_HARMLESS_NAME = re.compile(r"_(FILE|FILES|PATH|DIR|URL|URI|ARN|NAME)$", re.IGNORECASE)
_GO = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_HARMLESS_VALUES = frozenset({"true", "false", "none", "null"})


def looks_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret, as far as a name can tell."""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def _values(text: str) -> c.Iterator[t.Any]:
    """A value of the environment, and what is in it when it is JSON: so Packer reads lists and maps from there."""
    yield text
    if text[:1] in ("{", "[", '"'):
        try:
            yield json.loads(text)
        except ValueError:
            return


def environment_secrets(
    environment: c.Mapping[str, str], sensitive: c.Collection[str] = (), reads: c.Collection[str] = ()
) -> list[t.Any]:
    """The values in an environment that look secret by name, or that belong to sensitive variables of a template.

    C(reads) are the names by which defaults of such variables read it.
    """
    names = {*reads, *(f"PKR_VAR_{name}" for name in sensitive)}
    return [
        value
        for name, text in environment.items()
        if (name in names or looks_secret(name)) and text.lower() not in _HARMLESS_VALUES
        for value in _values(text)
    ]


def sensitive_values(variables: c.Mapping[str, t.Any], sensitive: c.Collection[str]) -> list[t.Any]:
    """The values of variables that a template declares sensitive, by whatever option they are given."""
    hidden = [value for name, value in variables.items() if name in sensitive]
    return [one for one in hidden if str(one).lower() not in _HARMLESS_VALUES]


def leaves(value: t.Any) -> c.Iterator[str]:
    """The texts and numbers in dictionaries and lists, as texts."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def texts(secrets: t.Any) -> set[str]:
    """The texts in values that are secret, as far as hiding them does not blank out everything else."""
    return {leaf for leaf in leaves(secrets) if len(leaf) >= _SHORTEST}


def _forms(secret: str) -> c.Iterator[str]:
    """A secret as it may show up: as it is, line by line, inside JSON (once, twice, as Go writes it), a URL, base64."""
    yield secret
    yield from secret.splitlines()
    once = json.dumps(secret)[1:-1]
    yield once
    yield json.dumps(once)[1:-1]
    letters = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield letters
    # Packer and its plugins: Go escapes what means something to HTML.
    yield letters.translate(_GO)
    yield repr(secret)[1:-1]
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield base64.b64encode(secret.encode()).decode()
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


class Scrubber:
    """Takes secret values out of text before it reaches a log, the screen or a result."""

    def __init__(self, secrets: t.Any) -> None:
        forms = {form for leaf in leaves(secrets) for form in _forms(leaf)}
        self._forms = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
