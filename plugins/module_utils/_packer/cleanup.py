# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses

from .._ami import leftovers
from .._ami.calls import AmiError
from .._ami.cloud import Cloud
from .process import end_marked
from .record import RunRecord, dead_runs


@dataclasses.dataclass
class Cleanup:
    """What was found, removed and not removed after a run."""

    remaining: list[dict[str, str]] = dataclasses.field(default_factory=list)
    removed: list[dict[str, str]] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)

    def text(self) -> str:
        """A sentence for a failure; empty when nothing is left."""
        if not self.remaining and not self.problems:
            return ""
        ids = ", ".join(f"{one['type']} {one['id']} in {one['region']}" for one in self.remaining)
        why = "; ".join(self.problems)
        left = f" These are left and may cost money: {ids}." if ids else " What is left could not be found out."
        return f"{left}{f' ({why})' if why else ''}"


def clean_up(cloud: Cloud, record: RunRecord, keep: c.Collection[str], *, remove: bool = True) -> Cleanup:
    """Find what a run left in each Region that it worked in, and remove it."""
    done = Cleanup()
    for region in dict.fromkeys([record.region, *record.learned.regions]):
        try:
            tagged = leftovers.list_tagged(cloud, region, record.run_id)
            found = leftovers.select(cloud, region, tagged, keep)
            if region == record.region and record.learned.anything():
                found = leftovers.add_learned(cloud, found, record.learned, keep)
            clear(cloud, found, done, remove=remove)
        except AmiError as error:
            done.problems.append(f"{region}: {error.message}: {error.exception}")
    return done


def clear(cloud: Cloud, found: leftovers.Leftovers, done: Cleanup, *, remove: bool = True) -> None:
    """Remove what was found in a Region, or only say that it is there."""
    if not found.resources:
        return
    if not remove:
        done.remaining += found.described()
        return
    rest, problems = leftovers.remove(cloud, found)
    done.remaining += rest.described()
    done.removed += [one for one in found.described() if one not in done.remaining]
    # What failed at first and is gone now needs no mention.
    done.problems += problems if rest.resources else []


def sweep_dead_runs(cloud: Cloud, endpoint_url: str | None, profile: str | None) -> Cleanup:
    """Remove what killed runs left. Without records of such runs this calls nothing."""
    total = Cleanup()
    for record in dead_runs(endpoint_url, profile):
        end_marked(record.run_id)
        done = clean_up(cloud, record, record.artifacts)
        total.remaining += done.remaining
        total.removed += done.removed
        total.problems += done.problems
        if not done.remaining and not done.problems:
            record.remove()
    return total
