# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman by hand, as the cloud runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_cloud.cli import main
from golden_cloud.machines.runtime import Runtime, remember
from golden_cloud.place import Place



@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A cloud that was up, and whose way to run containers is known."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = Place.of("mine")
    found.storage.mkdir(parents=True)
    remember(found.state / "runtime.json", Runtime(("--runtime", "runc"), ("--ulimit", "nproc=1000:1000")))
    return found


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What podman is called with."""
    called: list[list[str]] = []

    def become(_file: str, argv: list[str]) -> None:
        called.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr("os.execvp", become)
    with pytest.raises(SystemExit):
        main(["podman", "--name=mine", "--", *words])
    return called[0]


def test_it_sees_the_clouds_images(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = asked(monkeypatch, "images", "--quiet")
    assert argv[:3] == ["podman", "--root", str(place.storage)]
    assert argv[-4:] == ["--runtime", "runc", "images", "--quiet"]


def test_containers_get_the_options_that_this_host_needs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.storage.exists()
    argv = asked(monkeypatch, "run", "--rm", "toolkit", "ls", "--all")
    assert argv[-7:] == ["run", "--ulimit", "nproc=1000:1000", "--rm", "toolkit", "ls", "--all"]


def test_a_cloud_that_was_never_up_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["podman", "--name=mine", "--json", "--", "images"]) == 1
    assert "was never up" in json.loads(capsys.readouterr().out)["msg"]
