# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed build left is removed once, and told the same before."""

from __future__ import annotations

from harness.four import Four


def test_nothing_to_sweep_calls_nothing(four: Four) -> None:
    outcome = four.module("golden.ami.build_sweep", {})
    outcome.expect(changed=False, writes={}, idle_reads=0)
