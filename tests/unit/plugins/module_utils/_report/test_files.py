# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory of a report: only its own files, whole ones, and only where it is one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._report import files

OURS = json.dumps({"kind": files.KIND, "generated": "then", "images": []})
TEXTS = {files.JSON: OURS, files.HTML: "<p>", files.MARKDOWN: "# x"}


def test_what_is_written_is_read_and_other_files_stay(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    assert files.read(directory) == {}
    files.write(directory, TEXTS)
    (directory / "mine.txt").write_text("mine")
    assert files.read(directory) == TEXTS
    files.write(directory, {files.HTML: "<b>"})
    assert sorted(os.listdir(directory)) == ["mine.txt", *sorted(files.NAMES)]
    assert files.read(directory) == {**TEXTS, files.HTML: "<b>"}
    assert (directory / files.HTML).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["report.html", "report.json", "notes.txt"])
def test_a_directory_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"kind": "another"}')
    with pytest.raises(files.NotOurs, match="Name a directory that is empty"):
        files.read(tmp_path)


def test_a_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(files.NotOurs, match="is not a directory"):
        files.read(tmp_path / "file")
    ours = tmp_path / "ours"
    files.write(ours, TEXTS)
    (ours / files.HTML).unlink()
    (ours / files.HTML).symlink_to(tmp_path / "file")
    with pytest.raises(files.NotOurs, match=r"report\.html in .* is not a file"):
        files.read(ours)


def test_what_was_left_by_an_interrupted_writing_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".report-abc").write_text("half")
    assert files.read(tmp_path) == {}


def test_a_page_is_never_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(tmp_path, TEXTS)

    def broken(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="no space"):
        files.write(tmp_path, {files.HTML: "new"})
    assert files.read(tmp_path) == TEXTS
    assert sorted(os.listdir(tmp_path)) == sorted(files.NAMES)


def test_only_the_time_is_no_difference() -> None:
    same = {"kind": files.KIND, "generated": "now", "images": []}
    assert files.settled(same, TEXTS)["generated"] == "then"
    assert files.settled({**same, "images": [1]}, TEXTS)["generated"] == "now"
    assert files.settled(same, {})["generated"] == "now"
    assert files.settled(same, {files.JSON: "not JSON"})["generated"] == "now"
