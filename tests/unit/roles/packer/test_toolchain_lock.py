# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock file, and what is checked in beside it, agree with each other."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from golden_toolchain import lock as lock_module
from golden_toolchain.errors import ToolchainError
from golden_toolchain.lock import Lock
from golden_toolchain.signature import dearmor
from golden_toolchain.versions import satisfies
from toolchain_fakes import FILES


def test_pins(lock: Lock) -> None:
    assert lock.versions == {"packer": "1.16.0", "amazon": "1.8.2", "ansible": "1.0.3"}


def test_pins_satisfy_their_own_constraints(lock: Lock) -> None:
    assert all(satisfies(component.version, component.system) for component in lock.components)


def test_modules_say_what_the_lock_says(lock: Lock) -> None:
    for component in lock.components:
        text = (FILES / "source" / component.source.directory / "go.mod").read_text(encoding="utf-8")
        assert f"tool {component.source.module}\n" in text
        assert re.search(rf"{re.escape(component.source.module)} v{re.escape(component.version)}\b", text)
        assert f"\ngo {component.source.go}\n" in text
        assert satisfies(lock.go_minimum, f">={component.source.go}")
        replaced = dict(re.findall(r"^replace (\S+) => (\S+ \S+)$", text, re.MULTILINE))
        assert replaced == component.source.replace


def test_go_sums_are_the_pinned_ones(lock: Lock) -> None:
    for component in lock.components:
        content = (FILES / "source" / component.source.directory / "go.sum").read_bytes()
        assert hashlib.sha256(content).hexdigest() == component.source.go_sum_sha256


def test_key_is_hashicorps(lock: Lock) -> None:
    """A version 4 fingerprint is the SHA-1 over the primary key packet, which comes first."""
    data = dearmor((FILES / lock.release.key_file).read_text(encoding="ascii"))
    assert data[0] == 0x99, "a public key packet, with a length of two bytes"
    packet = data[: 3 + int.from_bytes(data[1:3], "big")]
    assert hashlib.sha1(packet).hexdigest().upper() == lock.release.key_fingerprint


def test_digest_is_of_the_stripped_text(tmp_path: Path, lock: Lock) -> None:
    copy = tmp_path / "lock.json"
    copy.write_text((FILES / "packer.lock.json").read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    assert lock_module.load(copy).digest == lock.digest
    copy.write_text(copy.read_text(encoding="utf-8").replace("1.8.2", "1.8.3"), encoding="utf-8")
    assert lock_module.load(copy).digest != lock.digest


@pytest.mark.parametrize(("text", "words"), [(None, "cannot be read"), ("{", "damaged"), ("{}", "damaged")])
def test_a_bad_lock_is_told(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "lock.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ToolchainError, match=words):
        lock_module.load(path)
