# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Tags of AMIs and of their snapshots: what is to change, decided on what they have."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .accounts import Place
from .calls import AmiError
from .steps import Step

# EC2's own limits. Tags of AWS itself do not count.
_MOST = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_AWS = "aws:"
# By these the collection knows its artifacts again.
_OURS = "golden:"
# EC2 takes more, and asks for smaller batches.
_RESOURCES = 500


@dataclasses.dataclass(frozen=True)
class Tagged:
    """A resource, the AMI that it belongs to, and its tags before and after."""

    place: Place
    image_id: str
    resource: str
    before: dict[str, str]
    after: dict[str, str]

    @property
    def lacks(self) -> bool:
        return any(self.before.get(key) != value for key, value in self.after.items())

    @property
    def surplus(self) -> list[str]:
        return sorted(self.before.keys() - self.after.keys())


def _text(key: str, value: t.Any) -> str:
    if isinstance(value, (dict, list)) or value is None:
        raise AmiError(f"tags: the value of {key} is to be a text, got {value!r}. Quote it, or give an empty text.")
    return str(value)


def check_tags(given: c.Mapping[str, t.Any]) -> dict[str, str]:
    """The tags as texts. Refuses what EC2 would refuse, before anything is called."""
    tags = {str(key): _text(str(key), value) for key, value in given.items()}
    for key, value in tags.items():
        if key.lower().startswith(_AWS):
            raise AmiError(f"tags: {key} begins with aws:, which only AWS itself may use. Choose another name.")
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise AmiError(f"tags: {key} has {len(key)} characters; a key has 1 to {_LONGEST_KEY}.")
        if len(value) > _LONGEST_VALUE:
            raise AmiError(
                f"tags: the value of {key} has {len(value)} characters; at most {_LONGEST_VALUE} are allowed."
            )
    if len(tags) > _MOST:
        raise AmiError(f"tags: these are {len(tags)}; a resource has at most {_MOST}.")
    return tags


def tags_after(before: c.Mapping[str, str], wanted: c.Mapping[str, str], *, purge: bool) -> dict[str, str]:
    """Merged, or exactly those; but AWS's tags and the collection's stay."""
    stay = {key: value for key, value in before.items() if not purge or key.startswith((_AWS, _OURS))}
    return {**stay, **wanted}


def check_room(tagged: c.Iterable[Tagged]) -> None:
    """Refuse what would have too many tags in the end, before the first write."""
    for one in tagged:
        count = sum(not key.startswith(_AWS) for key in one.after)
        if count > _MOST:
            raise AmiError(
                f"{one.resource} in {one.place} would have {count} tags; a resource has at most {_MOST}."
                " Give fewer tags, or set purge_tags."
            )


def _chunks(tagged: list[Tagged]) -> t.Iterator[list[Tagged]]:
    for start in range(0, len(tagged), _RESOURCES):
        yield tagged[start : start + _RESOURCES]


def _step(place: Place, action: str, tagged: list[Tagged], keys: list[str], arguments: dict[str, t.Any]) -> Step:
    images = tuple(dict.fromkeys(one.image_id for one in tagged))
    reason = f"{'set' if action == 'tag' else 'not wanted'}: {', '.join(keys)}"
    return Step(place, images, action, tuple(dict.fromkeys(one.resource for one in tagged)), reason, arguments)


def plan_steps(tagged: c.Sequence[Tagged], wanted: c.Mapping[str, str]) -> list[list[Step]]:
    """By place what to remove, then what to set: else there might be too many between. One call for all resources."""
    sequences = []
    for place in dict.fromkeys(one.place for one in tagged):
        here = [one for one in tagged if one.place == place]
        surplus = [one for one in here if one.surplus]
        keys = sorted({key for one in surplus for key in one.surplus})
        steps = [_step(place, "untag", some, keys, {"keys": keys}) for some in _chunks(surplus)]
        lacking = [one for one in here if one.lacks]
        steps += [_step(place, "tag", some, sorted(wanted), {"tags": dict(wanted)}) for some in _chunks(lacking)]
        if steps:
            sequences.append(steps)
    return sequences
