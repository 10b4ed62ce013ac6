# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``release_site.py TOOLCHAIN DIRECTORY PLACE``: a release site like HashiCorp's, of the binaries of an installed toolchain.

DIRECTORY gets ``site``, signed with a key that is thrown away, and ``lock.json``: the collection's lock file that trusts this
key, as it is to be used where DIRECTORY is copied to, PLACE.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
FILES = CHECKOUT / "roles" / "packer" / "files"
sys.path[:0] = [str(FILES), str(CHECKOUT / "tests" / "unit" / "roles" / "packer")]

from golden_toolchain import lock as lock_module
from golden_toolchain import release
from golden_toolchain.host import Host, detect
from golden_toolchain.lock import Component, Lock
from toolchain_fakes import Key, make_key

HOST = "http://site"


def main(toolchain: Path, directory: Path, place: Path) -> None:
    lock = lock_module.load(FILES / "packer.lock.json")
    with tempfile.TemporaryDirectory() as scratch:
        key = make_key(Path(scratch) / "gnupg")
        try:
            for component in lock.components:
                publish(component, binary(toolchain, component), lock, key, directory / "site")
        finally:
            subprocess.run(["gpgconf", "--homedir", str(key.home), "--kill", "all"], check=True)
        (directory / "public.asc").write_bytes(key.public.read_bytes())
    own = json.loads((FILES / "packer.lock.json").read_text(encoding="utf-8"))
    own["release"] |= {"key_file": str(place / "public.asc"), "key_fingerprint": key.fingerprint}
    (directory / "lock.json").write_text(json.dumps(own), encoding="utf-8")


def binary(toolchain: Path, component: Component) -> Path:
    """The one file of a component in an installed toolchain."""
    names = re.compile(rf"{component.release}(_v{re.escape(component.version)}_.*(?<!_SHA256SUM))?")
    found = [path for path in toolchain.rglob("packer*") if path.is_file() and names.fullmatch(path.name)]
    if len(found) != 1:
        raise SystemExit(f"{toolchain} holds {len(found)} files of {component.release}, not one")
    return found[0]


def publish(component: Component, program: Path, lock: Lock, key: Key, site: Path) -> None:
    """The archive with the checksum file and its signature, where the role looks for them."""
    where = release.addresses(lock.release, component, _host(), HOST)
    archive, sums, signature = (
        site / url.removeprefix(f"{HOST}/") for url in (where.archive, where.checksums, where.signature)
    )
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.write(program, program.name)
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    sums.write_text(f"{'0' * 64}  another.zip\n{digest}  {archive.name}\n", encoding="utf-8")
    key.sign(sums, signature)


def _host() -> Host:
    """This host's, which the machines on it share."""
    return detect()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
