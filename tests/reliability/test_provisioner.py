# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioner that fails: the build fails with its words, and nothing stays of it."""

from __future__ import annotations

import pytest
from reliability.ground import Row

PIPED = """\
set -o pipefail
(echo the installer says no >&2; exit 7) | tail -n 1
echo never comes here"""


@pytest.mark.row("good build", representative=True)
def test_a_good_build_is_one_ami(row: Row) -> None:
    """What all the other rows are measured by: the frame sees a good build as good."""
    row.bench.image("web", "echo hello | sudo tee /etc/greeting")
    result = row.bench.build("web")
    assert result.outcome == "built", result
    assert row.good(result, "web")["Name"].startswith("web-")
