# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Lines for a person: columns side by side, the longest text last."""

from __future__ import annotations

import collections.abc as c


def lines(rows: c.Sequence[c.Sequence[object]]) -> list[str]:
    """One line for each row, with every column as wide as its widest cell. A cell that is None stays empty."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    padded = ([f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)] for row in texts)
    return ["  ".join(row).rstrip() for row in padded]
