# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections.abc as c
import shutil
import tempfile
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT
from harness.selection import pytest_addoption, pytest_collection_modifyitems, pytest_configure
from release.installed import Installed, install
from release.tarball import release

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]


@pytest.fixture(scope="session")
def scratch() -> c.Iterator[Path]:
    """Outside of the checkout, and gone afterwards: it holds a whole Python environment."""
    root = Path(tempfile.mkdtemp(prefix="golden-release-"))
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def tarball(scratch: Path) -> Path:
    return release(CHECKOUT, scratch / "tarball")


@pytest.fixture(scope="session")
def installed(scratch: Path, tarball: Path) -> Installed:
    made, run = install(scratch / "installed", tarball)
    assert run.rc == 0, run.output
    assert "golden.ami:1.0.0 was installed successfully" in run.output
    # Not fetched, so there is a network or not.
    assert "'amazon.aws:" in run.output
    return made
