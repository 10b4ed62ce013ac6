# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the collection for each test, to break something in."""

from __future__ import annotations

import collections.abc as c
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from collection_copy import CHECKOUT, copy_into


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    return copy_into(tmp_path.resolve())


@pytest.fixture
def replace(collection: Path) -> c.Callable[[str, str, str], None]:
    """Replaces text in a file of the copy, where it must be."""

    def replace_in(name: str, old: str, new: str) -> None:
        text = (collection / name).read_text()
        assert old in text, f"{name} has no {old!r} any more"
        (collection / name).write_text(text.replace(old, new, 1))

    return replace_in


@pytest.fixture
def as_galaxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of requirements/galaxy.txt in front."""
    programs = CHECKOUT / ".cache" / "galaxy" / "bin"
    assert (programs / "antsibull-docs").exists(), "run this with ./taskw test:checks, which brings it"
    monkeypatch.setenv("PATH", str(programs), prepend=":")
