# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import re
import time

# What Packer says when a step begins. Only the screen and the durations depend on it, never the result.
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Prevalidating|Loading AMI|Found Image ID|Creating temporary"), "Prepare"),
    (re.compile(r"Launching a (source|spot)|Waiting for instance"), "Launch the instance"),
    (re.compile(r"Waiting for (SSH|WinRM)|Using (SSH|WinRM) communicator"), "Wait for SSH"),
    (re.compile(r"Connected to (SSH|WinRM)"), "Connected"),
    (re.compile(r"Provisioning with shell script|Running local shell script"), "Provision with a shell script"),
    (re.compile(r"Provisioning with Ansible"), "Provision with Ansible"),
    (re.compile(r"Executing Ansible"), "Provision with Ansible"),
    (re.compile(r"Uploading "), "Upload files"),
    (re.compile(r"Stopping the source instance|Waiting for the instance to stop"), "Stop the instance"),
    (re.compile(r"Creating AMI|Waiting for AMI"), "Create the AMI"),
    (re.compile(r"Copying/Encrypting AMI|Copying AMI"), "Copy the AMI"),
    (re.compile(r"Modifying attributes on|Adding tags to|Creating (AMI|snapshot) tags"), "Tag the AMI"),
    (re.compile(r"Terminating the source|Cleaning up any extra|Deleting temporary"), "Clean up"),
    (re.compile(r"Running post-processor"), "Write the manifest"),
)
# What a task of a provisioner is called on the screen and in the durations.
TASK_PREFIX = "Provision: "
_TASK = re.compile(r"TASK \[(?P<name>.+?)\] \**$")
_HANDLER = re.compile(r"RUNNING HANDLER \[(?P<name>.+?)\] \**$")


def step_in(text: str) -> str | None:
    """The step that begins with a line of Packer's, if one does."""
    task = _TASK.search(text) or _HANDLER.search(text)
    if task:
        return f"{TASK_PREFIX}{task['name']}"
    return next((name for pattern, name in _STEPS if pattern.search(text)), None)


@dataclasses.dataclass
class Duration:
    step: str
    seconds: float


def time_left(earlier: list[Duration], step: str, in_step: float) -> float | None:
    """Seconds that are left after an earlier build's durations; None when that build had no such step."""
    names = [duration.step for duration in earlier]
    if step not in names:
        return None
    index = names.index(step)
    after = sum(duration.seconds for duration in earlier[index + 1 :])
    return after + max(0.0, earlier[index].seconds - in_step)


class Progress:
    """Turns lines into steps and measures them."""

    def __init__(self, earlier: list[Duration]) -> None:
        self.earlier = earlier
        self.started = time.monotonic()
        self._steps: list[tuple[str, float]] = []
        self._seen: set[str] = set()

    def enter(self, step: str, about: str = "") -> str | None:
        """Note that a step began (C(about) what is shown with it); gives a line for the screen, unless it is one that was there already.

        Builders that run side by side would otherwise throw the reader back and forth.
        """
        if step in self._seen:
            return None
        self._seen.add(step)
        now = time.monotonic()
        self._steps.append((step, now))
        left = time_left(self.earlier, step, 0.0)
        rest = f", about {clock(left)} left" if left is not None and left >= 1 else ""
        return f"[{clock(now - self.started)}{rest}] {step}{about}"

    def durations(self) -> list[Duration]:
        """Seconds in each step, in the order in which they began."""
        ends = [began for _step, began in self._steps[1:]] + [time.monotonic()]
        return [Duration(step, round(end - began, 1)) for (step, began), end in zip(self._steps, ends, strict=True)]


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
