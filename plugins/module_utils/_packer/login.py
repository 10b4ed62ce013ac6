# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from . import hcl
from .declarations import listed
from .settings import JsonSettings, NativeSettings, Settings
from .sources import Source
from .template import Template


@dataclasses.dataclass(frozen=True)
class Login:
    """How Packer logs in to an instance, as far as a template tells in so many words. None is what it does not tell."""

    user: str | None = None
    port: str | None = None
    interface: str | None = None


def read_login(template: Template, sources: c.Iterable[Source], values: c.Mapping[str, t.Any]) -> Login:
    """How a template logs in, with the values of its variables that are known."""
    settings = [source.settings for source in sources if source.from_ami]

    def find(name: str) -> str | None:
        return next((found for one in settings if (found := _setting(template, one, name, values))), None)

    return Login(find("ssh_username"), find("ssh_port"), find("ssh_interface"))


def _setting(template: Template, settings: Settings, name: str, values: c.Mapping[str, t.Any]) -> str | None:
    variable = settings.variable(name)
    if variable:
        return _text(values.get(variable)) or _default(template, variable)
    return settings.plain(name) or _number(settings, name)


def _number(settings: Settings, name: str) -> str | None:
    if isinstance(settings, NativeSettings):
        expression = (settings.expression(name) or "").strip()
        return expression if expression.isdigit() else None
    value = settings.value(name) if isinstance(settings, JsonSettings) else None
    return str(value) if isinstance(value, int) else None


def _text(value: t.Any) -> str | None:
    return None if value in (None, "") else str(value)


def _default(template: Template, variable: str) -> str | None:
    if template.legacy is not None:
        return _text((template.legacy.get("variables") or {}).get(variable))
    for file in template.parsed:
        for block in file.body.of_kind("variable"):
            if variable in block.labels:
                return hcl.string(block.body.expression("default"))
        for declared in listed((file.content or {}).get("variable")):
            for body in listed(declared.get(variable)):
                return _text(body.get("default"))
    return None
