# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS is told of a refresh, and how long it may take. How it is followed is in modules/test_ami_deploy.py."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._deploy.options import Group
from ansible_collections.golden.ami.plugins.module_utils._deploy.refresh import longest, preferences_of


def test_aws_goes_back_by_itself_in_any_case() -> None:
    assert preferences_of(Group("web", 90, None, (), None), 0) == {"MinHealthyPercentage": 90, "AutoRollback": True}
    assert preferences_of(Group("web", 50, 0, (20, 100), 0), 60) == {
        "MinHealthyPercentage": 50,
        "AutoRollback": True,
        "InstanceWarmup": 0,
        "CheckpointPercentages": [20, 100],
        "CheckpointDelay": 0,
        "BakeTime": 60,
    }


def test_each_instance_and_each_checkpoint_has_its_time() -> None:
    assert longest(Group("web", 90, None, (), None), 60, 600, 3) == 4 * 600 + 60
    # AWS waits an hour at a checkpoint unless it is told otherwise.
    assert longest(Group("web", 90, None, (50, 100), None), 0, 600, 1) == 2 * 600 + 2 * 3600
    assert longest(Group("web", 90, None, (50, 100), 10), 0, 600, 1) == 2 * 600 + 20
