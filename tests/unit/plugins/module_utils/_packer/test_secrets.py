# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.secrets import MASK, Scrubber

SECRET = 'pä"ss\nsecond line'


@pytest.mark.parametrize(
    "shown",
    [
        'pä"ss',
        "second line",
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps(SECRET)),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_every_form_is_taken_out(shown: str) -> None:
    text = Scrubber({"a": [SECRET]}).text(f"before {shown} after")
    assert MASK in text
    for part in ("second", 'pä"ss', "p\\u00e4", base64.b64encode(SECRET.encode()).decode()[:12]):
        assert part not in text


def test_numbers_inside_of_structures() -> None:
    assert Scrubber({"a": {"pin": 123456}}).text("pin=123456") == f"pin={MASK}"


def test_short_values_and_switches_would_blank_out_everything() -> None:
    assert Scrubber({"a": "yes", "b": True, "c": None}).text("yes, True, None") == "yes, True, None"
