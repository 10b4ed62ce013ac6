# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of git's protocol over HTTP that the server has to understand; the rest is git's own business."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_PATH = re.compile(
    r"(?P<path>/git/(?P<region>[a-z0-9-]+)/v1/repos/(?P<name>[^/]+?))/+"
    r"(?P<what>info/refs|git-upload-pack|git-receive-pack)"
)
SERVICES = ("git-upload-pack", "git-receive-pack")
BLOCK = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """What a request is for."""

    path: str
    """Of the repository, as it is signed."""
    region: str
    name: str
    service: str
    """``git-upload-pack`` (clone and fetch) or ``git-receive-pack`` (push)."""
    advertise: bool
    """Whether it begins the conversation."""

    @property
    def writes(self) -> bool:
        return self.service == "git-receive-pack"


def clone_path(region: str, name: str) -> str:
    """The path of a repository's address: like AWS's, with the Region, which AWS has in the name of the host."""
    return f"/git/{region}/v1/repos/{name}"


def asked(path: str, query: str) -> Asked | None:
    """What git asks for; None when it isn't git."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    advertise = match["what"] == "info/refs"
    service = query.removeprefix("service=").partition("&")[0] if advertise else match["what"]
    return Asked(match["path"], match["region"], match["name"], service, advertise)


def user_and_password(header: str | None) -> tuple[str, str | None, str] | None:
    """Access key, session token and password of a Basic header; None without one that can be read."""
    kind, _space, encoded = (header or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    access_key, percent, token = user.partition("%")
    return (access_key, token if percent else None, password) if colon else None


def blocks(stream: IO[bytes], *, gzipped: bool) -> Iterator[bytes]:
    """The body; ``zlib.error`` when it is not gzip though it says so."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while block := stream.read(BLOCK):
        if not gzipped:
            yield block
            continue
        while block:
            yield unpack.decompress(block, BLOCK)
            block = unpack.unconsumed_tail
    if gzipped:
        yield unpack.flush()


def commands(stream: IO[bytes]) -> list[tuple[str, str, str]]:
    """The references (name, old id, new id) that a push asks to change; ``ValueError`` when it can't be read."""
    found = []
    while (size := int(stream.read(4) or b"0000", 16)) >= 4:
        line = stream.read(size - 4).split(b"\0", 1)[0].decode().rstrip("\n")
        if line.startswith("shallow "):
            continue
        old, new, name = line.split(" ", 2)
        found.append((name, old, new))
    return found


def service_line(service: str) -> bytes:
    """The beginning of an advertisement."""
    line = f"# service={service}\n".encode()
    return f"{len(line) + 4:04x}".encode() + line + b"0000"
