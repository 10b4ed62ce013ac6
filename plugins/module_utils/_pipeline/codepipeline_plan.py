# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is to be done with an execution of a pipeline."""

from __future__ import annotations

import collections.abc as c
import dataclasses


@dataclasses.dataclass(frozen=True)
class Plan:
    """C(send) makes the one writing call and gives the execution's id; None when there is nothing to do.

    C(execution_id) is known before that unless the call makes the execution.
    """

    execution_id: str | None
    reason: str
    send: c.Callable[[], str] | None
