# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildspec: what its YAML says, as values; pure.

What AWS would refuse as ``YAML_FILE_ERROR`` raises ``BuildspecError`` with the text for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped,unused-ignore]

PHASES = ("install", "pre_build", "build", "post_build")
VERSIONS = ("0.1", "0.2")
SHELLS = {"sh": "sh", "bash": "bash", "/bin/sh": "sh", "/bin/bash": "bash"}
RETRIES = 3
"""How often ``on-failure: RETRY`` without a number begins a phase again."""

_RETRY = re.compile(r"RETRY(?:-(?P<count>\d+))?(?:-(?P<pattern>.+))?", re.DOTALL)


class BuildspecError(Exception):
    """The text is no buildspec; the message says where and why."""


@dataclass(frozen=True)
class OnFailure:
    """What follows when a command of a phase has failed; with nothing said, CodeBuild's own order of phases."""

    abort: bool = False
    """No further phase with commands, not even ``post_build`` after ``build``."""
    proceed: bool = False
    """Go on with the next phase."""
    retries: int = 0
    pattern: str = ".*"
    """Only an error message that it is found in leads to another try."""

    def retries_after(self, message: str, tries: int) -> bool:
        """Whether the phase begins again that has failed for the time number ``tries``, with this message."""
        return tries <= self.retries and re.search(self.pattern, message, re.DOTALL) is not None


@dataclass(frozen=True)
class Phase:
    commands: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    """What ``finally`` lists."""
    on_failure: OnFailure = OnFailure()
    run_as: str | None = None
    runtimes: tuple[str, ...] = ()
    """Names of the ``runtime-versions``."""


@dataclass(frozen=True)
class Artifacts:
    """Which files leave the build; also what a report takes its files from."""

    files: tuple[str, ...]
    name: str | None = None
    base_directory: str | None = None
    discard_paths: bool = False
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    group: str
    """A report group's name or ARN."""
    artifacts: Artifacts
    file_format: str


@dataclass(frozen=True)
class Secret:
    """A reference of ``env.secrets-manager``: ``secret-id:json-key:version-stage:version-id``."""

    secret_id: str
    json_key: str | None = None
    version_stage: str | None = None
    version_id: str | None = None


@dataclass(frozen=True)
class Buildspec:
    version: str
    shell: str = "sh"
    run_as: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    git_credential_helper: bool = False
    phases: dict[str, Phase] = field(default_factory=dict)
    artifacts: Artifacts | None = None
    secondary_artifacts: dict[str, Artifacts] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    cache_paths: tuple[str, ...] = ()

    def phase(self, name: str) -> Phase:
        return self.phases.get(name, Phase())


class _Loader(yaml.SafeLoader):
    """YAML whose plain words stay words: ``version: 0.2`` and ``yes`` are text in a buildspec."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Buildspec:
    """The buildspec that the text is; ``BuildspecError`` when it is none."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a loader of plain values only
    except yaml.YAMLError as error:
        raise BuildspecError(f"YAML is not valid: {' '.join(str(error).split())}") from None
    document = _mapping(document, "the buildspec")
    version = _word(document.get("version"), "version")
    if version not in VERSIONS:
        raise BuildspecError(f"invalid version {version!r}: expected {' or '.join(VERSIONS)}")
    env = _mapping(document.get("env"), "env")
    artifacts, secondary = _all_artifacts(_mapping(document.get("artifacts"), "artifacts"))
    return Buildspec(
        version=version,
        shell=_shell(env),
        run_as=_optional(document.get("run-as"), "run-as"),
        variables=_words(env.get("variables"), "env.variables"),
        parameters=_words(env.get("parameter-store"), "env.parameter-store"),
        secrets={
            name: secret(reference)
            for name, reference in _words(env.get("secrets-manager"), "env.secrets-manager").items()
        },
        exported=_list(env.get("exported-variables"), "env.exported-variables"),
        git_credential_helper=_yes(env.get("git-credential-helper"), "env.git-credential-helper"),
        phases=_phases(document.get("phases")),
        artifacts=artifacts,
        secondary_artifacts=secondary,
        reports=_reports(document.get("reports")),
        cache_paths=_list(_mapping(document.get("cache"), "cache").get("paths"), "cache.paths"),
    )


def secret(reference: str) -> Secret:
    """A reference to a secret by name or ARN, whose own colons belong to it."""
    taken = 7 if reference.startswith("arn:") else 1
    parts = reference.split(":")
    rest = [part or None for part in parts[taken:]]
    if len(rest) > 3:
        raise BuildspecError(f"{reference!r} is no secret-id:json-key:version-stage:version-id")
    return Secret(":".join(parts[:taken]), *rest)


