# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of ours: for their owner only, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer import state


def test_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative, so it does not count")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert state.state_directory() == tmp_path / ".local/state/golden.ami"
    assert state.cache_directory() == tmp_path / ".cache/golden.ami"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert state.state_directory() == tmp_path / "state/golden.ami"


def test_a_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "file.json"
    state.write_private(path, "one")
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"

    def fail(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        state.write_private(path, "two")
    assert path.read_text() == "one"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1', "[" * 100_000], ids=range(6))
def test_what_was_cut_off_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    assert state.read_json(tmp_path / "file") == {}
    assert state.read_json(tmp_path / "missing") == {}


def test_what_is_no_text_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'{"a": "\xff"}')
    assert state.read_json(tmp_path / "file") == {}


def test_an_object_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"a": 1}')
    assert state.read_json(tmp_path / "file") == {"a": 1}
