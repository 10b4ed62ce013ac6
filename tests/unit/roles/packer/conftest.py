# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: a machine with nothing on it, throw-away keys, a release site on loopback."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
import sys
import textwrap
import threading
import typing as t
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FILES = HERE.parents[3] / "roles" / "packer" / "files"
sys.path[:0] = [str(HERE), str(FILES)]

from golden_toolchain import lock as lock_module
from golden_toolchain.host import Host
from golden_toolchain.lock import Lock
from toolchain_fakes import FAKE_PACKER, Key, Site, make_key


@pytest.fixture
def lock() -> Lock:
    return lock_module.load(FILES / "packer.lock.json")


@pytest.fixture
def host() -> Host:
    return Host("linux", "amd64")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of this machine's user in it, and coreutils on PATH behind an own directory."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "bin").mkdir()
    return {"HOME": str(home), "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[Key, Key]]:
    """The key that is trusted, and a stranger's."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed: no test key can be made")
    base = tmp_path_factory.mktemp("keys")
    pair = make_key(base / "ours"), make_key(base / "stranger")
    yield pair
    for key in pair:
        subprocess.run(["gpgconf", "--homedir", str(key.home), "--kill", "all"], check=False)


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Silence."""


@pytest.fixture
def site(tmp_path: Path, keys: tuple[Key, Key], lock: Lock) -> t.Iterator[Site]:
    """A whole, rightly signed release site for what the lock pins."""
    root = tmp_path / "site"
    for component in lock.components:
        directory = root / component.release / component.version
        directory.mkdir(parents=True)
        stem = f"{component.release}_{component.version}"
        archive = directory / f"{stem}_linux_amd64.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("LICENSE.txt", "free as in beer")
            if component.plugin:
                file.writestr(f"{component.release}_v{component.version}_x5.0_linux_amd64", component.version)
            else:
                file.writestr("packer", textwrap.dedent(FAKE_PACKER).format(version=component.version))
        sums = directory / f"{stem}_SHA256SUMS"
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        sums.write_text(f"{'0' * 64}  {stem}_darwin_arm64.zip\n{digest}  {archive.name}\n", encoding="utf-8")
        keys[0].sign(sums, directory / f"{stem}_SHA256SUMS.72D7468F.sig")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Site(root, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.fixture
def signed_lock(lock: Lock, keys: tuple[Key, Key]) -> Lock:
    """The lock, trusting the test's key instead of HashiCorp's."""
    release = dataclasses.replace(lock.release, key_file=str(keys[0].public), key_fingerprint=keys[0].fingerprint)
    return dataclasses.replace(lock, release=release)
