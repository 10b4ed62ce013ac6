# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m golden_toolchain plan|install``: say, or do, what brings the pinned Packer here.

The result is one JSON object on standard output. Progress goes to the file that GOLDEN_PROGRESS_FILE names. An error is
a sentence on standard error and exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing as t
from pathlib import Path

from golden_toolchain import child, host, install, release, source
from golden_toolchain.choose import Choice, Request, choose
from golden_toolchain.errors import ToolchainError
from golden_toolchain.lock import Lock, load
from golden_toolchain.progress import Progress

FILES = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    request = Request(
        method=options.method,
        cache=options.cache.expanduser().absolute(),
        files=FILES,
        release_url=options.release_url,
        release_timeout=options.release_timeout,
        go=options.go,
        nice=options.nice,
        env=dict(os.environ),
    )
    child.stop_on_signals()
    try:
        lock = load(options.lock)
        result = plan(request, lock) if options.verb == "plan" else bring(request, lock)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Packer could not be installed below {request.cache}: {error}", file=sys.stderr)
        return 1
    except child.Stopped as stopped:
        print(f"The install of Packer was {stopped}. Nothing was installed; run again to go on.", file=sys.stderr)
        return 1
    finally:
        child.stop_all()
    print(json.dumps(result))
    return 0


def plan(request: Request, lock: Lock) -> dict[str, t.Any]:
    """What ``install`` would do; nothing is written."""
    choice = choose(request, lock, host.detect())
    changed = _makes(choice)
    would = "would be installed " if changed else ""
    return {**_result(choice, request, lock), "changed": changed, "message": f"{_name(lock)} {would}{choice.reason}"}


def bring(request: Request, lock: Lock) -> dict[str, t.Any]:
    """Do what is missing. The choice is made with the lock held: another run may have installed while we waited."""
    where = host.detect()
    progress = Progress(_progress_file(request.env))
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
        _clear(_go_caches(request), progress)
    message = f"{_name(lock)} installed {choice.reason}"
    return {**result, "changed": True, "message": message, "durations": progress.durations}


def _makes(choice: Choice) -> bool:
    return choice.method in ("release", "source")


def _name(lock: Lock) -> str:
    return f"Packer {lock.packer.version}:"


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
    env = {**request.env, **source.own_caches(choice.tool, request.env, _go_caches(request))}
    shop = source.workshop(choice.tool, request.files / "source", scratch, env, request.nice)
    return source.build(lock, shop, progress)


def _clear(directory: Path, progress: Progress) -> None:
    """Remove some gigabytes of small files, which can take a minute; what cannot be removed is no failure."""
    if not directory.exists():
        return
    with progress.step("Removing Go's caches") as step:
        child.run(
            ["rm", "-rf", str(directory)], cwd=directory.parent, env=os.environ, tick=lambda _running: step.tick()
        )


def _go_caches(request: Request) -> Path:
    return request.cache / ".go"


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


def _progress_file(env: t.Mapping[str, str]) -> Path | None:
    name = env.get("GOLDEN_PROGRESS_FILE", "")
    return Path(name) if name else None


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="golden_toolchain", description=__doc__)
    parser.add_argument("verb", choices=["plan", "install"])
    parser.add_argument("--cache", type=Path, required=True, help="directory that holds the installs")
    parser.add_argument("--lock", type=Path, default=FILES / "packer.lock.json")
    parser.add_argument("--method", choices=["auto", "release", "source", "system"], default="auto")
    parser.add_argument("--release-url", default="", help="a mirror of HashiCorp's release site")
    parser.add_argument("--release-timeout", type=float, default=3.0, help="seconds that auto waits for it")
    parser.add_argument("--go", default="", help="the Go to compile with")
    parser.add_argument("--nice", type=int, default=10)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
