# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``ansible-doc`` says of a module or lookup, and whether a result keeps to it."""

from __future__ import annotations

import functools
import json
import subprocess
import typing as t
from dataclasses import dataclass, replace

from harness.cloud import Cloud

# What Ansible adds to any result by itself, or documents for all modules.
COMMON = {
    "ansible_facts",
    "attempts",
    "changed",
    "changed_when_result",
    "deprecations",
    "diff",
    "exception",
    "failed",
    "failed_when_result",
    "invocation",
    "msg",
    "resource_actions",
    "skip_reason",
    "skipped",
    "stderr_lines",
    "stdout_lines",
    "warnings",
}
# The Python types that stand for a documented one.
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "complex": (dict, list),
}
ALWAYS = ("always", "success")
Field = dict[str, t.Any]
Fields = dict[str, Field]


@dataclass(frozen=True)
class Documentation:
    """The parts of a plugin's documentation that a result is held against."""

    name: str
    returns: Fields
    attributes: dict[str, dict[str, t.Any]]

    def support(self, attribute: str) -> str:
        """``full``, ``partial``, ``none`` or ``N/A``; empty when the documentation has nothing about it."""
        return str(self.attributes.get(attribute, {}).get("support", ""))

    def faults_of(self, result: dict[str, t.Any]) -> list[str]:
        """What differs between a successful result and RETURN, a sentence each."""
        own = {key: value for key, value in result.items() if key not in COMMON or key in self.returns}
        return _faults_of_dict(own, self.returns, "")

    def with_entries_of(self, other: Documentation) -> Documentation:
        """The same, where the entries of a lookup have as well what those of another have, which RETURN must name."""
        raw = self.returns["_raw"]
        if f"P({other.name}#lookup)" not in _words(raw):
            raise AssertionError(f"RETURN of {self.name} does not refer to P({other.name}#lookup)")
        contains = {**other.returns["_raw"]["contains"], **raw["contains"]}
        return replace(self, returns={**self.returns, "_raw": {**raw, "contains": contains}})


def _faults_of_dict(values: dict[str, t.Any], fields: Fields, place: str) -> list[str]:
    faults = [f"it returns {place}{key}, which RETURN does not have" for key in values if key not in fields]
    for key, field in fields.items():
        if key in values:
            faults += _faults_of_value(values[key], field, f"{place}{key}")
        elif str(field.get("returned", "")).strip() in ALWAYS and not place:
            faults.append(f"RETURN has {key} as returned {field['returned']}, and it is missing")
    return faults


def _faults_of_value(value: t.Any, field: Field, place: str) -> list[str]:
    if value is None:
        return [] if "V(none)" in _words(field) else [f"{place} is null, which RETURN does not say (V(none) …)"]
    kind = field.get("type", "raw")
    if not _fits(value, kind):
        return [f"{place} is {json.dumps(value)[:60]}, and in RETURN a {kind}"]
    if isinstance(value, list) and "elements" in field:
        inner = {**field, "type": field["elements"], "elements": "raw"}
        return [fault for one in value for fault in _faults_of_value(one, inner, f"{place}[]")]
    if isinstance(value, dict) and "contains" in field:
        return _faults_of_dict(value, field["contains"], f"{place}.")
    return []


def _fits(value: t.Any, kind: str) -> bool:
    if isinstance(value, bool) and kind in ("int", "float"):
        return False
    return kind not in TYPES or isinstance(value, TYPES[kind])


def _words(field: Field) -> str:
    said = field.get("description", "")
    return " ".join(said) if isinstance(said, list) else str(said)


def documentation(cloud: Cloud, name: str, kind: str = "module") -> Documentation:
    """Of the collection that plays of this cloud find, which is not always the checkout. Asked once for each plugin."""
    return _ask(name, kind, tuple(sorted(cloud.environment.items())))


@functools.cache
def _ask(name: str, kind: str, environment: tuple[tuple[str, str], ...]) -> Documentation:
    argv = ["ansible-doc", "-t", kind, "-j", name]
    done = subprocess.run(argv, env=dict(environment), capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
    said = json.loads(done.stdout)[name]
    return Documentation(name, said["return"] or {}, said["doc"].get("attributes") or {})
