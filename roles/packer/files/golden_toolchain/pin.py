# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For maintainers, ``python -m golden_toolchain.pin``: make ``source/…`` and its sums in the lock file anew.

Change a version in ``packer.lock.json`` or ``goss.lock.json`` first; of goss the digests of its release as well.
What is written covers every platform that the lock covers.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import typing as t
from pathlib import Path

from golden_toolchain import child, goss_lock, gotool, host
from golden_toolchain.errors import ToolchainError
from golden_toolchain.lock import Component, load

FILES = Path(__file__).resolve().parent.parent
_PLATFORMS = ("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")


def main() -> int:
    try:
        packer, goss = FILES / "packer.lock.json", FILES / goss_lock.NAME
        lock, goss_pins = load(packer), goss_lock.load(goss)
        go = gotool.find(lock, host.detect(), os.environ)
        _pin_all(packer, lock.components, go)
        _pin_all(goss, (goss_pins.goss,), go)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _pin_all(path: Path, components: t.Sequence[Component], go: gotool.Go) -> None:
    """Make the modules of a lock file, and write the digests into it."""
    text = path.read_text(encoding="utf-8")
    for component in components:
        print(f"{component.label} …", flush=True)
        digest = _pin(component, str(go.executable))
        text = text.replace(component.source.go_sum_sha256, digest)
    path.write_text(text, encoding="utf-8")


def _pin(component: Component, go: str) -> str:
    """Make one module's go.mod and go.sum, and return the digest of the latter."""
    source = component.source
    env = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=mod"}
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        _run([go, "mod", "init", f"golden.ami/toolchain/{source.directory}"], here, env)
        _run([go, "mod", "edit", f"-go={source.go}", *_replaces(source.replace)], here, env)
        _run([go, "get", "-tool", f"{source.module}@v{component.version}"], here, env)
        for platform in _PLATFORMS:
            system, _slash, arch = platform.partition("/")
            _run([go, "list", "-deps", source.module], here, {**env, "GOOS": system, "GOARCH": arch})
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(here / name, FILES / "source" / source.directory / name)
        return hashlib.sha256((here / "go.sum").read_bytes()).hexdigest()


def _replaces(replace: t.Mapping[str, str]) -> list[str]:
    return [f"-replace={old}={new.replace(' ', '@')}" for old, new in replace.items()]


def _run(argv: list[str], cwd: Path, env: dict[str, str]) -> None:
    process = child.run(argv, cwd=cwd, env=env)
    if process.code != 0:
        raise ToolchainError(f"`{' '.join(argv)}` ended with {process.code}:\n{process.tail}")


if __name__ == "__main__":
    sys.exit(main())
