# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

from .profile import Profile, Step
from .steps import hear

# What a task of a provisioner is called on the screen and in the durations.
TASK_PREFIX = "Provision: "


@dataclasses.dataclass
class Duration:
    step: str
    seconds: float


def _shown(step: Step) -> str:
    return f"{TASK_PREFIX}{step.name}" if step.kind == "task" else step.name


def durations(profile: Profile) -> list[Duration]:
    """Seconds in each step and task, in the order in which they began. One that comes again, as builders that run side by side
    make it, counts once: all together are the time that went by."""
    first: dict[str, float] = {}
    for step in profile.steps:
        first.setdefault(_shown(step), step.start)
    ends = [*list(first.values())[1:], profile.elapsed()]
    return [Duration(name, round(end - first[name], 1)) for name, end in zip(first, ends, strict=False)]


def time_left(earlier: list[Duration], step: str, in_step: float) -> float | None:
    """Seconds that are left after an earlier build's durations; None when that build had no such step."""
    names = [duration.step for duration in earlier]
    if step not in names:
        return None
    index = names.index(step)
    after = sum(duration.seconds for duration in earlier[index + 1 :])
    return after + max(0.0, earlier[index].seconds - in_step)


class Progress:
    """Turns what is said into steps, and those into lines for the screen."""

    def __init__(self, earlier: list[Duration], profile: Profile) -> None:
        self.earlier = earlier
        self.profile = profile
        self._seen: set[str] = set()

    def hear(self, text: str) -> str | None:
        """Take a line of Packer's; gives a line for the screen when a step begins with it."""
        heard = hear(text)
        step = self.profile.hear(heard) if heard else None
        return self._line(_shown(step)) if step else None

    def enter(self, name: str, kind: str, about: str = "") -> str | None:
        """The module begins something, and C(about) is shown with it; gives a line for the screen."""
        self.profile.step(name, kind)
        return self._line(name, about)

    def _line(self, step: str, about: str = "") -> str | None:
        """Nothing for a step that was there already: builders that run side by side would throw the reader back and forth."""
        if step in self._seen:
            return None
        self._seen.add(step)
        left = time_left(self.earlier, step, 0.0)
        rest = f", about {clock(left)} left" if left is not None and left >= 1 else ""
        return f"[{clock(self.profile.elapsed())}{rest}] {step}{about}"


def by_phase(durations: list[Duration]) -> list[Duration]:
    """Durations with Ansible's tasks taken together."""
    phases: dict[str, float] = {}
    for duration in durations:
        phase = "Provision" if duration.step.startswith("Provision") else duration.step
        phases[phase] = phases.get(phase, 0.0) + duration.seconds
    return [Duration(step, round(seconds, 1)) for step, seconds in phases.items()]


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
