# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is inside, as a value and as what a parameter keeps."""

from __future__ import annotations

import json

import pytest
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents, contents_of
from harness.insides import AFTER, BEFORE


@pytest.mark.parametrize("contents", [Contents(), BEFORE, AFTER, Contents(unread={"services": "it has no systemd"})])
def test_it_comes_back_from_json(contents: Contents) -> None:
    assert contents_of(json.loads(json.dumps(contents.told()))) == contents


def test_what_lacks_a_part_is_refused() -> None:
    told = BEFORE.told()
    del told["users"]
    with pytest.raises(KeyError):
        contents_of(told)
