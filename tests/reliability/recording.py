# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a clean build, in order, as the local cloud has recorded them: rows are made of them, not of a list.

One build is recorded for each state of what it depends on, when somebody asks for it the first time; all processes of a
run of pytest share it.
"""

from __future__ import annotations

import collections.abc as c
import fcntl
import functools
import hashlib
import json
import os
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

from harness.builds import Bench
from harness.cloud import CHECKOUT, Cloud, remove_cloud, start_cloud
from reliability.ground import calls
from reliability.truth import CALLERS

READS = ("Describe", "Get", "List")
_MADE_OF = (
    *("plugins", "playbooks", "roles/packer", "roles/local_cloud", "requirements", "tests/harness"),
    *("tests/reliability/recording.py", "tests/reliability/truth.py"),
)
# Seconds.
_WEEK = 7 * 24 * 3600.0


class Call(t.NamedTuple):
    """``caller`` is packer or module, ``operation`` as ``ec2:RunInstances``."""

    caller: str
    operation: str


@functools.cache
def clean_build() -> list[Call]:
    """Every call of a build that nothing disturbs."""
    kept = _kept()
    home = kept.parent
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            fresh = kept.with_suffix(".new")
            fresh.write_text(json.dumps(_record()))
            _remove_old(home)
            fresh.replace(kept)
        return [Call(*one) for one in json.loads(kept.read_text())]


def is_recorded() -> bool:
    return _kept().exists()


def operations(*, writes: bool = False) -> list[Call]:
    """Each operation of a clean build once for each of its callers; without reads, where only C(writes) matter."""
    found = sorted(set(clean_build()))
    return [one for one in found if not writes or not one.operation.partition(":")[2].startswith(READS)]


def before(caller: str, operation: str, first: str) -> int:
    """How often a caller does something in a clean build before it first does something else."""
    made = [call.operation for call in clean_build() if call.caller == caller]
    return made[: made.index(first)].count(operation)


def _remove_old(home: Path) -> None:
    """Not those of other checkouts, which may be at work."""
    for old in home.glob("clean-build-*.json"):
        if old.stat().st_mtime < time.time() - _WEEK:
            old.unlink()


@functools.cache
def _kept() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami" / "tests"
    return home / f"clean-build-{_digest()}.json"


def _files() -> c.Iterator[Path]:
    for name in _MADE_OF:
        path = CHECKOUT / name
        yield from sorted(path.rglob("*")) if path.is_dir() else [path]


def _digest() -> str:
    digest = hashlib.sha256()
    for path in _files():
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _record() -> list[Call]:
    cloud = start_cloud(f"recording-{secrets.token_hex(2)}")
    try:
        with tempfile.TemporaryDirectory() as directory:
            return _build(cloud, Path(directory))
    finally:
        remove_cloud(cloud)


def _build(cloud: Cloud, directory: Path) -> list[Call]:
    bench = Bench(cloud, directory)
    try:
        bench.image("clean")
        start = calls(cloud).stat().st_size
        result = bench.start("clean").finish(600)
        assert not result.failed, result
        with calls(cloud).open() as record:
            record.seek(start)
            return list(filter(None, map(_call, map(json.loads, record))))
    finally:
        bench.remove()


def _call(told: dict[str, t.Any]) -> Call | None:
    for caller, agent in CALLERS.items():
        if agent in (told["user_agent"] or ""):
            return Call(caller, f"{told['service']}:{told['operation']}")
    return None
