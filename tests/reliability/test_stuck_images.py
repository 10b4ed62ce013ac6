# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AMI that stays pending or fails: the build ends in a time that the user can give, and the AMI goes with its snapshots."""

from __future__ import annotations

import pytest
from harness.builds import TEMPLATE
from harness.faults import Faults
from reliability.ground import Row
from reliability.truth import settle


@pytest.mark.row("stuck images")
def test_pending_until_the_timeout(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    faults.add("ec2:CreateImage", "image_pending")
    result = row.bench.build("web", timeout=120)
    assert "the timeout of 120 s" in result.msg
    assert "image" in {one["type"] for one in result.removed}
    assert settle(row, faults, result, "web") == "failed"
    assert result.seconds < 120 + 120


@pytest.mark.row("stuck images")
def test_pending_until_packer_gives_up(row: Row, faults: Faults) -> None:
    """How long it waits is aws_polling in the template."""
    assert "max_attempts  = 600" in TEMPLATE
    row.bench.image("web", template=TEMPLATE.replace("max_attempts  = 600", "max_attempts  = 25"))
    faults.add("ec2:CreateImage", "image_pending")
    result = row.bench.build("web")
    # The time may be over while it waits, or while it asks.
    assert "exceeded max wait time" in result.msg or "context deadline exceeded" in result.msg
    assert "aws_polling" in result.msg, "what can be done is told"
    assert settle(row, faults, result, "web") == "failed"


@pytest.mark.row("stuck images", representative=True)
def test_failed(row: Row, faults: Faults) -> None:
    row.bench.image("web")
    faults.add("ec2:CreateImage", "image_failed")
    result = row.bench.build("web")
    assert "Error waiting for AMI" in result.msg
    assert settle(row, faults, result, "web") == "failed"
