# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks, timings, and what status tells to whom."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from golden_cloud import leftovers, lifecycle, lifecycle_status, timings
from golden_cloud.place import Place
from golden_cloud.ports import Timings


@pytest.fixture
def where(tmp_path: Path) -> Place:
    place = Place("default", tmp_path / "default", tmp_path / "cache")
    place.state.mkdir(mode=0o700)
    return place


def test_who_waited_for_a_removed_lock_takes_the_new_one(where: Place) -> None:
    lock = where.state.parent / ".default.lock"
    inside: list[str] = []
    second_goes = threading.Event()

    def second() -> None:
        with lifecycle._exclusive(where):
            inside.append("second")
            second_goes.wait(10)
            inside.remove("second")

    with lifecycle._exclusive(where):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        assert inside == []
        lock.unlink()
    while "second" not in inside:
        waiting.join(0.01)
    threading.Timer(0.3, second_goes.set).start()
    with lifecycle._exclusive(where):
        assert inside == []
    waiting.join()


def test_a_reset_that_comes_second_finds_nothing(where: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle.os, "geteuid", lambda: 0)
    assert lifecycle.reset(where, lambda _text: None) is True
    assert not (where.state.parent / ".default.lock").exists()
    assert lifecycle.reset(where, lambda _text: None) is False
    with lifecycle._exclusive(where):
        pass
    assert not (where.state.parent / ".default.lock").exists()


def test_work_that_a_server_left_behind_ends(where: Place, tmp_path: Path) -> None:
    def stand_in(storage: Path) -> subprocess.Popen[bytes]:
        argv = ["/usr/bin/podman", "-c", "import time; time.sleep(60)", "--root", str(storage)]
        return subprocess.Popen(argv, executable=sys.executable)

    ours, others = stand_in(where.storage), stand_in(tmp_path / "another")
    try:
        leftovers.end_podman(where)
        assert ours.wait(5) == -15
        assert others.poll() is None
    finally:
        for one in (ours, others):
            one.kill()
            one.wait()


def test_timings_are_taken_from_the_environment() -> None:
    told = timings.from_environment({"GOLDEN_CLOUD_TIMINGS": "image_pending=2, instance_pending=1.5"})
    assert told == Timings(image_pending=2.0, instance_pending=1.5)
    assert timings.from_environment({}) == timings.from_environment({"GOLDEN_CLOUD_TIMINGS": ""}) == Timings()


@pytest.mark.parametrize("text", ["colour=1", "image_pending", "image_pending=x", "image_pending=-1", "patience=nan"])
def test_wrong_timings_are_told_before_anything_starts(
    where: Place, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDEN_CLOUD_TIMINGS", text)
    with pytest.raises(ValueError, match=f"GOLDEN_CLOUD_TIMINGS: .*{text.partition('=')[0]}"):
        lifecycle.up(where, 4599, lambda _text: None)


def test_without_root_status_says_what_it_cannot_see(where: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    where.storage.mkdir()
    monkeypatch.setattr(lifecycle_status.os, "geteuid", lambda: 1000)
    seen = lifecycle_status.status(where)
    lifecycle_status.details(where, seen)
    assert seen["needs_root"] is True
    assert (seen["instances"], seen["images"], seen["disk_bytes"]) == (None, None, None)
    told = lifecycle_status.human(seen)
    assert "root" in told
    assert "MB" not in told


def test_a_cloud_that_is_down_tells_its_images(where: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "localhost/golden-cloud/image:ami-1"
    for directory, file, content in (
        ("overlay-images", "images.json", [{"names": [name], "layer": "b", "created": "2026-01-01T00:00:00Z"}, {}]),
        ("overlay-layers", "layers.json", [{"id": "a", "diff-size": 2_000_000}, {"id": "b", "parent": "a"}]),
    ):
        (where.storage / directory).mkdir(parents=True)
        (where.storage / directory / file).write_text(json.dumps(content))
    monkeypatch.setattr(lifecycle_status.os, "geteuid", lambda: 0)
    seen = lifecycle_status.status(where)
    lifecycle_status.details(where, seen)
    assert seen["images"] == [{"reference": name, "bytes": 2_000_000, "created": "2026-01-01T00:00:00Z"}]
    assert f"{name}  (2 MB)" in lifecycle_status.human(seen)
