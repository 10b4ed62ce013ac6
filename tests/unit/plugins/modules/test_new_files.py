# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own main(): all or nothing, and nothing overwritten."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.modules import new_files

FILES = {"README.md": "read\n", "bin/run": "#!/bin/sh\n"}


def run(capsys: pytest.CaptureFixture[str], **arguments: t.Any) -> dict[str, t.Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        new_files.main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


def there(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_writes_and_then_keeps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    first = run(capsys, directory=str(directory), files=FILES, executable=["bin/run"])
    assert (first["changed"], first["written"], first["kept"]) == (True, ["README.md", "bin/run"], [])
    assert there(directory) == FILES
    assert (directory / "bin/run").stat().st_mode & 0o111
    assert not (directory / "README.md").stat().st_mode & 0o111

    second = run(capsys, directory=str(directory), files=FILES, executable=["bin/run"])
    assert (second["changed"], second["written"], second["diff"]) == (False, [], [])
    assert second["kept"] == ["README.md", "bin/run"]


def test_check_mode_shows_what_lacks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(FILES["README.md"])
    result = run(capsys, directory=str(tmp_path), files=FILES, _ansible_check_mode=True, _ansible_diff=True)
    assert (result["changed"], result["written"], result["kept"]) == (True, ["bin/run"], ["README.md"])
    assert result["diff"] == [{"before": "", "after": "#!/bin/sh\n", "after_header": f"{tmp_path}/bin/run"}]
    assert there(tmp_path) == {"README.md": "read\n"}


def test_names_all_that_is_in_the_way(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    directory = tmp_path / "here"
    directory.mkdir()
    (directory / "README.md").write_text("mine\n")
    (directory / "bin").write_text("a file\n")
    (directory / "led").symlink_to(outside)
    (directory / "link").symlink_to(tmp_path / "nowhere")
    (directory / "dir").mkdir()
    files = {**FILES, "led/astray": "x", "link": "x", "dir": "x", "new": "x"}

    result = run(capsys, directory=str(directory), files=files)

    assert result["failed"] is True
    assert result["conflicts"] == [
        "README.md: is there with another content",
        f"bin/run: {directory}/bin is not a directory",
        "dir: is a directory",
        f"led/astray: {directory}/led is a symbolic link",
        "link: is a symbolic link",
    ]
    assert all(line in result["msg"] for line in result["conflicts"])
    assert not (directory / "new").exists()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "a//b", "", ".", "a/"])
def test_paths_that_lead_elsewhere(capsys: pytest.CaptureFixture[str], tmp_path: Path, path: str) -> None:
    result = run(capsys, directory=str(tmp_path), files={path: "x"})
    assert result["failed"] is True
    assert f"{path!r}: has to be a plain path below the directory" in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_options_that_contradict_each_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = run(capsys, directory=str(tmp_path), files={"a": "x", "a/b": "x"}, executable=["c"])
    assert "'a/b': another one of the files is its directory" in result["msg"]
    assert "'c': is named in executable, but is none of the files" in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_what_appears_in_the_meantime_stays(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("mine\n")
    with pytest.raises(FileExistsError):
        new_files.write(file, b"ours\n", False)
    assert file.read_text() == "mine\n"


def test_what_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, directory="/proc/golden", files=FILES)
    assert result["failed"] is True
    assert result["msg"].startswith("/proc/golden cannot be written or read: ")
