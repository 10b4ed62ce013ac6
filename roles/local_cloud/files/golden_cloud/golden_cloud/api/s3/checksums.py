# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksums that S3 knows, as base64 of their bytes, big end first."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from functools import cache

CRC32C = 0x82F63B78
CRC64NVME = 0x9A6C9329AC4BC9B5
"""Polynomials, with the lowest power first."""


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _bit in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


def _crc(body: bytes, polynomial: int, bits: int) -> bytes:
    """Slow (about 10 MB in a second), as Python has no module for these."""
    table = _table(polynomial)
    ones = (1 << bits) - 1
    value = ones
    for byte in body:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return (value ^ ones).to_bytes(bits // 8, "big")


_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "CRC32C": lambda body: _crc(body, CRC32C, 32),
    "CRC64NVME": lambda body: _crc(body, CRC64NVME, 64),
    "SHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
}
ALGORITHMS = tuple(_DIGESTS)


def compute(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    """The checksum, in place of moto's function; ``KeyError`` for an algorithm that is not known."""
    digest = _DIGESTS[algorithm.upper()](body)
    return base64.b64encode(digest) if encode_base64 else digest
