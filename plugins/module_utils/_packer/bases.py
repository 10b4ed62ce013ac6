# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

# An AWS tag value holds 256 characters.
_LONGEST = 256


@dataclasses.dataclass(frozen=True)
class Base:
    """The AMIs that a build starts from: one that the options name, or those that a template finds, by source."""

    given: str | None = None
    found: dict[str, str] = dataclasses.field(default_factory=dict)
    known: bool = True

    @property
    def ids(self) -> list[str]:
        return [self.given] if self.given else sorted(set(self.found.values()))

    @property
    def sources(self) -> dict[str, str]:
        """What a template found, by source; empty when it was given its base."""
        return {} if self.given else self.found

    def items(self) -> dict[str, str]:
        """The base as a part of a fingerprint."""
        if len(self.ids) > 1:
            return self.found
        nothing = "none" if self.known else "unknown"
        return {"ami": self.ids[0] if self.ids else nothing}

    def text(self) -> str | None:
        """The ids with commas between them, as many as a tag holds."""
        text = ""
        for ami in self.ids:
            longer = f"{text},{ami}" if text else ami
            if len(longer) > _LONGEST:
                break
            text = longer
        return text or None
