# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns stand below each other, whatever is in them."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._ami import table


def test_columns_are_as_wide_as_they_must_be() -> None:
    rows = [("111111111111/eu-west-1", "ami-1", "a reason"), ("2/us-east-1", None, "another, longer one")]
    assert table.lines(rows) == [
        "111111111111/eu-west-1  ami-1  a reason",
        "2/us-east-1                    another, longer one",
    ]


def test_no_rows() -> None:
    assert table.lines([]) == []


def test_an_empty_end_leaves_no_blanks() -> None:
    assert table.lines([("a", ""), ("bb", "c")]) == ["a", "bb  c"]
