# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Packer of the system: told from other programs, and used only when all of it fits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from golden_toolchain import packer, system
from golden_toolchain.errors import NotAvailable
from golden_toolchain.lock import Lock
from toolchain_fakes import write_packer, write_plugin, write_program


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".config" / "packer" / "plugins"


def test_none(lock: Lock, env: dict[str, str]) -> None:
    env["PATH"] = env["PATH"].partition(":")[0]
    with pytest.raises(NotAvailable, match="no packer is on PATH"):
        system.find(lock, env)


def test_fits(lock: Lock, env: dict[str, str], tmp_path: Path, root: Path) -> None:
    executable = write_packer(tmp_path / "bin" / "packer", "1.17.1")
    for name, version in (("amazon", "1.8.2"), ("amazon", "1.10.0"), ("amazon", "2.0.0"), ("ansible", "1.1.4")):
        write_plugin(root, name, version)
    found = system.find(lock, env)
    assert found.executable == executable
    assert found.plugin_path == root
    assert found.versions == {"packer": "1.17.1", "amazon": "1.10.0", "ansible": "1.1.4"}


def test_plugins_are_looked_for_where_the_environment_says(lock: Lock, env: dict[str, str], tmp_path: Path) -> None:
    write_packer(tmp_path / "bin" / "packer")
    write_plugin(tmp_path / "elsewhere", "amazon", "1.8.2")
    write_plugin(tmp_path / "elsewhere", "ansible", "1.0.3")
    found = system.find(lock, {**env, "PACKER_PLUGIN_PATH": str(tmp_path / "elsewhere")})
    assert found.plugin_path == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("version", "plugins", "words"),
    [
        ("1.6.6", {}, "is version 1.6.6, the lock wants >=1.16.0"),
        ("1.16.0", {"amazon": "1.8.2"}, "has no plugin github.com/hashicorp/ansible"),
        ("1.16.0", {"amazon": "1.3.0", "ansible": "1.0.3"}, "only 1.3.0"),
    ],
)
def test_does_not_fit(
    lock: Lock, env: dict[str, str], tmp_path: Path, root: Path, version: str, plugins: dict[str, str], words: str
) -> None:
    write_packer(tmp_path / "bin" / "packer", version)
    for name, plugin_version in plugins.items():
        write_plugin(root, name, plugin_version)
    with pytest.raises(NotAvailable, match=words):
        system.find(lock, env)


def test_another_program_is_passed_over(lock: Lock, env: dict[str, str], tmp_path: Path, root: Path) -> None:
    """cracklib's packer reads words from standard input; the next one on PATH is the right one."""
    write_program(tmp_path / "bin" / "packer", "#!/bin/sh\ncat\n")
    right = write_packer(tmp_path / "bin2" / "packer")
    write_plugin(root, "amazon", "1.8.2")
    write_plugin(root, "ansible", "1.0.3")
    env["PATH"] = f"{tmp_path / 'bin'}:{tmp_path / 'bin2'}:/usr/bin:/bin"
    assert system.find(lock, env).executable == right


def test_a_program_that_hangs_is_given_up(env: dict[str, str], tmp_path: Path) -> None:
    program = write_program(tmp_path / "bin" / "packer", "#!/bin/sh\nexec sleep 60\n")
    began = time.monotonic()
    assert packer.version(program, env, limit=0.5) is None
    assert time.monotonic() - began < 50


def test_same_file_is_asked_once(tmp_path: Path) -> None:
    write_packer(tmp_path / "a" / "packer")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert system.on_path("packer", f"{tmp_path / 'a'}:{tmp_path / 'b'}::") == [tmp_path / "a" / "packer"]


def test_plugin_address() -> None:
    path = Path("/p/github.com/hashicorp/amazon/packer-plugin-amazon_v1.8.2_x5.0_linux_amd64")
    assert packer.plugin_address(path) == ("github.com/hashicorp/amazon", "1.8.2")
    assert packer.plugin_address(Path("/p/README")) is None
