# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Method ``system``: a Packer on PATH that satisfies the lock, with plugins where Packer looks for them."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain import packer
from golden_toolchain.errors import NotAvailable
from golden_toolchain.lock import Component, Lock
from golden_toolchain.versions import parse, satisfies


@dataclass(frozen=True)
class Found:
    """A Packer of the system that satisfies the lock."""

    executable: Path
    plugin_path: Path
    versions: dict[str, str]


def find(lock: Lock, env: t.Mapping[str, str]) -> Found:
    """The first ``packer`` on PATH that satisfies the lock. NotAvailable says what is wrong with each."""
    candidates = on_path("packer", env.get("PATH", ""))
    if not candidates:
        raise NotAvailable("no packer is on PATH")
    reasons = []
    for executable in candidates:
        try:
            return _examine(executable, lock, packer.environment(env))
        except NotAvailable as error:
            reasons.append(f"{executable} {error}")
    raise NotAvailable("; ".join(reasons))


def on_path(name: str, path: str) -> list[Path]:
    """Every executable of this name on PATH, in order, each file once."""
    found: dict[Path, Path] = {}
    for directory in filter(None, path.split(os.pathsep)):
        candidate = Path(directory, name)
        if candidate.is_file() and os.access(candidate, os.X_OK):
            found.setdefault(candidate.resolve(), candidate)
    return list(found.values())


def _examine(executable: Path, lock: Lock, env: t.Mapping[str, str]) -> Found:
    version = packer.version(executable, env)
    if version is None:
        raise NotAvailable("is not HashiCorp's Packer (it does not answer `packer version`)")
    if not satisfies(version, lock.packer.system):
        raise NotAvailable(f"is version {version}, the lock wants {lock.packer.system}")
    paths = packer.plugins(executable, env)
    if paths is None:
        raise NotAvailable("does not list its plugins (`packer plugins installed` fails)")
    chosen = {plugin.key: _choose(plugin, paths) for plugin in lock.plugins}
    versions = {key: version_ for key, (_path, version_) in chosen.items()}
    roots = {path.parents[3] for path, _version in chosen.values()}
    if len(roots) != 1:
        raise NotAvailable(f"finds its plugins in more than one place ({', '.join(sorted(map(str, roots)))})")
    return Found(executable, roots.pop(), {lock.packer.key: version, **versions})


def _choose(plugin: Component, paths: list[Path]) -> tuple[Path, str]:
    """The newest installed version of a plugin that satisfies the lock."""
    named = [(path, packer.plugin_address(path)) for path in paths]
    versions = [(path, address[1]) for path, address in named if address and address[0] == plugin.plugin]
    fitting = [(path, version) for path, version in versions if satisfies(version, plugin.system)]
    if not fitting:
        others = ", ".join(version for _path, version in versions)
        raise NotAvailable(f"has no plugin {plugin.plugin} {plugin.system}" + (f", only {others}" if others else ""))
    return max(fitting, key=lambda entry: parse(entry[1]) or (0, 0, 0, 0))
