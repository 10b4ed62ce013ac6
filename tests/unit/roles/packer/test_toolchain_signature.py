# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real signatures by a throw-away key, checked with each tool that this machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from golden_toolchain import signature
from golden_toolchain.errors import NotAvailable, ToolchainError
from golden_toolchain.signature import Verifier
from toolchain_fakes import Key


@pytest.fixture(params=["gpgv", "gpg", "sqv"])
def tool(request: pytest.FixtureRequest) -> Path:
    found = shutil.which(request.param)
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return Path(found)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "SHA256SUMS"
    path.write_text("abc  file\n", encoding="utf-8")
    return path


def test_good(tool: Path, data: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    keys[0].sign(data, tmp_path / "sig")
    signature.verify(Verifier(tool, keys[0].public, keys[0].fingerprint), data, tmp_path / "sig", tmp_path)


def test_changed_data(tool: Path, data: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    keys[0].sign(data, tmp_path / "sig")
    data.write_text("abd  file\n", encoding="utf-8")
    with pytest.raises(ToolchainError, match="not good"):
        signature.verify(Verifier(tool, keys[0].public, keys[0].fingerprint), data, tmp_path / "sig", tmp_path)


def test_a_strangers_signature(tool: Path, data: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    keys[1].sign(data, tmp_path / "sig")
    with pytest.raises(ToolchainError, match="not good"):
        signature.verify(Verifier(tool, keys[0].public, keys[0].fingerprint), data, tmp_path / "sig", tmp_path)


def test_the_key_file_is_not_the_pinned_key(tool: Path, data: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    """Who can replace the key file cannot replace the fingerprint in the lock."""
    keys[1].sign(data, tmp_path / "sig")
    with pytest.raises(ToolchainError, match=keys[0].fingerprint):
        signature.verify(Verifier(tool, keys[1].public, keys[0].fingerprint), data, tmp_path / "sig", tmp_path)


def test_not_a_signature(tool: Path, data: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    (tmp_path / "sig").write_text("<html>sign in</html>", encoding="utf-8")
    with pytest.raises(ToolchainError, match="not good"):
        signature.verify(Verifier(tool, keys[0].public, keys[0].fingerprint), data, tmp_path / "sig", tmp_path)


def test_no_tool(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match="apt-get install gpgv"):
        signature.verifier(tmp_path / "key", "F" * 40, str(tmp_path))


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("[GNUPG:] GOODSIG A x\n[GNUPG:] VALIDSIG SUB 2026-01-01 1 0 4 0 1 8 00 PRIMARY\n", "PRIMARY"),
        ("[GNUPG:] EXPKEYSIG A x\n[GNUPG:] VALIDSIG SUB 2026-01-01 1 0 4 0 1 8 00 PRIMARY\n", None),
        ("[GNUPG:] GOODSIG A x\n[GNUPG:] REVKEYSIG A x\n[GNUPG:] VALIDSIG SUB 1 PRIMARY\n", None),
        ("[GNUPG:] GOODSIG A x\n[GNUPG:] GOODSIG B x\n[GNUPG:] VALIDSIG SUB 1 PRIMARY\n", None),
        ("GOODSIG A\nVALIDSIG PRIMARY\n", None),
        ("", None),
    ],
)
def test_gnupg_says(status: str, wanted: str | None) -> None:
    assert signature.gnupg_says(status) == wanted


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END"])
def test_dearmor_refuses(text: str) -> None:
    with pytest.raises(ToolchainError, match="Restore it"):
        signature.dearmor(text)
