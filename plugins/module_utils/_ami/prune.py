# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_prune does."""

from __future__ import annotations

import datetime
import typing as t

from .accounts import Accounts
from .prune_apply import Applying, foreseen
from .prune_options import ARGUMENT_SPEC, read_options
from .prune_read import Reading
from .prune_result import Result, failure_message, make_result, tell
from .steps import PartlyDoneError

__all__ = ["ARGUMENT_SPEC", "run"]


def run(module: t.Any) -> Result:
    """Take those AMIs a stage further that the policy lets go and that nothing uses."""
    options = read_options(module.params)
    now = datetime.datetime.now(datetime.UTC)
    reading = Reading(Accounts(module.client, module.region, options.role_name), options, now)
    world, plan = reading.decide()
    for name in reading.unknown_channels:
        module.warn(
            f"per_channel: none of the images has a channel {name}. Correct it, unless nothing was promoted to it yet."
        )
    orphans = reading.orphaned_snapshots() if options.orphaned_snapshots else None
    outcomes = foreseen(plan)
    if not module.check_mode and plan.taken:
        applying = Applying(reading, options.policy, plan)
        applying.apply()
        outcomes = applying.outcomes
    told = tell(plan, outcomes, now)
    result = make_result(told, outcomes, world, options.policy, orphans)
    message = failure_message(told)
    if message:
        raise PartlyDoneError(message, **result)
    return result
