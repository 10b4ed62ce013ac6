# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Method ``source``: compile the pinned versions through the Go module proxy.

Each component is built in a small Go module of our own (``files/source/…``) whose go.mod requires the pinned version
as a *tool* and whose go.sum is checked in: Go refuses whatever differs. The caller's GOPROXY and GOFLAGS, and caches
that are there, are used.
"""

from __future__ import annotations

import json
import os
import shutil
import typing as t
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain import child
from golden_toolchain.errors import ToolchainError
from golden_toolchain.gotool import Go
from golden_toolchain.lock import Component
from golden_toolchain.progress import Progress

_STALE = "{{if .Stale}}{{.ImportPath}}{{end}}"
# -buildvcs=false: the module lies in no repository of its own. -mod=readonly: never change go.mod or go.sum.
_BUILD = ("-mod=readonly", "-buildvcs=false", "-trimpath")
# Most packages are compiled in less memory than this, and then nothing is spent on collecting garbage: a tenth of the time.
_MEMORY = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}


@dataclass(frozen=True)
class Workshop:
    """Where and with what is compiled. ``modules`` is a scratch copy of ``files/source``."""

    go: Go
    modules: Path
    output: Path
    env: dict[str, str]
    nice: int


def own_caches(go: Go, env: t.Mapping[str, str], directory: Path) -> dict[str, str]:
    """Environment that keeps Go's caches in ``directory``, for each that the user does not have yet.

    Sources and objects are some gigabytes: who does not use Go shall not find them at home. They outlive a stopped
    compile, so that the next one goes on from there, and are removed when the install is complete.
    """
    answer = child.ask([str(go.executable), "env", "-json", "GOMODCACHE", "GOCACHE"], env=env, cwd=Path("/"))
    places = json.loads(answer or "{}")
    own = {name: str(directory / name.lower()) for name, place in places.items() if not Path(place).is_dir()}
    # Go writes modules read-only, which would keep us from removing them.
    return {**own, "GOFLAGS": f"{env.get('GOFLAGS', '')} -modcacherw".strip()} if "GOMODCACHE" in own else own


def go_caches(cache: Path) -> Path:
    """Where caches go that the user does not have, below the directory of installs."""
    return cache / ".go"


def clear(directory: Path, progress: Progress) -> None:
    """Remove some gigabytes of small files, which can take a minute; what cannot be removed is no failure."""
    if not directory.exists():
        return
    with progress.step("Removing Go's caches") as step:
        child.run(
            ["rm", "-rf", str(directory)], cwd=directory.parent, env=os.environ, tick=lambda _running: step.tick()
        )


def workshop(go: Go, sources: Path, scratch: Path, env: t.Mapping[str, str], nice: int) -> Workshop:
    """Lay out a scratch directory: modules copied, so that the collection itself is never written to."""
    modules = scratch / "modules"
    output = scratch / "out"
    shutil.copytree(sources, modules)
    output.mkdir()
    # No C compiler is wanted, and the result must not depend on the host's libc.
    fixed = {"CGO_ENABLED": "0", "GOWORK": "off"}
    return Workshop(go, modules, output, {**_MEMORY, **env, **fixed}, nice)


def build(components: t.Sequence[Component], shop: Workshop, progress: Progress) -> dict[str, Path]:
    """Download and compile everything; return the binaries by component key."""
    _download(components, shop, progress)
    return {component.key: _compile(component, shop, progress) for component in components}


def list_argv(go: Path, component: Component) -> list[str]:
    """The packages still to be compiled; as a side effect all modules that they need are downloaded."""
    return [str(go), "list", *_BUILD, "-deps", "-f", _STALE, component.source.module]


def build_argv(go: Path, component: Component, binary: Path) -> list[str]:
    """``-v`` prints each package as it is compiled: what the progress counts."""
    flags = [*_BUILD, "-v", "-ldflags", component.source.ldflags, "-o", str(binary)]
    return [str(go), "build", *flags, component.source.module]


def _start(argv: list[str], component: Component, shop: Workshop) -> child.Child:
    return child.Child(argv, cwd=shop.modules / component.source.directory, env=shop.env, nice=shop.nice)


def _start_list(component: Component, shop: Workshop) -> child.Child:
    return _start(list_argv(shop.go.executable, component), component, shop)


def _download(components: t.Sequence[Component], shop: Workshop, progress: Progress) -> None:
    """Downloads leave the processor idle, so Go's standard library, which all need, is compiled meanwhile.

    That only fills Go's build cache: it is stopped when the downloads are done, whatever became of it.
    """
    with progress.step("Downloading Go modules") as step:
        children = [_start_list(component, shop) for component in components]

        def tick() -> None:
            count = sum(line.startswith("go: downloading") for each in children for line in each.lines)
            step.tick(f"{count} modules so far" if count else "")

        library = _start([str(shop.go.executable), "build", *_BUILD, "std"], components[0], shop)
        try:
            child.watch(children, tick)
        finally:
            library.stop()
        for component, process in zip(components, children, strict=True):
            _check(process, f"The Go modules of {component.label} could not be downloaded")


def _compile(component: Component, shop: Workshop, progress: Progress) -> Path:
    binary = shop.output / f"{component.key}"
    listed = _start_list(component, shop)
    child.watch([listed], lambda: None)
    _check(listed, f"The packages of {component.label} could not be listed")
    total = sum(bool(line) and not line.startswith("go: ") for line in listed.lines)
    with progress.step(f"Compiling {component.label}", "1 package" if total == 1 else f"{total} packages") as step:
        process = child.run(
            build_argv(shop.go.executable, component, binary),
            cwd=shop.modules / component.source.directory,
            env=shop.env,
            nice=shop.nice,
            tick=lambda running: step.tick(_share(len(running.lines), total)),
        )
        _check(process, f"{component.label} could not be compiled")
    return binary


def _share(done: int, total: int) -> str:
    return f"{min(done, total)} of {total} packages" if done < total else "linking"


def _check(process: child.Child, what: str) -> None:
    if process.code == 0:
        return
    raise ToolchainError(
        f"{what} (`{' '.join(process.argv)}` ended with {process.code}). Its last words:\n{process.tail}\n"
        "Check that the Go module proxy (`go env GOPROXY`) answers and that the disk is not full, then run again."
    )
