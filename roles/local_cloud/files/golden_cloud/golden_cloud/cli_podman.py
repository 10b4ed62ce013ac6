# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``podman``: podman as the cloud uses it, on images of the user's own for builds and machines."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from golden_cloud import lifecycle
from golden_cloud.machines import runtime
from golden_cloud.machines.podman import Podman
from golden_cloud.place import Place
from golden_cloud.ports import MachineError

_STARTS = ("run", "create")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="podman's, behind --")


def run(place: Place, options: argparse.Namespace) -> NoReturn:
    """Become podman."""
    if not place.storage.exists():
        raise lifecycle.LifecycleError(f"the local cloud {place.name!r} was never up: use the verb up first")
    words = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    way = runtime.remembered(place.state / "runtime.json") or _way(place, words)
    argv = argv_of(Podman(place, way.podman).prefix, way, words)
    os.execvp(argv[0], argv)


def argv_of(prefix: list[str], way: runtime.Runtime, words: list[str]) -> list[str]:
    """The whole command: what starts a container is given the options that containers need on this host."""
    if words[:1] and words[0] in _STARTS:
        return [*prefix, words[0], *way.container, *words[1:]]
    return [*prefix, *words]


def _way(place: Place, words: list[str]) -> runtime.Runtime:
    """The first way in which a container runs at all, where no machine has run yet; any does for other commands."""
    if not words or words[0] not in _STARTS:
        return runtime.Runtime()
    images = Podman(place).text("images", "--quiet").splitlines()
    if not images:
        return runtime.Runtime()
    said = ""
    for way in runtime.candidates():
        tried = Podman(place, way.podman).run(
            "run", "--rm", "--network", "none", "--entrypoint", "true", *way.container, images[0], check=False
        )
        if not tried.returncode:
            return way
        said = tried.stderr.decode(errors="replace").strip()
    raise MachineError(f"podman cannot run a container on this host: {said}")
