# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies beside a definition counts once: whole directories, unless something in them counts elsewhere."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._files import files_beside


def names(directory: Path, *apart: str) -> list[str]:
    return [
        str(Path(path).relative_to(directory)) for path in files_beside(directory, [directory / one for one in apart])
    ]


def test_directories_are_one_entry_unless_something_in_them_is_apart(tmp_path: Path) -> None:
    for name in ("files/a", "files/deep/b", "template/main.pkr.hcl", "script.sh", "image.yml", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["files", "script.sh", "template"]
    assert names(tmp_path, "template") == ["files", "script.sh"]
    assert names(tmp_path, "template", "files/deep/b") == ["files/a", "script.sh"]
    assert names(tmp_path, "template/main.pkr.hcl") == ["files", "script.sh"]


def test_names_that_do_not_count_beside_a_definition_do_deeper(tmp_path: Path) -> None:
    for name in ("files/image.yml", "files/other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path, "files/other") == ["files/image.yml"]


def test_a_link_is_not_followed_to_what_is_apart(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    own = tmp_path / "own"
    for path in (shared, own):
        path.mkdir()
    (shared / "roles").mkdir()
    (own / "link").symlink_to(shared)
    (own / "same").symlink_to(shared / "roles")
    assert names(own, "../shared/roles") == []
    assert names(own) == ["link", "same"]