def on_failure(text: str) -> OnFailure:
    """``ABORT``, ``CONTINUE``, ``RETRY``, ``RETRY-count``, ``RETRY-regex`` or ``RETRY-count-regex``."""
    if text in ("ABORT", "CONTINUE"):
        return OnFailure(abort=text == "ABORT", proceed=text == "CONTINUE")
    match = _RETRY.fullmatch(text)
    if match is None:
        raise BuildspecError(f"on-failure takes ABORT, CONTINUE or RETRY, not {text!r}")
    pattern = match["pattern"] or ".*"
    try:
        re.compile(pattern)
    except re.error as error:
        raise BuildspecError(f"on-failure: {pattern!r} is no regular expression: {error}") from None
    return OnFailure(retries=int(match["count"] or RETRIES), pattern=pattern)


def _shell(env: dict[str, Any]) -> str:
    named = _word(env.get("shell", "sh"), "env.shell")
    if named not in SHELLS:
        raise BuildspecError(f"env.shell takes sh or bash on Linux, not {named!r}")
    return SHELLS[named]


def _phases(value: Any) -> dict[str, Phase]:
    found = _mapping(value, "phases")
    unknown = [name for name in found if name not in PHASES]
    if unknown:
        raise BuildspecError(f"unknown phase {unknown[0]!r}: expected {', '.join(PHASES)}")
    return {name: _phase(_mapping(phase, f"phases.{name}"), f"phases.{name}") for name, phase in found.items()}


def _phase(value: dict[str, Any], where: str) -> Phase:
    return Phase(
        commands=_commands(value.get("commands"), f"{where}.commands"),
        last=_commands(value.get("finally"), f"{where}.finally"),
        on_failure=on_failure(_word(value["on-failure"], f"{where}.on-failure"))
        if "on-failure" in value
        else OnFailure(),
        run_as=_optional(value.get("run-as"), f"{where}.run-as"),
        runtimes=tuple(_mapping(value.get("runtime-versions"), f"{where}.runtime-versions")),
    )


def _commands(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if value is not None and not isinstance(value, list):
        raise BuildspecError(f"{where}: a list of commands is expected")
    for number, command in enumerate(value or []):
        if not isinstance(command, str):
            what = "found subkeys instead" if isinstance(command, dict) else f"found {type(command).__name__} instead"
            raise BuildspecError(f"Expected {where}[{number}] to be of string type: {what} (quote a command with ': ')")
    return tuple(value or [])


def _all_artifacts(value: dict[str, Any]) -> tuple[Artifacts | None, dict[str, Artifacts]]:
    secondary = _mapping(value.get("secondary-artifacts"), "artifacts.secondary-artifacts")
    more = {
        name: _artifacts(_mapping(one, f"artifacts.secondary-artifacts.{name}"), f"secondary-artifacts.{name}")
        for name, one in secondary.items()
    }
    return (_artifacts(value, "artifacts") if value.get("files") or not more and value else None), more


def _artifacts(value: dict[str, Any], where: str) -> Artifacts:
    files = _list(value.get("files"), f"{where}.files")
    if not files:
        raise BuildspecError(f"{where}.files: at least one file is expected")
    return Artifacts(
        files=files,
        name=_optional(value.get("name"), f"{where}.name"),
        base_directory=_optional(value.get("base-directory"), f"{where}.base-directory"),
        discard_paths=_yes(value.get("discard-paths"), f"{where}.discard-paths"),
        excluded=_list(value.get("exclude-paths"), f"{where}.exclude-paths"),
    )


def _reports(value: Any) -> tuple[Report, ...]:
    found = []
    for group, about in _mapping(value, "reports").items():
        about = _mapping(about, f"reports.{group}")
        file_format = _word(about.get("file-format", "JUNITXML"), f"reports.{group}.file-format").upper()
        found.append(Report(group, _artifacts(about, f"reports.{group}"), file_format))
    return tuple(found)


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None and where != "the buildspec":
        return {}
    if not isinstance(value, dict):
        raise BuildspecError(f"{where}: a mapping is expected")
    return {str(key): item for key, item in value.items()}


def _words(value: Any, where: str) -> dict[str, str]:
    return {name: _word(text, f"{where}.{name}", empty=True) for name, text in _mapping(value, where).items()}


def _word(value: Any, where: str, *, empty: bool = False) -> str:
    if value is None and empty:
        return ""
    if value is None:
        raise BuildspecError(f"{where} is missing")
    if not isinstance(value, str):
        raise BuildspecError(f"{where}: a string is expected")
    return value


def _optional(value: Any, where: str) -> str | None:
    return None if value is None else _word(value, where)


def _list(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if value is not None and (not isinstance(value, list) or not all(isinstance(one, str) for one in value)):
        raise BuildspecError(f"{where}: a list of strings is expected")
    return tuple(value or [])


def _yes(value: Any, where: str) -> bool:
    if value is None:
        return False
    text = _word(value, where).lower()
    if text not in ("yes", "no", "true", "false"):
        raise BuildspecError(f"{where} takes yes or no, not {text!r}")
    return text in ("yes", "true")
