# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Where it is kept what is inside a version: SSM parameters below /golden/IMAGE/contents/VERSION, as many as it takes."""

from __future__ import annotations

import base64
import binascii
import collections.abc as c
import dataclasses
import hashlib
import json
import zlib

from .._ami.calls import AmiError, Client
from .._ami.contents_parameters import HEAD, contents_path, read_contents, write_contents
from .contents import Contents, contents_of

# What a parameter of the standard tier takes, without the line that each begins with.
_SIZE = 4096 - 64
# 200 KB: more than ten times what a large Linux system takes.
_MOST = 50
_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Kept:
    """What was inside a version, of which AMI's instance that is, and since when it is known (ISO 8601)."""

    contents: Contents
    image_id: str
    when: str


class Damaged(ValueError):
    """What is kept of a version is not to be read."""


def packed(kept: Kept) -> list[str]:
    """The values of the parameters, in order. SSM takes no double braces, so it is base64."""
    told = {"format": _FORMAT, "image_id": kept.image_id, "when": kept.when, "contents": kept.contents.told()}
    text = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    encoded = base64.b64encode(zlib.compress(text, 9)).decode()
    digest = hashlib.sha256(encoded.encode()).hexdigest()[:16]
    parts = [encoded[start : start + _SIZE] for start in range(0, len(encoded), _SIZE)]
    return [f"golden.ami contents {number}/{len(parts)} {digest}\n{part}" for number, part in enumerate(parts, start=1)]


def unpacked(values: c.Mapping[int, str]) -> Kept:
    """What C(packed) made, by number. More of them may be there: what a larger one left. Raises Damaged."""
    heads = {number: HEAD.match(value) for number, value in sorted(values.items())}
    first = heads.get(1)
    if not first:
        raise Damaged("the first of its parameters is not there, or is not this collection's")
    encoded = ""
    for number in range(1, int(first["parts"]) + 1):
        head = heads.get(number)
        if not head or head.groups() != (str(number), first["parts"], first["digest"]):
            raise Damaged(f"parameter {number} of {first['parts']} is not there, or is not of the same writing")
        encoded += values[number][head.end() :]
    if hashlib.sha256(encoded.encode()).hexdigest()[:16] != first["digest"]:
        raise Damaged("its parameters do not have the digest that they tell")
    try:
        told = json.loads(zlib.decompress(base64.b64decode(encoded, validate=True)))
        if told["format"] != _FORMAT:
            raise Damaged(f"it has format {told['format']}; this collection reads format {_FORMAT}")
        return Kept(contents_of(told["contents"]), str(told["image_id"]), str(told["when"]))
    except (
        KeyError,
        TypeError,
        AttributeError,
        zlib.error,
        binascii.Error,
        UnicodeDecodeError,
        json.JSONDecodeError,
    ) as error:
        raise Damaged(f"it is not what this collection writes ({error!r})") from error


def read(ssm: Client, image: str, version: str) -> Kept | None:
    """What is kept of a version in a place; None when nothing is. One call for ten parameters."""
    values = read_contents(ssm, image, version)
    if not values:
        return None
    try:
        return unpacked(values)
    except Damaged as error:
        raise AmiError(
            f"What is inside {image} {version} can't be read from {contents_path(image, version)}: {error}. Test the version again"
            " (golden.ami.ami_test), which writes it."
        ) from error


def write(ssm: Client, image: str, version: str, kept: Kept) -> list[str]:
    """Keep it in place of what was kept before. Gives the names of the parameters."""
    values = packed(kept)
    if len(values) > _MOST:
        raise AmiError(
            f"What is inside {image} {version} would take {len(values)} SSM parameters below {contents_path(image, version)}, of"
            f" which {_MOST} are the most. It is not kept."
        )
    return write_contents(ssm, image, version, values)
