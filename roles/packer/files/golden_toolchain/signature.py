# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify a detached OpenPGP signature with the tool that the machine has: gpgv, gpg or sqv.

Nothing is imported into anybody's key ring: the pinned public key goes to a scratch directory of its own.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from golden_toolchain.errors import NotAvailable, ToolchainError

_TOOLS = ("gpgv", "gpg", "sqv")
_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Verifier:
    """The public key to trust, by file and by the fingerprint that the lock pins, and the tool to use."""

    tool: Path
    key_file: Path
    fingerprint: str


def verifier(key_file: Path, fingerprint: str, path: str | None = None) -> Verifier:
    """Choose the tool; NotAvailable when the machine has none."""
    for name in _TOOLS:
        if found := shutil.which(name, path=path):
            return Verifier(Path(found), key_file, fingerprint)
    raise NotAvailable(
        "a release's signature cannot be verified: none of gpgv, gpg and sqv is installed (`apt-get install gpgv`)"
    )


def verify(verifier: Verifier, data: Path, signature: Path, scratch: Path) -> None:
    """Raise unless ``signature`` is a good one over ``data``, made by the pinned key."""
    keyring = scratch / "keyring.gpg"
    keyring.write_bytes(dearmor(verifier.key_file.read_text(encoding="ascii")))
    argv = _argv(verifier.tool, keyring, data, signature, scratch)
    try:
        answer = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{verifier.tool} could not verify the signature of {data.name}: {error}.") from error
    output = answer.stdout.decode(errors="replace")
    good = _sqv_says(output) if verifier.tool.name == "sqv" else gnupg_says(output)
    if answer.returncode != 0 or good != verifier.fingerprint:
        raise ToolchainError(
            f"The signature of {data.name} is not good: it must be made by the key {verifier.fingerprint}, "
            f"but {verifier.tool.name} says: {_words(answer.stderr, answer.stdout)}. "
            "The file may have been tampered with; nothing was installed."
        )


def dearmor(text: str) -> bytes:
    """The binary form of an armored key: gpgv and sqv of every age read that."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or not lines[0].startswith("-----BEGIN PGP PUBLIC KEY BLOCK"):
        raise ToolchainError("The public key file is not an armored OpenPGP key. Restore it from the collection.")
    body = lines[lines.index("") + 1 : -1] if "" in lines else lines[1:-1]
    try:
        return base64.b64decode("".join(line for line in body if not line.startswith("=")), validate=True)
    except binascii.Error as error:
        raise ToolchainError(f"The public key file is damaged ({error}). Restore it from the collection.") from error


def gnupg_says(status: str) -> str | None:
    """The primary fingerprint behind the one good, unexpired, unrevoked signature in GnuPG's status lines."""
    words = [line.split() for line in status.splitlines() if line.startswith("[GNUPG:] ")]
    kinds = [line[1] for line in words if len(line) > 1]
    if kinds.count("GOODSIG") != 1 or {"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"} & set(kinds):
        return None
    valid = [line[-1] for line in words if line[1] == "VALIDSIG"]
    return valid[0] if len(valid) == 1 else None


def _sqv_says(output: str) -> str | None:
    """sqv prints nothing but the fingerprints of the keys with good signatures."""
    lines = output.split()
    return lines[0].upper() if len(lines) == 1 else None


def _argv(tool: Path, keyring: Path, data: Path, signature: Path, scratch: Path) -> list[str]:
    match tool.name:
        case "sqv":
            return [str(tool), "--keyring", str(keyring), str(signature), str(data)]
        case "gpg":
            own = ["--homedir", _home(scratch), "--batch", "--no-default-keyring", "--trust-model", "always"]
            files = ["--verify", str(signature), str(data)]
        case _:
            own = ["--homedir", _home(scratch)]
            files = [str(signature), str(data)]
    return [str(tool), *own, "--keyring", str(keyring), "--status-fd", "1", *files]


def _home(scratch: Path) -> str:
    home = scratch / "gnupg"
    home.mkdir(mode=0o700, exist_ok=True)
    return str(home)


def _words(*streams: bytes) -> str:
    """What a person can read of the tool's output: GnuPG's status lines are for programs."""
    lines = b"\n".join(streams).decode(errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines if line.strip() and not line.startswith("[GNUPG:]")) or "nothing"
