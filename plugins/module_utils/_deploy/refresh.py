# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The instances of an Auto Scaling group, replaced by those of the candidate while they are healthy, or given back."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .._ami.calls import AmiError
from .._ami.steps import why
from .._testing.commands import Commands
from .._testing.errors import Interrupted
from .._testing.ready import Deadline
from . import calls
from .asking import Asking
from .candidate import Candidate
from .health import Answer, last_lines
from .options import Group
from .template import Scaling
from .world import Plan, Progress, World

_POLL = 3.0
REFRESH, ROLLBACK = "instance refresh", "rollback"
_UNDER_WAY = ("Pending", "InProgress", "Baking")
_GOING_BACK = ("RollbackInProgress", "Cancelling")
_NOBODY_WAITS = "it is being rolled back, which nobody waits for: look at the group"


def preferences_of(group: Group, bake: float) -> dict[str, t.Any]:
    """What AWS is told of how to replace instances. It goes back by itself when it can't go on."""
    asked: dict[str, t.Any] = {"MinHealthyPercentage": group.min_healthy, "AutoRollback": True}
    if group.warmup is not None:
        asked["InstanceWarmup"] = group.warmup
    if group.checkpoints:
        asked["CheckpointPercentages"] = list(group.checkpoints)
    if group.checkpoint_delay is not None:
        asked["CheckpointDelay"] = group.checkpoint_delay
    if bake:
        asked["BakeTime"] = int(bake)
    return asked


def longest(group: Group, bake: float, timeout: float, count: int) -> float:
    """Seconds after which a refresh has not got anywhere: each instance has its time, and so has each checkpoint."""
    waits = len(group.checkpoints) * (group.checkpoint_delay if group.checkpoint_delay is not None else 3600)
    return timeout * (count + 1) + bake + waits


@dataclasses.dataclass
class _Seen:
    """A new instance: its checks, and whether they have been passed."""

    asking: Asking
    deadline: Deadline
    healthy: bool = False
    last: Answer | None = None


