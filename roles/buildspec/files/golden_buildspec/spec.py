# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a buildspec says, read strictly: what would be left out by hand is refused."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
VERSION = "0.2"
# What CodeBuild does with files once the phases are over. By hand they are where they are.
_AFTERWARDS = {"artifacts", "reports", "cache"}
_TOP = {"version", "env", "phases", *_AFTERWARDS}
_ENV = {"shell", "variables", "exported-variables"}
_PHASE = {"on-failure", "commands", "finally"}
_ON_FAILURE = ("ABORT", "CONTINUE")


class SpecError(Exception):
    """A buildspec that cannot be run by hand."""


@dataclass(frozen=True)
class Phase:
    """One phase. C(on_failure) is None where the buildspec leaves it to CodeBuild."""

    name: str
    commands: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    on_failure: str | None = None


@dataclass(frozen=True)
class Spec:
    """The phases in their order, the variables that they start with, and those that are told at the end."""

    phases: tuple[Phase, ...]
    variables: dict[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    shell: str = "sh"


def read_spec(path: Path) -> Spec:
    """Raises SpecError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: this is not YAML: {error}") from error
    try:
        return parse_spec(content)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from error


def parse_spec(content: t.Any) -> Spec:
    """Raises SpecError."""
    top = _mapping(content, "the buildspec", _TOP)
    if str(top.get("version")) != VERSION:
        raise SpecError(f"version: expected {VERSION}, whose commands share one shell, found {top.get('version')!r}")
    env = _mapping(top.get("env", {}), "env", _ENV)
    phases = _mapping(top.get("phases"), "phases", set(PHASES))
    shell = env.get("shell", "sh")
    if shell not in ("sh", "bash"):
        raise SpecError(f"env.shell: expected sh or bash, found {shell!r}")
    return Spec(
        tuple(_phase(name, phases[name]) for name in PHASES if name in phases),
        {name: _text(value) for name, value in _mapping(env.get("variables", {}), "env.variables").items()},
        tuple(_texts(env.get("exported-variables", []), "env.exported-variables")),
        shell,
    )


def next_phase(phases: tuple[Phase, ...], index: int, failed: bool) -> int:
    """The index of the phase that comes next. What a phase does not say, CodeBuild decides: a failed build goes on to post_build."""
    phase = phases[index]
    goes_on = phase.on_failure == "CONTINUE" or (phase.on_failure is None and phase.name == "build")
    return index + 1 if not failed or goes_on else len(phases)


def _phase(name: str, content: t.Any) -> Phase:
    said = _mapping(content, f"phases.{name}", _PHASE)
    on_failure = said.get("on-failure")
    if on_failure not in (None, *_ON_FAILURE):
        raise SpecError(f"phases.{name}.on-failure: by hand there is {' and '.join(_ON_FAILURE)}, not {on_failure}")
    commands = _texts(said.get("commands"), f"phases.{name}.commands")
    return Phase(name, tuple(commands), tuple(_texts(said.get("finally", []), f"phases.{name}.finally")), on_failure)


def _mapping(value: t.Any, place: str, known: set[str] | None = None) -> dict[str, t.Any]:
    if not isinstance(value, dict):
        raise SpecError(f"{place}: expected keys with values, found {value!r}")
    unknown = sorted(set(map(str, value)) - known) if known is not None else []
    if unknown:
        raise SpecError(f"{place}: by hand there is no {', '.join(unknown)}, only {', '.join(sorted(known or ()))}")
    return {str(key): content for key, content in value.items()}


def _texts(value: t.Any, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SpecError(f"{place}: expected a list of texts, found {value!r}")
    return value


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
