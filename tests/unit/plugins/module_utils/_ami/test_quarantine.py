# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What failed its tests is told, by the first word of a tag."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.quarantine import first_word, quarantined


@pytest.mark.parametrize(
    ("text", "word"),
    [("", ""), ("passed", "passed"), ("Failed, by hand", "failed"), ("failed 2026-11-20 by golden-1", "failed")],
)
def test_the_first_word_counts(text: str, word: str) -> None:
    assert first_word(text) == word
    assert quarantined({"golden:tested": text}) is (word == "failed")


def test_never_tested_is_not_failed() -> None:
    assert not quarantined({})
    assert not quarantined({"golden:tests": "failed"})
