# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A role that was made a moment ago is not known everywhere yet, and what it may do not either."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

# IAM's own word for how long that takes is "seconds"; it is rarely more than ten of them.
_PATIENCE = 60.0
_PAUSE = 3.0

Answer = t.TypeVar("Answer")


def once_the_role_is_known(call: t.Callable[[], Answer], code: str, *words: str) -> Answer:
    """Call a service that tries the role it is given, again where it refuses that with this code and any of these words."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return call()
        except is_boto3_error_code(code) as error:
            if time.monotonic() >= until or not any(one in str(error) for one in words):
                raise
        time.sleep(_PAUSE)
