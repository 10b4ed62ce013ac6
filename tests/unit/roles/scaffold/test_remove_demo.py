# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes the demo away takes nobody's work with it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
SCRIPT = CHECKOUT / "roles" / "scaffold" / "templates" / "repository" / "remove_demo.sh.j2"
FILES = {"images/demo/image.yml": "description: A demo\n", "inspec/demo/controls/demo.rb": "control\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    lines = []
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "demo.sha256").write_text("".join(lines))
    shutil.copy(SCRIPT, tmp_path / "scripts" / "remove-demo.sh")
    return tmp_path


def removed(repository: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(repository / "scripts" / "remove-demo.sh")]
    return subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **environment}, check=False, capture_output=True, text=True
    )


def left(repository: Path) -> set[str]:
    return {str(path.relative_to(repository)) for path in repository.rglob("*") if "demo" in path.parts}


def test_a_demo_as_it_came_goes_whole(repository: Path) -> None:
    done = removed(repository)
    assert (done.returncode, left(repository)) == (0, set())
    assert not (repository / "scripts" / "demo.sha256").exists()
    assert "gone already" in removed(repository).stdout


def test_of_what_was_removed_by_hand_before_the_rest_goes(repository: Path) -> None:
    (repository / "inspec" / "demo" / "controls" / "demo.rb").unlink()
    assert (removed(repository).returncode, left(repository)) == (0, set())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("images/demo/image.yml", "images/demo/image.yml: changed"),
        # Part of a name that is known.
        ("images/demo/image.y", "images/demo/image.y: added"),
        ("inspec/demo/controls/demo", "inspec/demo/controls/demo: added"),
        ("images/demo/my notes.txt", "images/demo/my notes.txt: added"),
    ],
)
def test_somebodys_work_stays_with_all_of_the_demo(repository: Path, name: str, told: str) -> None:
    (repository / name).write_text("mine\n")
    before = left(repository)
    done = removed(repository)
    assert (done.returncode, left(repository)) == (1, before)
    assert told in done.stderr


def test_a_list_that_is_damaged_is_no_permission(repository: Path) -> None:
    (repository / "scripts" / "demo.sha256").write_text("".join(f"no-sum  {name}\n" for name in FILES))
    before = left(repository)
    assert (removed(repository).returncode, left(repository)) == (1, before)


def test_without_sums_nothing_goes(repository: Path) -> None:
    (repository / "images" / "demo" / "image.yml").write_text("mine\n")
    before = left(repository)
    bare = repository / "bin"
    bare.mkdir()
    for program in ("dirname", "find", "grep", "cut", "rm", "rmdir"):
        (bare / program).symlink_to(str(shutil.which(program)))
    done = removed(repository, PATH=str(bare))
    assert (done.returncode, left(repository)) == (1, before)
    assert "Without sha256sum nobody can tell" in done.stderr
