# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

from ansible_collections.golden.ami.plugins.module_utils._ami.artifacts import OwnImage
from ansible_collections.golden.ami.plugins.module_utils._packer.naming import new_version

NOW = datetime.datetime(2026, 11, 21, 23, 59, 58, tzinfo=datetime.UTC)


def image(version: str) -> OwnImage:
    return OwnImage("ami-1", NOW, {"golden:version": version}, (), {}, "available")


def test_the_time_is_a_version() -> None:
    assert new_version([], NOW) == "20261121235958"
    assert new_version([image("1.0"), image("20261121235957")], NOW) == "20261121235958"


def test_a_version_that_is_there_does_not_come_again() -> None:
    assert new_version([image("20261121235958"), image("20261121235959")], NOW) == "20261122000000"
