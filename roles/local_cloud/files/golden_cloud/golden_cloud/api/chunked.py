# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of the content encoding aws-chunked, as S3's clients stream them: chunks, their signatures, and a trailer."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_LINE = 1024
"""Bytes of a chunk's first line, or of a line of the trailer."""


class MalformedBody(Exception):
    """The body is not what the header x-amz-content-sha256 says; the text says why."""


@dataclass(frozen=True)
class Chunk:
    """A piece of the payload; the last one is empty."""

    data: bytes
    signature: str | None


@dataclass(frozen=True)
class Body:
    """All of it, taken apart."""

    chunks: tuple[Chunk, ...]
    trailer: tuple[tuple[str, str], ...]
    """Names in lower case and values, without the signature."""
    trailer_signature: str | None

    @property
    def payload(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)


def read(body: bytes) -> Body:
    """Take a body apart; ``MalformedBody`` when it is cut or written otherwise."""
    chunks: list[Chunk] = []
    position = 0
    while not chunks or chunks[-1].data:
        line, position = _line(body, position)
        size, signature = _chunk_header(line)
        data = body[position : position + size]
        position += size
        if len(data) != size:
            raise MalformedBody(f"a chunk of {size} bytes has {len(data)}")
        if size:
            end, position = _line(body, position)
            if end:
                raise MalformedBody("a chunk is longer than it says")
        chunks.append(Chunk(data, signature))
    trailer: dict[str, str] = {}
    while position < len(body):
        line, position = _line(body, position)
        if line:
            name, _colon, value = line.partition(":")
            trailer[name.strip().lower()] = value.strip()
    signature = trailer.pop("x-amz-trailer-signature", None)
    return Body(tuple(chunks), tuple(trailer.items()), signature)


def _line(body: bytes, position: int) -> tuple[str, int]:
    end = body.find(b"\n", position, position + LONGEST_LINE)
    if end < 0:
        if position >= len(body):
            raise MalformedBody("it ends before its last chunk")
        raise MalformedBody("a line of it does not end")
    try:
        return body[position:end].rstrip(b"\r").decode("ascii"), end + 1
    except UnicodeDecodeError:
        raise MalformedBody("a line of it is no text") from None


def _chunk_header(line: str) -> tuple[int, str | None]:
    size, _semicolon, rest = line.partition(";")
    name, _equals, value = rest.partition("=")
    try:
        if not size or len(size) > 16 or set(size) - set("0123456789abcdefABCDEF"):
            raise ValueError(size)
        return int(size, 16), value if name == "chunk-signature" else None
    except ValueError:
        raise MalformedBody(f"{line[:40]!r} is no chunk's first line") from None
