# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is inside an image, told from inside it: sent to ``python -`` in a container, and prints one JSON object.

Needs nothing but Python's standard library. Debian's packages are those of dpkg, Python distributions those of each
environment, Go programs tell the modules that they were built of, as ``go version -m`` reads them.
"""

from __future__ import annotations

import glob
import importlib.metadata
import json
import os
import re
import subprocess
import sys

# The environment of the checkout, that of the system's Python, and where the programs are.
ENVIRONMENTS = ("/opt/golden.ami/.venv/lib/python3*/site-packages", "/usr/lib/python3/dist-packages")
GO_PROGRAMS = (
    "/root/.cache/golden.ami/packer/*/bin/*",
    "/root/.cache/golden.ami/packer/*/plugins/**/packer-plugin-*",
    "/opt/golden.ami/.venv/bin/task",
    "/usr/local/bin/*",
)
COLLECTIONS = "/opt/golden.ami/.venv/lib/python3*/site-packages/ansible_collections/*/*/MANIFEST.json"
# What a program says of its version; each is asked as people ask it.
PROGRAMS = (
    ("packer", ["packer", "version"], r"Packer v(\S+)"),
    ("ansible-core", ["ansible", "--version"], r"core ([^\]\s]+)"),
    ("goss", ["goss", "--version"], r"version v?(\S+)"),
    ("task", ["task", "--version"], r"(\d\S*)"),
    ("aws", ["aws", "--version"], r"aws-cli/(\S+)"),
    ("git", ["git", "--version"], r"version (\S+)"),
    ("python", ["python", "--version"], r"Python (\S+)"),
)
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_INLINE = 2
# The module information stands between two marks of 16 bytes.
_MARK = 16


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as Go writes it, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def text_at(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = varint(data, at)
    return data[at : at + length], at + length


def go_build(data: bytes) -> dict[str, object] | None:
    """What a Go program was built of: Go's version, its main module and the others; None for another program."""
    at = data.find(_MAGIC)
    while at >= 0:
        # The magic stands in programs that look for it as well; the real one is aligned and says how it is written.
        if at % 16 == 0 and len(data) > at + _HEADER and data[at + 15] & _INLINE:
            version, end = text_at(data, at + _HEADER)
            information, _end = text_at(data, end)
            if version.startswith((b"go", b"devel")):
                return {"go": version.decode(), **modules(information[_MARK:-_MARK].decode(errors="replace"))}
        at = data.find(_MAGIC, at + 1)
    return None


def modules(information: str) -> dict[str, object]:
    """The lines ``path``, ``mod``, ``dep`` and ``=>`` of what Go keeps; a replaced module is what replaces it."""
    path, main, found = "", None, []
    for line in information.splitlines():
        kind, *words = line.split("\t")
        if kind == "path":
            path = words[0]
        elif kind == "mod":
            main = module(words)
        elif kind == "dep":
            found.append(module(words))
        elif kind == "=>" and found:
            found[-1] = module(words)
    return {"path": path, "main": main, "modules": found}


def module(words: list[str]) -> dict[str, str]:
    return {"path": words[0], "version": words[1] if len(words) > 1 else ""}


def debian() -> list[dict[str, str]]:
    """The packages that are installed, not those of which only settings are left."""
    form = "${db:Status-Status}\\t${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\n"
    said = subprocess.run(["dpkg-query", "--show", "--showformat", form], check=True, stdout=subprocess.PIPE, text=True)
    names = ("name", "version", "architecture", "source")
    rows = [line.split("\t") for line in said.stdout.splitlines()]
    return [dict(zip(names, row[1:], strict=True)) for row in rows if row[0] == "installed"]


def distributions(patterns: tuple[str, ...] = ENVIRONMENTS) -> list[dict[str, str]]:
    """The Python distributions of each environment."""
    found = []
    for place in sorted(place for pattern in patterns for place in glob.glob(pattern)):
        for one in importlib.metadata.distributions(path=[place]):
            name, version = one.metadata["Name"], one.metadata["Version"]
            if name and version:
                found.append({"environment": place, "name": name, "version": version})
    return found


def programs(patterns: tuple[str, ...] = GO_PROGRAMS) -> list[dict[str, object]]:
    """The Go programs, each once, whatever links lead to it."""
    places = {os.path.realpath(place) for pattern in patterns for place in glob.glob(pattern, recursive=True)}
    found = []
    for place in sorted(place for place in places if os.path.isfile(place)):
        with open(place, "rb") as file:
            build = go_build(file.read())
        if build:
            found.append({"file": place, **build})
    return found


def collections(pattern: str = COLLECTIONS) -> list[dict[str, str]]:
    found = []
    for place in sorted(glob.glob(pattern)):
        with open(place, encoding="utf-8") as file:
            about = json.load(file)["collection_info"]
        found.append({"name": f"{about['namespace']}.{about['name']}", "version": about["version"]})
    return found


def plugins(patterns: tuple[str, ...] = GO_PROGRAMS[1:2]) -> list[dict[str, str]]:
    """Packer's plugins, as their files are called: ``packer-plugin-amazon_v1.8.2_x5.0_linux_amd64``."""
    names = [os.path.basename(place) for pattern in patterns for place in glob.glob(pattern, recursive=True)]
    matches = [re.match(r"packer-plugin-(.+?)_v([^_]+)_x[\d.]+_[a-z0-9]+_[a-z0-9]+$", name) for name in names]
    return [{"name": match[1], "version": match[2]} for match in matches if match]


def answers() -> dict[str, str]:
    """What each program says; one that says nothing is not there."""
    found = {}
    for name, argv, pattern in PROGRAMS:
        try:
            said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
        except OSError:
            continue
        match = re.search(pattern, said)
        if match:
            found[name] = match[1]
    return found


def system() -> dict[str, str]:
    with open("/etc/os-release", encoding="utf-8") as file:
        pairs = [line.strip().partition("=") for line in file if "=" in line]
    return {name: value.strip('"') for name, _equals, value in pairs if name in ("ID", "VERSION_ID", "PRETTY_NAME")}


def main() -> None:
    told = {
        "system": system(),
        "programs": answers(),
        "plugins": plugins(),
        "collections": collections(),
        "debian": debian(),
        "python": distributions(),
        "go": programs(),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
