# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find a Go that can compile the pinned sources."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain import child
from golden_toolchain.errors import NotAvailable
from golden_toolchain.host import Host
from golden_toolchain.system import on_path
from golden_toolchain.versions import parse, satisfies

_PLACES = tuple(map(Path, ("/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/opt/homebrew/bin/go")))
_VERSION = re.compile(r"^go version go(\d+\.\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Go:
    executable: Path
    version: str


class Wanted(t.Protocol):
    """The part of a lock file that says which Go compiles."""

    @property
    def go_minimum(self) -> str: ...

    @property
    def go_download(self) -> str: ...


def find(lock: Wanted, host: Host, env: t.Mapping[str, str], preferred: str = "") -> Go:
    """The Go to use: the one that is named, else the first on PATH or in a usual place that is new enough."""
    candidates = [Path(preferred).expanduser()] if preferred else _candidates(env)
    answers = {path: _version(path, env) for path in candidates}
    for path, version in answers.items():
        if version and satisfies(version, f">={lock.go_minimum}"):
            return Go(path, version)
    had = ", ".join(f"{path} is {version or 'no Go'}" for path, version in answers.items()) or "none was found"
    archive = f"go{lock.go_minimum}.{host.os}-{host.arch}.tar.gz"
    raise NotAvailable(
        f"compiling needs Go {lock.go_minimum} or newer ({had}). Install one, for example {lock.go_download}{archive} "
        f"with `tar -C /usr/local -xzf {archive}`: /usr/local/go/bin is looked at without being on PATH. "
        "Or name one with packer_go=/path/to/go"
    )


def _candidates(env: t.Mapping[str, str]) -> list[Path]:
    home = Path(env.get("HOME") or Path.home())
    versioned = [*Path("/usr/lib").glob("go-*/bin/go"), *(home / "sdk").glob("go*/bin/go")]
    places = [*on_path("go", env.get("PATH", "")), *_PLACES, *_newest_first(versioned)]
    return [place for place in dict.fromkeys(places) if place.is_file()]


def _newest_first(paths: t.Iterable[Path]) -> list[Path]:
    def version(path: Path) -> tuple[int, int, int, int]:
        return parse(path.parts[-3].removeprefix("go").removeprefix("-")) or (0, 0, 0, 0)

    return sorted(paths, key=version, reverse=True)


def _version(path: Path, env: t.Mapping[str, str]) -> str | None:
    """What ``go version`` says outside of any module, so that no other toolchain is fetched to answer."""
    answer = child.ask([str(path), "version"], env=env, cwd=Path("/"))
    match = _VERSION.match(answer or "")
    return match.group(1) if match else None
