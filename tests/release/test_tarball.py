# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball holds what git tracks and is meant for users, and nothing that lies about."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT
from release import tarball as made


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small collection under git, with the build_ignore of this one."""
    root = tmp_path / "checkout"
    for path, text in {
        "README.md": "read me\n",
        "meta/runtime.yml": "---\nrequires_ansible: '>=2.19.0'\n",
        "plugins/modules/one.py": "# one\n",
        "roles/web/files/run.sh": "#!/bin/sh\n",
        "tests/unit/test_one.py": "# a test\n",
        "taskw": "#!/bin/sh\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "roles/web/files/run.sh").chmod(0o755)
    shutil.copy(CHECKOUT / "galaxy.yml", root)
    (root / "LICENSE").write_text("free\n")
    for argv in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(root), *argv], check=True)
    return root


def test_holds_what_is_tracked_and_nothing_that_lies_about(checkout: Path, tmp_path: Path) -> None:
    (checkout / "plugins/modules/draft.py").write_text("# not tracked\n")
    (checkout / ".venv").mkdir()
    (checkout / ".venv/big").write_text("x")

    found = made.listed(made.release(checkout, tmp_path / "out"))

    own = {"README.md", "LICENSE", "meta/runtime.yml", "plugins/modules/one.py", "roles/web/files/run.sh"}
    assert found.keys() == own | {"MANIFEST.json", "FILES.json"}
    assert [path for path, (executable, _digest) in found.items() if executable] == ["roles/web/files/run.sh"]


def test_a_new_directory_is_a_decision(checkout: Path, tmp_path: Path) -> None:
    (checkout / "scripts").mkdir()
    (checkout / "scripts/new.sh").write_text("#!/bin/sh\n")
    subprocess.run(["git", "-C", str(checkout), "add", "scripts"], check=True)

    with pytest.raises(SystemExit, match="belongs in the tarball: scripts"):
        made.release(checkout, tmp_path / "out")


@pytest.mark.parametrize(
    ("ignored", "line"),
    [("roles/web/files", "roles/web/files/run.sh: lacks"), (None, "tests/unit/test_one.py: does not belong in there")],
)
def test_a_slip_in_build_ignore_is_told_and_leaves_no_tarball(
    checkout: Path, tmp_path: Path, ignored: str | None, line: str
) -> None:
    galaxy = (checkout / "galaxy.yml").read_text()
    changed = galaxy + f"  - {ignored}\n" if ignored else galaxy.replace("  - tests\n", "")
    assert changed != galaxy
    (checkout / "galaxy.yml").write_text(changed)

    with pytest.raises(SystemExit, match=line):
        made.release(checkout, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_differences_are_told_by_file() -> None:
    wanted = {"same": (False, "1"), "lost": (False, "1"), "edited": (False, "1"), "script": (True, "1")}
    found = {"same": (False, "1"), "edited": (False, "2"), "script": (False, "1"), "new": (False, "1")}
    found |= dict.fromkeys(made.MADE, (False, "0"))

    assert made.differences(wanted, found) == [
        "lost: lacks",
        "new: does not belong in there",
        "edited: another content than in the checkout",
        "script: no longer executable",
    ]


def test_the_collections_own(tarball: Path) -> None:
    found = made.listed(tarball)

    kept_back = [path for path in found if path.partition("/")[0] in made.KEPT_BACK | {".venv", ".cache", ".git"}]
    assert kept_back == []
    for directory in ("plugins", "roles", "playbooks", "meta", "docs", "changelogs", "inventories"):
        assert any(path.startswith(f"{directory}/") for path in found), directory
    tracked = {path for path in made.tracked(CHECKOUT) if path.startswith(("plugins/", "roles/", "playbooks/"))}
    assert tracked <= found.keys()