class Replacing:
    """Starts the refresh, follows it and the health of the new instances, and goes back when they are not healthy."""

    def __init__(
        self,
        world: World,
        plan: Plan,
        group: Group,
        scaling: Scaling,
        commands: Commands,
        progress: Progress,
        tell: c.Callable[[str], None],
    ) -> None:
        self._world = world
        self._plan = plan
        self._group = group
        self._scaling = scaling
        self._commands = commands
        self._progress = progress
        self._tell = tell
        self._seen: dict[str, _Seen] = {}
        self._status = ""
        self._started = False
        # What became of the way back, once it was begun; and whether the group is known to be as it was.
        self._way_back = ""
        self._back = False
        self._told = False

    @property
    def holds(self) -> bool:
        """Whether the group may launch from the candidate, which has to stay then."""
        return self._started and not self._back

    def healthy(self, candidate: Candidate) -> bool:
        """Whether the group runs the candidate and is healthy. What became of it otherwise is in the progress."""
        if not self._plan.refreshes:
            return self._ask_those_there()
        template = {"LaunchTemplateId": candidate.template_id, "Version": candidate.version}
        # AWS may have started it also where its answer does not come.
        self._started = True
        try:
            self._progress.refresh_id = self._start(template, preferences_of(self._group, self._world.options.bake))
        except AmiError:
            self._started = self._is_under_way()
            raise
        worst = self._follow(candidate)
        if worst is None:
            return True
        self._progress.answers.append(worst)
        self._read_console(worst.subject)
        self._progress.answers.append(self._go_back())
        self._told = True
        return False

    def _start(self, template: dict[str, str], preferences: dict[str, t.Any]) -> str:
        name = self._group.name
        refresh_id = calls.start_refresh(self._world.autoscaling, name, template, preferences)
        self._tell(f"{name}: instance refresh {refresh_id} to version {template['Version']}")
        return refresh_id

    def _describe(self) -> dict[str, t.Any]:
        found = calls.describe_refresh(self._world.autoscaling, self._group.name, str(self._progress.refresh_id))
        said = f"{found['Status']}, {found.get('PercentageComplete', 0)} %"
        if said != self._status:
            self._status = said
            self._tell(f"{self._group.name}: {said}{': ' + found['StatusReason'] if found.get('StatusReason') else ''}")
        return found

    def _follow(self, candidate: Candidate) -> Answer | None:
        """None when it ended well, and all new instances are healthy."""
        options = self._world.options
        seconds = longest(self._group, options.bake, options.timeout, len(self._scaling.instance_ids))
        deadline = Deadline(seconds)
        while True:
            found = self._describe()
            if found["Status"] not in (*_UNDER_WAY, "Successful"):
                said = f"{found['Status']}: {found.get('StatusReason') or 'AWS does not say why'}"
                return Answer(REFRESH, False, said, self._group.name, seconds=deadline.spent)
            worst = self._ask_new(candidate.version)
            if worst is not None:
                return worst
            if found["Status"] == "Successful" and self._seen and all(one.healthy for one in self._seen.values()):
                self._keep_answers()
                return None
            if not deadline.left:
                said = f"it did not end within {seconds:g} s ({self._status})"
                return Answer(REFRESH, False, said, self._group.name, seconds=deadline.spent)
            self._commands.pause(_POLL)

    def _ask_new(self, version: str) -> Answer | None:
        """The first of the new instances that was healthy and is not, or is not in its time."""
        for instance_id in self._new_ones(version):
            asking = Asking(self._world, self._commands, instance_id, self._tell, None)
            seen = self._seen.setdefault(instance_id, _Seen(asking, Deadline(self._world.options.timeout)))
            worst = seen.asking.ask_once()
            if worst is None:
                if not seen.healthy:
                    self._tell(f"{instance_id}: healthy after {seen.deadline.spent:.1f} s")
                    seen.last = Answer("all", True, "healthy", instance_id, seconds=seen.deadline.spent)
                seen.healthy = True
            elif worst.final or seen.healthy or not seen.deadline.left:
                return dataclasses.replace(worst, seconds=seen.deadline.spent)
        return None

    def _new_ones(self, version: str) -> list[str]:
        found = calls.find_group(self._world.autoscaling, self._group.name) or {}
        there = [
            one["InstanceId"]
            for one in found.get("Instances", [])
            if str((one.get("LaunchTemplate") or {}).get("Version")) == version and one["LifecycleState"] == "InService"
        ]
        for gone in [name for name in self._seen if name not in there]:
            del self._seen[gone]
        return there

    def _keep_answers(self) -> None:
        self._progress.answers += [one.last for one in self._seen.values() if one.last]

    def _ask_those_there(self) -> bool:
        """The group runs the AMI already, perhaps since a run that was killed: its instances are asked as they are."""
        deadline = Deadline(self._world.options.timeout)
        there = {one: Asking(self._world, self._commands, one, self._tell, None) for one in self._scaling.instance_ids}
        for asking in there.values():
            self._progress.answers += asking.settle(deadline)
            if not self._progress.answers[-1].healthy:
                return self._bad_already()
        baking = Deadline(self._world.options.bake)
        while baking.left:
            self._commands.pause(min(_POLL, baking.left))
            for asking in there.values():
                if worst := asking.ask_once():
                    self._progress.answers.append(dataclasses.replace(worst, seconds=baking.spent))
                    return self._bad_already()
        return True

    def _bad_already(self) -> bool:
        self._read_console(self._progress.answers[-1].subject)
        said = "it runs this version since before this run, and goes on to: roll the stage back, or deploy another one"
        self._progress.answers.append(Answer("Auto Scaling group", False, said, self._group.name))
        return False

    # The way back

    def _is_under_way(self) -> bool:
        """Whether the refresh was started although the call failed; it is rolled back like any other then."""
        wanted = self._progress.version
        try:
            found = calls.list_refreshes(self._world.autoscaling, self._group.name)
        except AmiError:
            self._way_back = "whether its instance refresh was started is not known: look at the group"
            return True
        for one in found:
            spec = (one.get("DesiredConfiguration") or {}).get("LaunchTemplate") or {}
            if one["Status"] in _UNDER_WAY and str(spec.get("Version")) == wanted:
                self._progress.refresh_id = one["InstanceRefreshId"]
                return True
        return False

    def _roll_back(self) -> str:
        try:
            calls.roll_back_refresh(self._world.autoscaling, self._group.name)
        except AmiError as error:
            return f"it could not be rolled back ({why(error)}): look at the group"
        return _NOBODY_WAITS

    def _go_back(self) -> Answer:
        """Wait until the group is as it was. What became of that; it is told rather than raised that AWS refused."""
        try:
            answer = self._gone_back()
        except AmiError as error:
            self._way_back = f"it may run the new version, and could not be given back: {why(error)}"
            return Answer(ROLLBACK, False, self._way_back, self._group.name)
        self._back, self._way_back = answer.healthy, answer.said
        return answer

    def _gone_back(self) -> Answer:
        status = self._describe()["Status"]
        if status == "Successful":
            # There is nothing to roll back any more: replace them once more, by what was there.
            former = {"LaunchTemplateId": str(self._scaling.template_id), "Version": self._scaling.version}
            preferences = {"MinHealthyPercentage": self._group.min_healthy}
            self._progress.refresh_id = self._start(former, preferences)
            self._way_back = (
                f"it is being given back by the instance refresh {self._progress.refresh_id}, which nobody waits for"
            )
            return self._await_back("Successful", _UNDER_WAY)
        if status in _UNDER_WAY:
            calls.roll_back_refresh(self._world.autoscaling, self._group.name)
            self._way_back = _NOBODY_WAITS
            self._tell(f"{self._group.name}: it is being rolled back")
        return self._await_back("RollbackSuccessful", (*_UNDER_WAY, *_GOING_BACK))

    def give_back(self) -> str:
        """Let the group have what it had, for something failed. A sentence about what became of it, unless the answers tell."""
        if not self._started or self._told:
            return ""
        if not self._way_back:
            self._begin_way_back()
        return f" The Auto Scaling group {self._group.name}: {self._way_back}."

    def _begin_way_back(self) -> None:
        """A refresh that has ended is made good for and awaited. One in the middle goes back by itself while the module ends."""
        if self._status.startswith("Successful"):
            try:
                self._go_back()
            except Interrupted:
                # What was begun is in the words already.
                return
        else:
            self._way_back = self._roll_back()

    def _await_back(self, wanted: str, waits: c.Collection[str]) -> Answer:
        options = self._world.options
        seconds = longest(self._group, 0, options.timeout, len(self._scaling.instance_ids))
        deadline = Deadline(seconds)
        while (status := self._describe()["Status"]) in waits and deadline.left:
            self._commands.pause(_POLL)
        good = status == wanted
        end = f"the group is back on version {self._scaling.version}" if good else f"{self._status}: look at the group"
        return Answer(ROLLBACK, good, end, self._group.name, seconds=deadline.spent)

    def _read_console(self, instance_id: str) -> None:
        if not instance_id.startswith("i-"):
            return
        try:
            self._progress.console = last_lines(calls.get_console(self._world.ec2, instance_id))
        except AmiError as error:
            self._progress.console = [f"(the console could not be read: {why(error)})"]
