# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.lock import lifetime

HOUR = 3600.0


@pytest.mark.parametrize(
    ("timeout", "placements", "hours"), [(None, 1, 12.5), (None, 0, 12.5), (HOUR, 1, 1.5), (HOUR, 3, 3.5)]
)
def test_a_lock_lasts_longer_than_its_build(timeout: float | None, placements: int, hours: float) -> None:
    assert lifetime(timeout, placements) == hours * HOUR
