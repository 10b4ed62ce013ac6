# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling's state, and the hand that keeps each group at the size that it wants."""

from __future__ import annotations

import time

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends

from golden_cloud.api import runtime
from golden_cloud.api.autoscaling.group import GIVES_UP_AFTER, Activity, Group, Member, Refresh, TemplateSpec
from golden_cloud.api.ec2 import internal
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.template import Data, find
from golden_cloud.api.elbv2.backend import CloudELBv2Backend, elbv2_backends

ROLE = "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
LONGEST_PAUSE = 30.0
"""Seconds after which a launch that fails again and again is tried once more."""


class CloudAutoScalingBackend(BaseBackend):
    """The groups of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.groups: dict[str, Group] = {}

    @property
    def ec2(self) -> CloudEC2Backend:
        backend: CloudEC2Backend = ec2_backends[self.account_id][self.region_name]
        return backend

    @property
    def balancing(self) -> CloudELBv2Backend:
        backend: CloudELBv2Backend = elbv2_backends[self.account_id][self.region_name]
        return backend

    def keep(self, group: Group) -> bool:
        """Do what the group needs now; whether anything has changed."""
        changed = self._look(group)
        changed |= self._look_at_targets(group)
        if group.deleting:
            changed |= self._terminate(group, group.alive, "the group is being deleted")
            if not group.members:
                del self.groups[group.name]
            return changed or not group.members
        refresh = group.refresh
        if refresh is not None:
            replaced = group.to_replace()
            changed |= self._terminate(group, replaced, f"instance refresh {refresh.id}")
            refresh.old = [i for i in refresh.old if i not in {m.instance_id for m in replaced}]
        changed |= self._terminate(group, group.surplus(), f"a desired capacity of {group.desired}")
        while len(group.alive) < group.desired and time.time() >= group.retry_at:
            changed = True
            self._launch(group)
        if refresh is not None:
            changed |= _advance(group, refresh)
        return changed

    def _look(self, group: Group) -> bool:
        """Take up what has become of the instances."""
        states = {i.id: i.state for i in self.ec2.all_machine_instances()}
        before = {i: m.state for i, m in group.members.items()}
        for member in list(group.members.values()):
            state = states.get(member.instance_id, "terminated")
            if state == "terminated":
                del group.members[member.instance_id]
                if member.state != "Terminating":
                    self._note_lost(group, member)
            elif state == "running" and member.state == "Pending":
                member.enter("InService")
            elif state == "stopped" and member.state != "Terminating":
                self._terminate(group, [member], "an EC2 health check: it was stopped")
        for refresh in group.refreshes:
            refresh.old = [i for i in refresh.old if i in group.members]
        return before != {i: m.state for i, m in group.members.items()}

    def _look_at_targets(self, group: Group) -> bool:
        """Have who serves in the target groups, and replace whom one of these calls unhealthy."""
        graced, lost = group.graced, []
        for member in group.alive:
            if member.state != "InService":
                continue
            states = [self._state_in(arn, member) for arn in group.target_groups]
            member.serves = not group.by_load_balancer or set(states) <= {"healthy"}
            if group.by_load_balancer and "unhealthy" in states and member not in graced:
                lost.append(member)
        return self._terminate(group, lost, "an ELB health check: a target group calls it unhealthy")

    def _state_in(self, arn: str, member: Member) -> str:
        """How a member is in a target group, which it comes into now if it is not in it."""
        target_group = self.balancing.groups.get(arn)
        if target_group is None:
            return "unused"
        key = target_group.key_of({"Id": member.instance_id})
        if arn not in member.target_groups:
            target_group.register(key, None)
            member.target_groups += (arn,)
        return self.balancing.health_of(target_group, key).state

    def withdraw(self, members: list[Member], arns: tuple[str, ...]) -> None:
        """Take members out of target groups."""
        for member in members:
            for arn in set(arns) & set(member.target_groups):
                self.balancing.withdraw(arn, member.instance_id)
            member.target_groups = tuple(arn for arn in member.target_groups if arn not in arns)

    @staticmethod
    def _note_lost(group: Group, member: Member) -> None:
        text = f"Terminating EC2 instance: {member.instance_id}"
        group.note(Activity(text, "An EC2 health check found the instance terminated.", "Successful"))
        if member.state == "Pending":
            # It never ran: the next one will hardly fare better at once.
            _pause(group)

    def _terminate(self, group: Group, members: list[Member], cause: str) -> bool:
        for member in members:
            text = f"Terminating EC2 instance: {member.instance_id}"
            group.note(Activity(text, f"The instance was taken out of service for {cause}.", "Successful"))
            member.enter("Terminating")
        self.withdraw(members, group.target_groups)
        if members:
            ids = [m.instance_id for m in members]
            internal.terminate(self.account_id, self.region_name, ROLE, ids)
        return bool(members)

    def _launch(self, group: Group) -> None:
        template = group.refresh.aim if group.refresh is not None else group.template
        cause = f"An instance was launched to reach the desired capacity of {group.desired}."
        try:
            version, request = self.request(template, group.next_subnet())
            instance = internal.run_one(self.account_id, self.region_name, ROLE, request)
        except ServiceException as error:
            message = f"{error.code}: {error.message}. Launching EC2 instance failed."
            group.note(Activity("Launching a new EC2 instance", cause, "Failed", message))
            _pause(group)
            return
        group.failures, group.retry_at = 0, 0.0
        tags = {t["Key"]: t.get("Value") or "" for t in group.tags if t.get("PropagateAtLaunch")}
        self.ec2.create_tags([instance.id], tags | {"aws:autoscaling:groupName": group.name})
        group.members[instance.id] = Member(
            instance.id,
            instance.availability_zone,
            instance.subnet_id,
            instance.instance_type,
            instance.image_id,
            template | {"Version": str(version)},
        )
        group.note(Activity(f"Launching a new EC2 instance: {instance.id}", cause, "Successful"))

    def request(self, spec: TemplateSpec, subnet_id: str) -> tuple[int, Data]:
        """What RunInstances is asked for, and the version of the template that says so."""
        template = find(self.ec2.launch_templates, spec["LaunchTemplateId"], None)
        version = template.version(spec.get("Version"))
        request: Data = {"LaunchTemplate": {"LaunchTemplateId": template.id, "Version": str(version.number)}}
        interfaces = version.data.get("NetworkInterfaces")
        if interfaces:
            return version.number, request | {"NetworkInterfaces": [interfaces[0] | {"SubnetId": subnet_id}]}
        return version.number, request | {"SubnetId": subnet_id}


def _advance(group: Group, refresh: Refresh) -> bool:
    """Go on with a refresh: to the next checkpoint, to its end, or back; whether anything has changed."""
    if group.failures >= GIVES_UP_AFTER:
        text = f"{GIVES_UP_AFTER} launches in a row failed"
        if refresh.going_back:
            refresh.finish("RollbackFailed")
        elif refresh.rolls_back:
            refresh.go_back(f"{text}: rolling back", group.new_ones)
        else:
            refresh.reason = text
            refresh.finish("Failed")
        group.failures = 0
        return True
    ends = group.refreshed()
    if not (ends or group.at_checkpoint()):
        return False
    if refresh.going_back:
        refresh.finish("RollbackSuccessful")
        return True
    baked = refresh.status == "Baking"
    if not baked and refresh.passed < len(refresh.checkpoints):
        if not _waited(refresh, refresh.checkpoint_delay):
            return False
        refresh.passed += 1
        refresh.until = None
        return True
    if refresh.bake and not baked:
        refresh.status, refresh.until = "Baking", time.time() + refresh.bake
        return True
    if baked and not _waited(refresh, refresh.bake):
        return False
    refresh.finish("Successful")
    group.template = refresh.template
    return True


def _waited(refresh: Refresh, seconds: int) -> bool:
    """Whether the time is over that begins when it is asked first."""
    refresh.until = refresh.until or time.time() + seconds
    return time.time() >= refresh.until


def _pause(group: Group) -> None:
    group.retry_at = time.time() + min(2.0**group.failures, LONGEST_PAUSE)
    group.failures += 1


autoscaling_backends: BackendDict[CloudAutoScalingBackend] = BackendDict(CloudAutoScalingBackend, "autoscaling")


def keep_all() -> bool:
    """Look after every group; whether one needs to be looked at again though nothing else happens.

    Only for who holds the lock.
    """
    groups = [
        (backend, group)
        for _account, _region, backend in list(autoscaling_backends.iter_backends())
        for group in list(backend.groups.values())
    ]
    # All of them, whatever the first says.
    did_something = [backend.keep(group) for backend, group in groups]
    if any(did_something):
        runtime.current().touched()
    return any(_waits(group) for _backend, group in groups)


def _waits(group: Group) -> bool:
    """Whether time alone lets it go on: to a launch, on with a refresh, to the end of somebody's grace."""
    refresh = group.refresh
    goes_on = refresh is not None and bool(refresh.warmup or refresh.checkpoints or refresh.bake)
    graced = group.by_load_balancer and any(m.state == "InService" and not m.serves for m in group.graced)
    return goes_on or graced or group.retry_at > time.time()
