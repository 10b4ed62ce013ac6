# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which method to use on this machine, and why."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
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
    """``tool`` is what the method found on this machine: a Found, a stamp, a Verifier or a Go."""

    method: t.Literal["system", "installed", "release", "source"]
    reason: str
    tool: t.Any


def choose(request: Request, lock: Lock, host: Host) -> Choice:
    """Try the methods that the request allows, in order. The error says why none can be used, and what would help."""
    order = ("installed", "system", "release", "source") if request.method == "auto" else ("installed", request.method)
    refused: dict[str, str] = {}
    for method in order:
        try:
            return _TRY[method](request, lock, host, refused)
        except NotAvailable as error:
            refused[method] = str(error)
    del refused["installed"]
    reasons = "\n".join(f"  {method}: {reason}." for method, reason in refused.items())
    raise ToolchainError(f"Packer {lock.packer.version} cannot be brought here:\n{reasons}")


def _installed(request: Request, lock: Lock, host: Host, _refused: dict[str, str]) -> Choice:
    stamp = read_stamp(request.cache / lock.digest)
    if stamp is None or stamp.get("host") != str(host):
        raise NotAvailable("not installed")
    if request.method not in ("auto", stamp.get("method")):
        raise NotAvailable(f"installed by {stamp.get('method')}")
    return Choice("installed", f"in place, by {stamp['method']}", stamp)


def _system(_request: Request, lock: Lock, _host: Host, _refused: dict[str, str]) -> Choice:
    found = system.find(lock, _request.env)
    return Choice("system", f"{found.executable} satisfies the lock", found)


def _release(request: Request, lock: Lock, host: Host, refused: dict[str, str]) -> Choice:
    if request.method == "auto":
        release.answers(lock, host, request.release_url, request.release_timeout)
    key = request.files / lock.release.key_file
    tool = signature.verifier(key, lock.release.key_fingerprint, request.env.get("PATH"))
    return Choice("release", _because("HashiCorp's release, verified", refused), tool)


def _source(request: Request, lock: Lock, _host: Host, refused: dict[str, str]) -> Choice:
    go = gotool.find(lock, request.env, request.go)
    return Choice("source", _because(f"compiled with Go {go.version} ({go.executable})", refused), go)


def _because(what: str, refused: dict[str, str]) -> str:
    others = [f"{method}: {reason}" for method, reason in refused.items() if method != "installed"]
    return f"{what} (not {'; not '.join(others)})" if others else what


_TRY: dict[str, t.Callable[[Request, Lock, Host, dict[str, str]], Choice]] = {
    "installed": _installed,
    "system": _system,
    "release": _release,
    "source": _source,
}
