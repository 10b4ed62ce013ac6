# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The settings in a block of a template, alike for HCL's native syntax, its JSON form, and legacy JSON."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import re
import typing as t

from . import hcl
from .declarations import listed

_VARIABLE = re.compile(
    r"(?:\$\{\s*)?var\.(?P<hcl>[\w-]+)(?:\s*\})?|\{\{\s*user\s+[`\"'](?P<legacy>[^`\"']+)[`\"']\s*\}\}"
)
_TEMPLATE = re.compile(r"[$%]\{|\{\{")


class Settings(t.Protocol):
    """What a block says. A setting that is no plain text or list is an expression, and only Packer knows its value."""

    def has(self, name: str) -> bool:
        """Whether there is such a setting, or such a block."""

    def plain(self, name: str) -> str | None:
        """A setting that is a text in so many words."""

    def plain_list(self, name: str) -> list[str] | None:
        """A setting that is a list of texts in so many words."""

    def variable(self, name: str) -> str | None:
        """The name of the variable, when a setting is the value of one and nothing else."""

    def block(self, name: str) -> Settings | None:
        """A block in this one."""


def _variable_in(text: str | None) -> str | None:
    found = _VARIABLE.fullmatch((text or "").strip())
    return (found["hcl"] or found["legacy"]) if found else None


def _quoted_variable(expression: str | None) -> str | None:
    """C(var.x), and C("${var.x}") as older templates have it."""
    text = (expression or "").strip()
    return _variable_in(text[1:-1] if text.startswith('"') and text.endswith('"') and "${" in text else text)


@dataclasses.dataclass(frozen=True)
class NativeSettings:
    """Those of one or several blocks that Packer takes together."""

    bodies: tuple[hcl.Body, ...]

    def expression(self, name: str) -> str | None:
        return next((found for body in self.bodies if (found := body.expression(name)) is not None), None)

    def has(self, name: str) -> bool:
        return self.expression(name) is not None or self.block(name) is not None

    def plain(self, name: str) -> str | None:
        return hcl.string(self.expression(name))

    def plain_list(self, name: str) -> list[str] | None:
        items = hcl.items(self.expression(name))
        texts = [text for item in items or [] if (text := hcl.string(item)) is not None]
        return texts if items is not None and len(texts) == len(items) else None

    def variable(self, name: str) -> str | None:
        return _quoted_variable(self.expression(name))

    def block(self, name: str) -> NativeSettings | None:
        found = tuple(block.body for body in self.bodies for block in body.of_kind(name))
        return NativeSettings(found) if found else None

    def text(self, names: c.Collection[str] | None = None) -> str:
        """The settings as they stand, one to a line; only those of C(names), when given."""
        lines: list[str] = []
        for body in self.bodies:
            chosen = [one for one in body.attributes if names is None or one.name in names]
            lines.extend(f"{attribute.name} = {attribute.expression}" for attribute in chosen)
            for block in body.blocks:
                if names is None or block.kind in names:
                    labels = "".join(f" {hcl.quote(label)}" for label in block.labels)
                    lines.append(f"{block.kind}{labels} {{\n{NativeSettings((block.body,)).text()}\n}}")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class JsonSettings:
    """Those of one or several objects, of HCL's JSON form or of a legacy template."""

    objects: tuple[dict[str, t.Any], ...]

    def value(self, name: str) -> t.Any:
        return next((one[name] for one in self.objects if one.get(name) is not None), None)

    def has(self, name: str) -> bool:
        return self.value(name) is not None

    def plain(self, name: str) -> str | None:
        value = self.value(name)
        return value if isinstance(value, str) and not _TEMPLATE.search(value) else None

    def plain_list(self, name: str) -> list[str] | None:
        value = self.value(name)
        if isinstance(value, str) and not _TEMPLATE.search(value):
            return value.split(",")
        if not isinstance(value, list) or not all(isinstance(one, str) and not _TEMPLATE.search(one) for one in value):
            return None
        return list(value)

    def variable(self, name: str) -> str | None:
        value = self.value(name)
        # Without the braces of an expression it is but a text.
        return _variable_in(value) if isinstance(value, str) and _TEMPLATE.search(value) else None

    def block(self, name: str) -> JsonSettings | None:
        found = tuple(one for object_ in self.objects for one in listed(object_.get(name)))
        return JsonSettings(found) if found else None

    def content(self, names: c.Collection[str] | None = None) -> dict[str, t.Any]:
        """A copy of the settings; only those of C(names), when given."""
        merged = {name: value for one in reversed(self.objects) for name, value in one.items()}
        chosen = {name: value for name, value in merged.items() if names is None or name in names}
        copied: dict[str, t.Any] = json.loads(json.dumps(chosen))
        return copied
