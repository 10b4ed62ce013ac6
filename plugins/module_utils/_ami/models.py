# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""botocore's descriptions of services, read once."""

from __future__ import annotations

import functools
import typing as t


def share_models() -> None:
    """Let the sessions of this process share what they read of botocore's own files.

    amazon.aws makes a session for each client, and each reads EC2's description again: half a second of computing for
    every Region.
    """
    import botocore.session  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing

    session: t.Any = botocore.session
    if not hasattr(session.create_loader, "cache_info"):
        session.create_loader = functools.cache(session.create_loader)
