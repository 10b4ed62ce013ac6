# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m golden_toolchain.goss plan|install``: say, or do, what brings the pinned goss here.

Goss is one program, which runs on the machine that it tests: it is brought for that machine's architecture, which need
not be the one of this machine. Result, progress and errors are as those of ``python -m golden_toolchain``.
"""

from __future__ import annotations

import re
import shutil
import sys
import typing as t
from functools import partial
from pathlib import Path

from golden_toolchain import child, gotool, host, install, release, source, system
from golden_toolchain.choose import Choice, Request, first, installed
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.goss_lock import NAME, GossLock, load
from golden_toolchain.host import Host
from golden_toolchain.options import answer, parser, progress_file, request
from golden_toolchain.progress import Progress
from golden_toolchain.versions import satisfies

_VERSION = re.compile(r"^goss version v?(\S+)", re.MULTILINE)
_LIMIT = 100 << 20  # bytes; a goss has some 15 MB


def main(arguments: list[str] | None = None) -> int:
    options = parser("golden_toolchain.goss", __doc__, NAME, "goss's releases")
    options.add_argument("--architecture", default="", help="of the machine that is tested; by default of this one")
    given = options.parse_args(arguments)
    asked = request(given)

    def work() -> dict[str, t.Any]:
        do = plan if given.verb == "plan" else bring
        return do(asked, load(given.lock), target(given.architecture))

    return answer("goss", asked.cache, work)


def target(architecture: str) -> Host:
    """The machine that is tested: Linux, of the architecture that is named as ``uname -m`` does."""
    return host.detect("Linux", architecture or None)


def plan(request: Request, lock: GossLock, where: Host) -> dict[str, t.Any]:
    """What ``install`` would do; nothing is written."""
    choice = choose(request, lock, where)
    changed = _makes(choice)
    message = f"{lock.label}: {'would be installed ' if changed else ''}{choice.reason}"
    return {**_result(choice, request, lock, where), "changed": changed, "message": message}


def bring(request: Request, lock: GossLock, where: Host) -> dict[str, t.Any]:
    """Do what is missing. The choice is made with the lock held: another run may have installed while we waited."""
    progress = Progress(progress_file(request.env))
    with install.exclusive(request.cache, progress):
        choice = choose(request, lock, where)
        result = _result(choice, request, lock, where)
        if not _makes(choice):
            return {**result, "changed": False, "message": f"{lock.label}: {choice.reason}"}
        progress.say(f"{lock.label}: {choice.reason}")
        with install.scratch(request.cache) as scratch:
            binary = _make(choice, request, lock, where, scratch, progress)
            _assemble(binary, scratch / "goss", lock, where, choice.method)
            install.publish(scratch / "goss", lock.directory(request.cache, where))
        source.clear(source.go_caches(request.cache), progress)
    return {**result, "changed": True, "message": f"{lock.label}: installed {choice.reason}"}


def choose(request: Request, lock: GossLock, where: Host) -> Choice:
    """The method by which goss comes here."""
    return first(request.method, lock.label, {name: partial(way, request, lock, where) for name, way in _WAYS.items()})


def version(executable: Path, env: t.Mapping[str, str]) -> str | None:
    """The version that ``goss --version`` names, or None: it is another program, or it does not answer in time."""
    match = _VERSION.search(child.ask([str(executable), "--version"], env=env) or "")
    return match.group(1) if match else None


def _installed(request: Request, lock: GossLock, where: Host) -> tuple[t.Any, str]:
    return installed(lock.directory(request.cache, where), request.method, where)


def _system(request: Request, lock: GossLock, where: Host) -> tuple[t.Any, str]:
    here = host.detect()
    if here != where:
        raise NotAvailable(f"this machine is {here}, and goss is wanted for {where}")
    reasons = []
    for executable in system.on_path("goss", request.env.get("PATH", "")):
        found = version(executable, request.env)
        if found and satisfies(found, lock.goss.system):
            return (executable, found), f"the system's {executable} satisfies the lock"
        reasons.append(
            f"{executable} is {f'version {found}' if found else 'no goss'}, the lock wants {lock.goss.system}"
        )
    raise NotAvailable("; ".join(reasons) or "no goss is on PATH")


def _release(request: Request, lock: GossLock, where: Host) -> tuple[t.Any, str]:
    digest = lock.sha256(where)
    if request.method == "auto":
        release.ask(lock.url(where, request.release_url), request.release_timeout, "packer_goss_release_url")
    return digest, "from its release, with the SHA-256 that is pinned"


def _source(request: Request, lock: GossLock, _where: Host) -> tuple[t.Any, str]:
    go = gotool.find(lock, host.detect(), request.env, request.go)
    return go, f"from source, with Go {go.version} ({go.executable})"


_WAYS: dict[str, t.Callable[[Request, GossLock, Host], tuple[t.Any, str]]] = {
    "installed": _installed,
    "system": _system,
    "release": _release,
    "source": _source,
}


def _makes(choice: Choice) -> bool:
    return choice.method in ("release", "source")


def _make(choice: Choice, request: Request, lock: GossLock, where: Host, scratch: Path, progress: Progress) -> Path:
    if choice.method == "release":
        return _fetch(lock.url(where, request.release_url), choice.tool, lock, scratch, progress)
    own = source.own_caches(choice.tool, request.env, source.go_caches(request.cache))
    env = {**request.env, **own, "GOOS": where.os, "GOARCH": where.arch}
    shop = source.workshop(choice.tool, request.files / "source", scratch, env, request.nice)
    return source.build([lock.goss], shop, progress)[lock.goss.key]


def _fetch(url: str, digest: str, lock: GossLock, scratch: Path, progress: Progress) -> Path:
    binary = scratch / "binary"
    with progress.step(f"Downloading {lock.label}") as step:
        release.download(url, binary, _LIMIT, step)
        release.check_sum(binary, digest, url, NAME)
    return binary


def _assemble(binary: Path, directory: Path, lock: GossLock, where: Host, method: str) -> None:
    """Lay the install out, and prove that it is what was pinned, where this machine can run it."""
    executable = directory / "bin" / "goss"
    executable.parent.mkdir(parents=True)
    shutil.move(binary, executable)
    executable.chmod(0o755)
    if where == host.detect() and (found := version(executable, {})) != lock.goss.version:
        raise ToolchainError(f"The new goss is not what was pinned: {found or 'no answer'}, not {lock.goss.version}.")
    said = {"digest": lock.digest, "method": method, "host": str(where), "versions": {"goss": lock.goss.version}}
    install.write_stamp(directory, said)


def _result(choice: Choice, request: Request, lock: GossLock, where: Host) -> dict[str, t.Any]:
    """Where goss is, or will be."""
    told = {"reason": choice.reason, "passed_over": choice.passed_over}
    if choice.method == "system":
        executable, found = choice.tool
        return {"method": "system", "version": found, "executable": str(executable), **told}
    return {
        "method": choice.tool["method"] if choice.method == "installed" else choice.method,
        "version": lock.goss.version,
        "executable": str(lock.directory(request.cache, where) / "bin" / "goss"),
        **told,
    }


if __name__ == "__main__":
    sys.exit(main())
