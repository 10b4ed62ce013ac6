# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which method to use on this machine, and why."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from golden_toolchain import gotool, release, signature, system
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.host import Host
from golden_toolchain.install import read_stamp
from golden_toolchain.lock import Lock


@dataclass(frozen=True)
class Request:
    """What the user asked for. ``files`` is the role's files directory: key and sources."""

    method: str
    cache: Path
    files: Path
    release_url: str
    release_timeout: float
    go: str
    nice: int
    env: t.Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """``tool`` is what the method found on this machine: a Found, a stamp, a Verifier or a Go.

    ``passed_over`` are the methods that come before it in order, with the reason why they cannot be used.
    """

    method: str
    reason: str
    tool: t.Any
    passed_over: dict[str, str]


_Answer = tuple[t.Any, str]


def choose(request: Request, lock: Lock, host: Host) -> Choice:
    """The method by which Packer comes here."""
    return first(request.method, lock.label, {name: partial(way, request, lock, host) for name, way in _TRY.items()})


def first(wanted: str, label: str, ways: t.Mapping[str, t.Callable[[], _Answer]]) -> Choice:
    """Try the methods that the request allows, in order. The error says why none can be used, and what would help."""
    order = ("installed", *(("system", "release", "source") if wanted == "auto" else (wanted,)))
    refused: dict[str, str] = {}
    for method in order:
        try:
            tool, reason = ways[method]()
        except NotAvailable as error:
            refused[method] = str(error)
        else:
            return Choice(method, reason, tool, {name: why for name, why in refused.items() if name != "installed"})
    del refused["installed"]
    reasons = "\n".join(f"  {method}: {reason}." for method, reason in refused.items())
    raise ToolchainError(f"{label} cannot be brought here:\n{reasons}")


def installed(directory: Path, wanted: str, host: Host) -> _Answer:
    """What was installed there for this machine, by the method that is wanted."""
    stamp = read_stamp(directory)
    if stamp is None or stamp.get("host") != str(host):
        raise NotAvailable("not installed")
    if wanted not in ("auto", stamp.get("method")):
        raise NotAvailable(f"installed by {stamp.get('method')}")
    return stamp, "in place"


def _installed(request: Request, lock: Lock, host: Host) -> _Answer:
    return installed(request.cache / lock.digest, request.method, host)


def _system(request: Request, lock: Lock, _host: Host) -> _Answer:
    found = system.find(lock, request.env)
    return found, f"the system's {found.executable} satisfies the lock"


def _release(request: Request, lock: Lock, host: Host) -> _Answer:
    if request.method == "auto":
        release.answers(lock, host, request.release_url, request.release_timeout)
    key = request.files / lock.release.key_file
    tool = signature.verifier(key, lock.release.key_fingerprint, request.env.get("PATH"))
    return tool, f"from HashiCorp's release, signature and checksums verified with {tool.tool.name}"


def _source(request: Request, lock: Lock, host: Host) -> _Answer:
    go = gotool.find(lock, host, request.env, request.go)
    return go, f"from source, with Go {go.version} ({go.executable})"


_TRY: dict[str, t.Callable[[Request, Lock, Host], _Answer]] = {
    "installed": _installed,
    "system": _system,
    "release": _release,
    "source": _source,
}
