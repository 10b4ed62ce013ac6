# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is inside a version, in SSM parameters and back."""

from __future__ import annotations

import base64
import dataclasses
import random
import zlib

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.calls import AmiError
from ansible_collections.golden.ami.plugins.module_utils._inside import store
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents
from ansible_collections.golden.ami.plugins.module_utils._inside.store import Damaged, packed, unpacked
from harness.insides import AFTER, BEFORE, kept

# Names that do not compress: of as many as a large system has.
RANDOM = random.Random(1)
LARGE = dataclasses.replace(BEFORE, packages={RANDOM.randbytes(12).hex(): "1.0" for _number in range(1500)})


def numbered(values: list[str]) -> dict[int, str]:
    return dict(enumerate(values, start=1))


@pytest.mark.parametrize("contents", [Contents(), BEFORE, LARGE])
def test_it_comes_back_from_parameters_of_the_standard_tier(contents: Contents) -> None:
    values = packed(kept(contents))
    assert all(len(value.encode()) <= 4096 and "{" not in value for value in values)
    assert (len(values) > 3) == (contents is LARGE)
    assert unpacked(numbered(values)) == kept(contents)


def test_what_a_larger_one_left_does_not_matter() -> None:
    left = numbered(packed(kept(LARGE)))
    assert unpacked({**left, **numbered(packed(kept(BEFORE)))}) == kept(BEFORE)


def _text(of: bytes) -> str:
    return base64.b64encode(zlib.compress(of)).decode()


def _headed(encoded: str) -> dict[int, str]:
    digest = store.hashlib.sha256(encoded.encode()).hexdigest()[:16]
    return {1: f"golden.ami contents 1/1 {digest}\n{encoded}"}


LARGE_VALUES = numbered(packed(kept(LARGE)))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({1: "hands off"}, "the first of its parameters is not there, or is not this collection's"),
        ({2: LARGE_VALUES[2]}, "the first of its parameters is not there"),
        ({1: LARGE_VALUES[1]}, f"parameter 2 of {len(LARGE_VALUES)} is not there, or is not of the same writing"),
        ({**LARGE_VALUES, 3: LARGE_VALUES[2]}, f"parameter 3 of {len(LARGE_VALUES)} is not there"),
        ({**LARGE_VALUES, 3: LARGE_VALUES[3] + "AA"}, "do not have the digest that they tell"),
        (_headed("no base64!"), "it is not what this collection writes"),
        (_headed(base64.b64encode(b"no zlib").decode()), "it is not what this collection writes"),
        (_headed(_text(b"no json")), "it is not what this collection writes"),
        (_headed(_text(b'"\xff"')), "it is not what this collection writes"),
        (_headed(_text(b"[]")), "it is not what this collection writes"),
        (_headed(_text(b"{}")), "it is not what this collection writes"),
        (_headed(_text(b'{"format": 2}')), "it has format 2; this collection reads format 1"),
    ],
)
def test_what_is_damaged_is_not_read(values: dict[int, str], reason: str) -> None:
    with pytest.raises(Damaged, match=reason):
        unpacked(values)


def test_more_than_there_is_room_for_is_refused_before_a_call() -> None:
    huge = dataclasses.replace(AFTER, packages={RANDOM.randbytes(40).hex(): "1.0" for _number in range(5000)})
    with pytest.raises(
        AmiError, match="would take [0-9]{2,3} SSM parameters below /golden/web/contents/1.0, of which 50 are the most"
    ):
        store.write(None, "web", "1.0", kept(huge))
