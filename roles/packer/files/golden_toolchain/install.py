# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put binaries in place so that an install is either whole or not there.

Everything is made in a scratch directory beside the final one and renamed at the end. A lock keeps two installs apart;
whoever holds it may clear away what a killed one left.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

from golden_toolchain import child, packer
from golden_toolchain.errors import ToolchainError
from golden_toolchain.lock import Component, Lock
from golden_toolchain.progress import Progress

STAMP = "installed.json"
_SCRATCH_PREFIX = ".partial-"


def read_stamp(directory: Path) -> dict[str, t.Any] | None:
    """What an install says of itself, or None when it is missing, damaged or lacks a file."""
    try:
        stamp: dict[str, t.Any] = json.loads((directory / STAMP).read_text(encoding="utf-8"))
        whole = all((directory / name).stat().st_size == size for name, size in stamp["files"].items())
        return stamp if whole else None
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


@contextmanager
def exclusive(cache: Path, progress: Progress) -> t.Iterator[None]:
    """Hold the cache's install lock, waiting for another run that installs. The kernel frees it when we die."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w", encoding="utf-8") as file:
        if not _try_lock(file):
            with progress.step("Waiting for another install that is under way") as step:
                while not _try_lock(file):
                    child.check_parent()
                    step.tick()
                    time.sleep(child.POLL_SECONDS)
        yield


def _try_lock(file: t.IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def scratch(cache: Path) -> t.Iterator[Path]:
    """A scratch directory in the cache, gone at the end. Call with the lock held: older ones are dead, and cleared."""
    for dead in cache.glob(f"{_SCRATCH_PREFIX}*"):
        shutil.rmtree(dead, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=_SCRATCH_PREFIX, dir=cache))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def assemble(
    lock: Lock, binaries: dict[str, Path], directory: Path, *, method: str, host: str, env: t.Mapping[str, str]
) -> dict[str, t.Any]:
    """Lay the toolchain out in ``directory``, let Packer itself install the plugins, and prove that it finds them."""
    executable = directory / "bin" / "packer"
    plugin_path = directory / "plugins"
    executable.parent.mkdir(parents=True)
    plugin_path.mkdir()
    shutil.move(binaries[lock.packer.key], executable)
    own = {**packer.environment(env, plugin_path), "PACKER_CONFIG_DIR": str(directory.parent)}
    for plugin in lock.plugins:
        _install_plugin(executable, plugin, binaries[plugin.key], own, directory)
    _prove(lock, executable, own)
    return write_stamp(directory, {"digest": lock.digest, "method": method, "host": host, "versions": lock.versions})


def publish(directory: Path, final: Path) -> None:
    """Rename a whole install to its place; a damaged one that is there goes to the scratch directory to die."""
    os.sync()  # a power cut must not leave the stamp without the binaries
    if final.exists():
        final.rename(directory.with_name("damaged"))
    directory.rename(final)


def _install_plugin(executable: Path, plugin: Component, binary: Path, env: dict[str, str], cwd: Path) -> None:
    argv = [str(executable), "plugins", "install", "--path", str(binary), plugin.plugin]
    process = child.run(argv, cwd=cwd, env=env)
    if process.code != 0:
        raise ToolchainError(f"Packer refuses {plugin.label}:\n{process.tail}")


def _prove(lock: Lock, executable: Path, env: dict[str, str]) -> None:
    found = {lock.packer.key: packer.version(executable, env) or "no answer"}
    addresses = [packer.plugin_address(path) for path in packer.plugins(executable, env) or []]
    found |= {address.rpartition("/")[2]: version for address, version in filter(None, addresses)}
    if found != lock.versions:
        raise ToolchainError(f"The new install is not what was pinned: {found} instead of {lock.versions}.")


def write_stamp(directory: Path, said: dict[str, t.Any]) -> dict[str, t.Any]:
    """Write down what an install is, with the sizes of its files."""
    files = {
        str(path.relative_to(directory)): path.stat().st_size for path in sorted(directory.rglob("*")) if path.is_file()
    }
    stamp = {**said, "files": files}
    (directory / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    return stamp
