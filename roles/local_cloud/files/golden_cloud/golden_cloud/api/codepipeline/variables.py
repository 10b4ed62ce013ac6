# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to variables in the configuration of actions: ``#{Namespace.Key}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

REFERENCE = re.compile(r"#\{([^}]*)\}")
_NAMES = re.compile(r"(?P<namespace>[A-Za-z0-9@_-]+)\.(?P<key>[A-Za-z0-9@_-]+)")

PIPELINE, OWN = "codepipeline", "variables"
"""The namespace of the execution itself, and the one of the pipeline's variables."""


class Unresolved(Exception):
    """A reference to what is not there; the text names it."""


def references(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Each reference as it stands, its namespace and key; None when it is not of this form."""
    for match in REFERENCE.finditer(text):
        names = _NAMES.fullmatch(match[1])
        yield match[0], names and names["namespace"], names and names["key"]


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """The text with values in place of its references; ``Unresolved`` when one has none."""
    values: dict[str, str] = {}
    for reference, namespace, key in references(text):
        value = namespaces.get(namespace or "", {}).get(key or "")
        if value is None:
            raise Unresolved(f"The variable {reference} can't be resolved")
        values[reference] = value
    # In one go: a value is not looked through for references.
    return REFERENCE.sub(lambda match: values[match[0]], text)
