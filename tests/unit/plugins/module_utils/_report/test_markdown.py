# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Markdown in which others' text is text."""

from __future__ import annotations

import re

from ansible_collections.golden.ami.plugins.module_utils._report.markdown import page, plain, table
from harness.planted_report import hostile, report
from hypothesis import given
from hypothesis import strategies as st


def test_pipes_and_ends_of_lines_do_not_end_a_cell() -> None:
    assert table(["a", "b"], [["x|y\nz", None]]) == "| a | b |\n| --- | --- |\n| x\\|y z |  |"
    assert plain("<b>*`_[x](y)\\") == r"\<b\>\*\`\_\[x\](y)\\"


@given(st.text())
def test_no_sign_is_left_unescaped(text: str) -> None:
    left = re.sub(r"\\[\\`*_{}\[\]<>#|~!&]", "", plain(text))
    assert not re.search(r"[\\`*_{}\[\]<>#|~!&\n]", left)


def test_each_table_has_as_many_cells_in_each_row() -> None:
    for one in (report(), hostile()):
        for block in page(one).split("\n\n"):
            rows = [re.sub(r"\\.", "", line).count("|") for line in block.splitlines() if line.startswith("|")]
            assert len(set(rows)) <= 1, block


def test_it_says_what_the_data_say() -> None:
    text = page(report())
    assert "- 222222222222/us-east-1: references: auto-scaling-groups: AccessDenied" in text
    assert "| wordpress | 20261003090000 | 50 days (2026-10-03 17:00 UTC) | passed | 1 of 1 | nothing |" in text
    assert "| web | 20261122150000 | 1 hour (2026-11-22 15:04 UTC) | passed | 2 or more of 5 | deprecate 1 |" in text
    assert "- base 20261001060000 → wordpress 20261003090000" in text
    assert "wordpress is behind: it was made from" in text
    assert "| removed | services | cron.service | enabled/active |  |" in text


def test_nothing_is_said_to_be_nothing() -> None:
    empty = {**report()["images"][0], "versions": [], "channels": [], "changes": [], "pruning": None}
    text = page({**report(), "images": [empty], "lineage": {"nodes": [], "edges": []}, "not_read": []})
    assert "## Not read" not in text
    assert "There is no AMI." in text
    assert "Not known: see what was not read." in text


def test_a_place_whose_channels_are_not_known_is_told() -> None:
    told = report()
    told["images"][2]["places"][0]["channels_read"] = False
    assert "| 111111111111/eu-west-1 | not read |" in page(told)
