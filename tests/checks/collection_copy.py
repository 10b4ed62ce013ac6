# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real copy of the collection for tools that do not follow the link in site-packages, with its dependency beside it."""

from __future__ import annotations

import collections.abc as c
import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def tracked_files(checkout: Path) -> list[str]:
    """What git keeps, relative to checkout, as it is on disk now: changes that are not committed count, too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and os.path.lexists(checkout / name)]


def dependency() -> Path:
    """The directory of amazon.aws, which the lock brings in the package ansible."""
    found = importlib.util.find_spec("ansible_collections.amazon.aws")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("amazon.aws is not in this Python environment: run this with ./taskw")
    return Path(next(iter(found.submodule_search_locations)))


def copy_into(root: Path, checkout: Path = CHECKOUT) -> Path:
    """Copies the collection to root/ansible_collections/golden/ami and returns that path."""
    collection = root / "ansible_collections" / "golden" / "ami"
    for name in tracked_files(checkout):
        target = collection / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target, follow_symlinks=False)
    beside = root / "ansible_collections" / "amazon"
    beside.mkdir()
    (beside / "aws").symlink_to(dependency())
    return collection


@contextlib.contextmanager
def copied_collection() -> c.Iterator[Path]:
    """The copy's path; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="golden-lint-") as root:
        yield copy_into(Path(root).resolve())
