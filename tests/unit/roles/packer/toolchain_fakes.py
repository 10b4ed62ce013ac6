# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fakes that behave like the programs and the site that the toolchain meets."""

from __future__ import annotations

import subprocess
import textwrap
import typing as t
from pathlib import Path

FILES = Path(__file__).resolve().parents[4] / "roles" / "packer" / "files"

# Answers as Packer does. A fake plugin's content is its version.
FAKE_PACKER = """\
    #!/bin/sh
    root="${{PACKER_PLUGIN_PATH:-$HOME/.config/packer/plugins}}"
    case "$1 $2" in
      "version ") echo "Packer v{version}" ;;
      "plugins installed") find "$root" -name 'packer-plugin-*' 2>/dev/null | sort ;;
      "plugins install")
        mkdir -p "$root/$5"
        cp "$4" "$root/$5/packer-plugin-${{5##*/}}_v$(cat "$4")_x5.0_linux_amd64" ;;
      *) exit 1 ;;
    esac
"""


def write_program(path: Path, text: str) -> Path:
    """An executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    path.chmod(0o755)
    return path


def write_packer(path: Path, version: str = "1.16.0") -> Path:
    return write_program(path, textwrap.dedent(FAKE_PACKER).format(version=version))


def write_plugin(root: Path, name: str, version: str) -> Path:
    """A plugin where Packer keeps it."""
    path = root / "github.com" / "hashicorp" / name / f"packer-plugin-{name}_v{version}_x5.0_linux_amd64"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(version, encoding="utf-8")
    return path


class Key(t.NamedTuple):
    """A throw-away OpenPGP key."""

    home: Path
    public: Path
    fingerprint: str

    def sign(self, path: Path, signature: Path) -> None:
        gpg(self.home, "--yes", "--detach-sign", "--output", str(signature), str(path))


def gpg(home: Path, *arguments: str) -> str:
    argv = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--passphrase", "", "--pinentry-mode", "loopback"]
    return subprocess.run([*argv, *arguments], check=True, capture_output=True, text=True).stdout


def make_key(home: Path) -> Key:
    home.mkdir(mode=0o700)
    gpg(home, "--quick-generate-key", "Test <test@example.com>", "ed25519", "sign", "never")
    listing = gpg(home, "--with-colons", "--fingerprint")
    fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
    public = home / "public.asc"
    public.write_text(gpg(home, "--armor", "--export"), encoding="ascii")
    return Key(home, public, fingerprint)


class Site(t.NamedTuple):
    """A release site on loopback."""

    root: Path
    url: str

    def path(self, product: str, version: str, name: str) -> Path:
        return self.root / product / version / f"{product}_{version}_{name}"
