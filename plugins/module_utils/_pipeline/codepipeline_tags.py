# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The tags that a pipeline is to have."""

from __future__ import annotations

import collections.abc as c

from .codepipeline_calls import PipelineError

_MOST, _KEY, _VALUE = 50, 128, 256
# Tags that AWS gives, and nobody else may.
_RESERVED = "aws:"


def check_tags(tags: c.Mapping[str, object] | None) -> None:
    """Refuse what AWS would refuse."""
    for key, value in (tags or {}).items():
        if key.lower().startswith(_RESERVED):
            raise PipelineError(f"The tag {key} begins with {_RESERVED}, which is reserved by AWS.")
        if not 1 <= len(key) <= _KEY or len(str(value)) > _VALUE:
            raise PipelineError(
                f"The tag {key}: AWS takes keys of 1 to {_KEY} characters and values of at most {_VALUE}."
            )
    if len(tags or {}) > _MOST:
        raise PipelineError(f"There are {len(tags or {})} tags, and AWS takes {_MOST} at most.")


def tags_after(before: c.Mapping[str, str], wanted: c.Mapping[str, object] | None, *, purge: bool) -> dict[str, str]:
    """All the tags in the end; without C(wanted) they stay as they are."""
    if wanted is None:
        return dict(before)
    kept = {key: value for key, value in before.items() if not purge or key.startswith(_RESERVED)}
    return {**kept, **{key: str(value) for key, value in wanted.items()}}
