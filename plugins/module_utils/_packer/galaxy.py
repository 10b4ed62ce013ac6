# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import os
import pathlib
import re
import shutil
import stat
import sys

from .errors import PackerError
from .process import AncestorWatch, SignalTrap, Supervised
from .requirements import Entry, Requirements, shown

# Downloads, and Git repositories that are cloned.
_TIMEOUT = 900.0
_CONFIG_TIMEOUT = 60.0
_INSTALLED = re.compile(r"^(?:- )?(?P<what>\S+(?: \([^)]*\))?) was installed successfully")
_SAID = re.compile(r"^(?:\[?(?:ERROR|WARNING)\]?[!:]*|fatal:|- )\s*")
# What ansible-galaxy adds to a failure, which says nothing about it.
_DULL = re.compile(r"ignore-errors|was NOT installed successfully\.?$|^Starting galaxy|^Process install|^Cloning into")
_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class GalaxyDirectories:
    """Where the requirements of a run go."""

    roles: pathlib.Path
    collections: pathlib.Path

    @classmethod
    def below(cls, directory: pathlib.Path) -> GalaxyDirectories:
        return cls(directory / "galaxy" / "roles", directory / "galaxy" / "collections")

    def of(self, kind: str) -> pathlib.Path:
        return self.roles if kind == "role" else self.collections


@dataclasses.dataclass(frozen=True)
class Installer:
    """Runs ansible-galaxy for one requirements file: with which environment, how long at most, and who is told of progress."""

    requirements: Requirements
    directories: GalaxyDirectories
    environment: dict[str, str]
    scratch: pathlib.Path
    timeout: float | None
    trap: SignalTrap
    watch: AncestorWatch
    say: c.Callable[[str], None]
    scrub: c.Callable[[str], str]

    def install(self) -> dict[str, str]:
        """Install roles and collections, as far as the file has some.

        Returns the variables by which Ansible finds them before all others.
        """
        found = self._search_paths()
        for kind in ("role", "collection"):
            directory = self.directories.of(kind)
            directory.mkdir(parents=True, exist_ok=True)
            entries = self.requirements.of(kind)
            if entries:
                names = ", ".join(entry.called for entry in entries)
                self.say(self._clean(f"Bring the {kind}s of {self.requirements.path.name}: {names}"))
                self._install(kind, entries, found)
        return found

    def _install(self, kind: str, entries: list[Entry], found: dict[str, str]) -> None:
        argv = [_program("ansible-galaxy"), kind, "install", "--force", "-r", str(self.requirements.path)]
        code, lines = self._run([*argv, "-p", str(self.directories.of(kind))], found, self.timeout or _TIMEOUT)
        if code != 0:
            message = self._clean(_failure(self.requirements, kind, entries, lines))
            raise PackerError(message, raw="\n".join(lines))

    def _clean(self, text: str) -> str:
        return shown(self.scrub(text))

    def _run(self, argv: list[str], more: dict[str, str], timeout: float) -> tuple[int, list[str]]:
        lines: list[str] = []

        def hear(line: str) -> None:
            lines.append(self._clean(line))
            done = _INSTALLED.match(line)
            if done:
                self.say(f"Brought {self._clean(done['what'])}")

        # Sources that are named relative to the file are found from its directory.
        supervised = Supervised(
            argv,
            environment={**_quiet(self.environment), **more},
            directory=str(self.requirements.path.parent),
            scratch=self.scratch,
        )
        code, stop = supervised.run(hear, timeout=min(timeout, _TIMEOUT), trap=self.trap, watch=self.watch)
        if stop:
            raise PackerError(
                f"'ansible-galaxy {argv[1]} {argv[2]}' for {self.requirements.path} was ended: {stop.text}."
                " Nothing was launched.",
                raw="\n".join(lines),
            )
        return code, lines

    def _search_paths(self) -> dict[str, str]:
        """Ours in front of what Ansible's configuration says: a variable replaces that as a whole."""
        argv = [_program("ansible-config"), "dump", "--format", "json"]
        _code, lines = self._run(argv, {}, _CONFIG_TIMEOUT)
        known = _settings("\n".join(lines))
        return {
            "ANSIBLE_ROLES_PATH": _path(self.directories.roles, known.get("DEFAULT_ROLES_PATH")),
            "ANSIBLE_COLLECTIONS_PATH": _path(self.directories.collections, known.get("COLLECTIONS_PATHS")),
        }


def _settings(text: str) -> dict[str, object]:
    """Values by name from what C(ansible-config dump) prints; warnings may come before it."""
    start = text.find("[\n")
    try:
        listed = json.loads(text[start:]) if start >= 0 else None
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise PackerError(
            f"'ansible-config dump' does not say where roles and collections are looked for: {text[:500]}"
        )
    return {one["name"]: one.get("value") for one in listed if isinstance(one, dict) and "name" in one}


def _path(first: pathlib.Path, others: object) -> str:
    listed = [str(one) for one in others] if isinstance(others, list) else []
    return os.pathsep.join([str(first), *listed])


def _program(name: str) -> str:
    """The one that belongs to the Ansible that runs this, or else the first one there is."""
    own = os.path.join(os.path.dirname(sys.executable), name)
    found = own if os.access(own, os.X_OK) else shutil.which(name)
    if not found:
        raise PackerError(
            f"There is no program {name} beside {sys.executable} or in PATH; it comes with ansible-core. Install that,"
            " or take the requirements out of the definition."
        )
    return found


def _quiet(environment: dict[str, str]) -> dict[str, str]:
    """No colours, no bars, no questions; and the configuration that Ansible itself would find where the play was started."""
    quiet = {
        **{name: value for name, value in environment.items() if name != "ANSIBLE_FORCE_COLOR"},
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_GALAXY_DISPLAY_PROGRESS": "false",
        "GIT_TERMINAL_PROMPT": "0",
    }
    here = os.path.join(os.getcwd(), "ansible.cfg")
    # Like Ansible: whoever can write into the directory must not decide.
    if "ANSIBLE_CONFIG" not in quiet and os.path.exists(here) and not os.stat(os.getcwd()).st_mode & stat.S_IWOTH:
        quiet["ANSIBLE_CONFIG"] = here
    return quiet


def _failure(requirements: Requirements, kind: str, entries: list[Entry], lines: list[str]) -> str:
    """A sentence that names the file, the entry where it is known, and what to do."""
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if _SAID.match(line) and not _DULL.search(line) and not _INSTALLED.match(line)]
    culprit = _culprit(entries, said)
    what = culprit.text if culprit else f"{len(entries)} {kind}s"
    reasons = [_SAID.sub("", line) for line in (telling or said)[-_SHOWN:]]
    return (
        f"{requirements.path}: {what} could not be installed: {'; '.join(reasons) or 'ansible-galaxy does not say why'}."
        " Correct the entry, or make its source reachable from here. Nothing was launched."
    )


def _culprit(entries: list[Entry], said: list[str]) -> Entry | None:
    """The one entry that the failure is about: the only one, or the first that is named in it and was not installed."""
    if len(entries) == 1:
        return entries[0]
    done = " ".join(match["what"] for line in said if (match := _INSTALLED.match(line)))
    open_ = [entry for entry in entries if entry.called not in done]
    if len(open_) == 1:
        return open_[0]
    failed = [line for line in said if "NOT installed" in line or _SAID.match(line)]
    return next(
        (entry for line in failed for entry in open_ if entry.called in line or shown(entry.source) in line),
        None,
    )
