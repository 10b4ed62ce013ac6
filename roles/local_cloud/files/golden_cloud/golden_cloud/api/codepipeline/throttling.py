# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which errors say that a call came too soon."""

from __future__ import annotations

from botocore.exceptions import ClientError

_CODES = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}


def is_throttled(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _CODES
