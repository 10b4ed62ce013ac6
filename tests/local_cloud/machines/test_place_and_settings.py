# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, private files, and the environment for clients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from golden_cloud import host, leftovers, process, settings
from golden_cloud.machines.podman import parse_version
from golden_cloud.machines.recipes import RECIPES, mmdebstrap_argv
from golden_cloud.place import Place


def place(root: Path) -> Place:
    state = root / "state"
    state.mkdir(mode=0o700)
    return Place("default", state, root / "cache")


def test_names_fit_linux_and_differ_between_homes(tmp_path: Path) -> None:
    here, there = Place("a", tmp_path / "x", tmp_path), Place("a", tmp_path / "y", tmp_path)
    assert here.tag != there.tag
    for name in (here.bridge, here.keeper, here.keeper_peer):
        assert len(name) <= 15
    socket_path = here.run / "tmp" / "socket" / ("f" * 64) / "attach"
    assert len(str(socket_path)) < 108 + 10  # conmon shortens the last part


@pytest.mark.parametrize("name", ["", "../up", "Default", "a b", "x" * 33])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a local cloud"):
        Place.of(name)


def test_credentials_are_private_and_random(tmp_path: Path) -> None:
    where = place(tmp_path)
    first, second = settings.new_keys(), settings.new_keys()
    assert first != second
    assert first[0].startswith("AKIA")
    assert len(first[0]) == 20
    assert len(first[1]) == 40
    saved = settings.Settings(port=4580, subnet="10.200.7.0/24", access_key=first[0], secret_key=first[1])
    settings.save(where, saved)
    assert settings.load(where) == saved
    for file in (where.settings_file, where.credentials_file, where.config_file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_the_environment_replaces_whatever_the_caller_had(tmp_path: Path) -> None:
    known = settings.Settings(port=4580, subnet="10.200.7.0/24", access_key="AKIA", secret_key="s")
    told = settings.environment(place(tmp_path), known, {"AWS_ENDPOINT_URL_EC2": "http://else", "HOME": "/"})
    assert told["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4580"
    assert told["AWS_PROFILE"] is None
    assert told["AWS_SESSION_TOKEN"] is None
    assert told["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"
    assert told["AWS_CONTAINER_CREDENTIALS_FULL_URI"] is None
    assert told["AWS_ENDPOINT_URL_EC2"] is None
    assert not {"HOME", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL_SSM"} & set(told)


def test_what_a_shell_evaluates_leaves_no_way_to_another_endpoint(tmp_path: Path) -> None:
    known = settings.Settings(port=4580, subnet="10.200.7.0/24", access_key="AKIA", secret_key="s")
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_STS": "http://else",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/else",
    }
    where = Place("default", tmp_path / "golden.ami" / "local_cloud" / "default", tmp_path)
    where.state.mkdir(parents=True)
    settings.save(where, known)
    done = subprocess.run(
        ["sh", "-c", f'eval "$({sys.executable} -m golden_cloud env)" && env'],
        env={**environment, "PYTHONPATH": str(Path(settings.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    left = dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith("AWS_"))
    assert "AWS_ENDPOINT_URL_STS" not in left
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" not in left
    assert left["AWS_ENDPOINT_URL"] == known.endpoint
    assert left["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"


def test_a_recycled_pid_is_not_the_server(tmp_path: Path) -> None:
    file = tmp_path / "serve.json"
    process.write_record(file, 4580, ready=True)
    assert process.read_record(file)
    other = file.read_text().replace(f'"started": {process.start_time(os.getpid())}', '"started": 1')
    file.write_text(other)
    assert process.read_record(file) is None


def test_the_holder_of_a_port_is_named() -> None:
    code = "import socket,time;s=socket.socket();s.bind(('127.0.0.1',0));s.listen();print(s.getsockname()[1],flush=True);time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        port = int(other.stdout.readline())
        holder = process.port_holder(port)
        other.kill()
    assert holder
    assert f"pid {other.pid} " in holder
    assert "import socket" in holder


def test_a_free_port_has_no_holder() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert process.port_holder(port) is None


def test_mounts_below_a_place_are_found_latest_first() -> None:
    table = "\n".join(f"1 1 8:1 / {point} rw - ext4 x rw" for point in ("/", "/a", "/a/b", "/ab", "/c\\040d/e"))
    assert leftovers.mounts_below(table, [Path("/a")]) == ["/a/b", "/a"]
    assert leftovers.mounts_below(table, [Path("/c d")]) == ["/c d/e"]


def test_versions_are_understood() -> None:
    assert parse_version("podman version 4.3.1") == (4, 3, 1)
    assert parse_version("podman version 5.4.0-rc1") == (5, 4, 0)
    assert parse_version("something else") == ()


def test_what_is_missing_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(host.shutil, "which", lambda program, path=None: None if program == "podman" else "/x")
    assert "apt-get install --no-install-recommends podman" in (host.problem() or "")
    monkeypatch.setattr(host, "missing_programs", list)
    monkeypatch.setattr(host, "installed_version", lambda: (3, 4, 4))
    assert "podman 3.4.4 is too old" in (host.problem() or "")
    monkeypatch.setattr(host.os, "geteuid", lambda: 1000)
    assert "needs root" in (host.problem() or "")
    monkeypatch.setattr(host.platform, "system", lambda: "Darwin")
    assert "Linux" in (host.problem() or "")


def test_a_mirror_is_used_for_downloading_only() -> None:
    recipe = RECIPES[0]
    argv = mmdebstrap_argv(recipe, "/w", "/w/root.tar", "http://mirror.example.com/debian")
    assert argv[-1] == "http://mirror.example.com/debian"
    assert "mirror.example.com" not in recipe.sources
    assert "http://deb.debian.org/debian-security" in recipe.sources


def test_image_digests_differ() -> None:
    assert len({recipe.digest for recipe in RECIPES}) == len(RECIPES)
