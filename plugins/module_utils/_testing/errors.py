# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import typing as t

from .._ami.steps import ResultError


class TestError(ResultError):
    """The task cannot go on, or must not pass: a sentence for the reader and the facts that are known by then."""

    # pytest would take it for a class of tests.
    __test__: t.ClassVar[bool] = False


class Interrupted(Exception):
    """Somebody wants the module to end: nothing more is begun."""
