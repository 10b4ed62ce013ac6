# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m golden_toolchain plan|install``: say, or do, what brings the pinned Packer here.

The result is one JSON object on standard output. Progress goes to the file that GOLDEN_PROGRESS_FILE names. An error is
a sentence on standard error and exit status 1.
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

from golden_toolchain import host, install, release, source
from golden_toolchain.choose import Choice, Request, choose
from golden_toolchain.lock import Lock, load
from golden_toolchain.options import answer, parser, progress_file, request
from golden_toolchain.progress import Progress


def main(arguments: list[str] | None = None) -> int:
    site = "HashiCorp's release site"
    options = parser("golden_toolchain", __doc__, "packer.lock.json", site).parse_args(arguments)
    work = plan if options.verb == "plan" else bring
    asked = request(options)
    return answer("Packer", asked.cache, lambda: work(asked, load(options.lock)))


def plan(request: Request, lock: Lock) -> dict[str, t.Any]:
    """What ``install`` would do; nothing is written."""
    choice = choose(request, lock, host.detect())
    changed = _makes(choice)
    would = "would be installed " if changed else ""
    return {**_result(choice, request, lock), "changed": changed, "message": f"{_name(lock)} {would}{choice.reason}"}


def bring(request: Request, lock: Lock) -> dict[str, t.Any]:
    """Do what is missing. The choice is made with the lock held: another run may have installed while we waited."""
    where = host.detect()
    progress = Progress(progress_file(request.env))
    with install.exclusive(request.cache, progress):
        choice = choose(request, lock, where)
        result = _result(choice, request, lock)
        if not _makes(choice):
            return {**result, "changed": False, "message": f"{_name(lock)} {choice.reason}"}
        _announce(choice, lock, progress)
        with install.scratch(request.cache) as scratch:
            binaries = _make(choice, request, lock, where, scratch, progress)
            with progress.step("Installing the plugins"):
                toolchain = scratch / "toolchain"
                install.assemble(lock, binaries, toolchain, method=choice.method, host=str(where), env=request.env)
                install.publish(toolchain, request.cache / lock.digest)
        source.clear(source.go_caches(request.cache), progress)
    message = f"{_name(lock)} installed {choice.reason}"
    return {**result, "changed": True, "message": message, "durations": progress.durations}


def _makes(choice: Choice) -> bool:
    return choice.method in ("release", "source")


def _name(lock: Lock) -> str:
    return f"{lock.label}:"


def _announce(choice: Choice, lock: Lock, progress: Progress) -> None:
    """Say what is about to happen, and why nothing quicker."""
    progress.say(f"{_name(lock)} {choice.reason}")
    for method, reason in choice.passed_over.items():
        progress.say(f"  (not {method}: {reason})")
    if choice.method == "source":
        progress.say("  This takes some minutes, once; two cores need about six.")


def _make(
    choice: Choice, request: Request, lock: Lock, where: host.Host, scratch: Path, progress: Progress
) -> dict[str, Path]:
    if choice.method == "release":
        return release.fetch(lock, where, request.release_url, choice.tool, scratch, progress)
    env = {**request.env, **source.own_caches(choice.tool, request.env, source.go_caches(request.cache))}
    shop = source.workshop(choice.tool, request.files / "source", scratch, env, request.nice)
    return source.build(lock.components, shop, progress)


def _result(choice: Choice, request: Request, lock: Lock) -> dict[str, t.Any]:
    """Where Packer and the plugins are, or will be."""
    told = {"reason": choice.reason, "passed_over": choice.passed_over}
    if choice.method == "system":
        found = choice.tool
        paths = {"executable": str(found.executable), "plugin_path": str(found.plugin_path)}
        return {"method": "system", "versions": found.versions, **paths, **told}
    directory = request.cache / lock.digest
    return {
        "method": choice.tool["method"] if choice.method == "installed" else choice.method,
        **told,
        "versions": lock.versions,
        "executable": str(directory / "bin" / "packer"),
        "plugin_path": str(directory / "plugins"),
    }


if __name__ == "__main__":
    sys.exit(main())
