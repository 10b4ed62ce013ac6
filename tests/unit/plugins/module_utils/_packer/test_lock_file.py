# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One process of this machine at a time; the kernel opens the lock of one that died."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.owner import Owner, this_process
from ansible_collections.golden.ami.plugins.module_utils._packer.lock_file import FileLock, lock_path

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)


def owner(run: str) -> Owner:
    return this_process(run, NOW, NOW + datetime.timedelta(hours=1))


def test_one_at_a_time_and_who_it_is_is_told(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "locks" / "web"), FileLock(tmp_path / "locks" / "web")
    assert one.take(owner("a")) is None
    said = other.take(owner("b"))
    assert said
    assert said.startswith("a on ")
    one.release()
    one.release()
    assert other.take(owner("b")) is None
    assert other.previous
    assert other.previous.run == "a"
    other.release()


def test_what_somebody_else_wrote_into_it(tmp_path: Path) -> None:
    path = tmp_path / "web"
    path.write_bytes(b"\xff not ours, and longer than what we write" * 40)
    one, other = FileLock(path), FileLock(path)
    assert one.take(owner("a")) is None
    assert one.previous is None
    assert path.read_text() == owner("a").text()
    path.write_text("")
    assert other.take(owner("b")) == "another run on this machine"
    one.release()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "locks" / "web")
    assert lock.take(owner("a")) is None
    assert oct((tmp_path / "locks" / "web").stat().st_mode & 0o777) == "0o600"
    assert oct((tmp_path / "locks").stat().st_mode & 0o777) == "0o700"
    lock.release()


def test_a_file_that_cannot_be_locked_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    close = __import__("os").close
    monkeypatch.setattr(
        "fcntl.flock", lambda *_given: (_unused for _unused in ()).throw(OSError(37, "No locks available"))
    )
    monkeypatch.setattr("os.close", lambda handle: (closed.append(handle), close(handle))[1])
    with pytest.raises(OSError, match="No locks available"):
        FileLock(tmp_path / "web").take(owner("a"))
    assert len(closed) == 1


def test_each_image_cloud_and_region_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    places = [("web", "eu", None), ("web", None, "eu"), ("web",), ("team/web", "eu", None), ("web", "us", None)]
    paths = {lock_path(image, *where) for image, *where in places}
    assert len(paths) == len(places)
    assert {path.parent for path in paths} == {tmp_path / "golden.ami" / "locks"}
