# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of Elastic Load Balancing: who is asked, where connections go, and what of it is open."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator

from moto.core.base_backend import BackendDict, BaseBackend
from moto.ec2.models import ec2_backends

from golden_cloud.api import runtime
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.elbv2 import forward, probe, target
from golden_cloud.api.elbv2.doors import DOORS, Handle
from golden_cloud.api.elbv2.health_check import HealthCheck
from golden_cloud.api.elbv2.load_balancer import Listener, LoadBalancer
from golden_cloud.api.elbv2.target import Health, Target
from golden_cloud.api.elbv2.target_group import TargetGroup, TargetKey

RETRY = 5.0
"""Seconds until a port is tried again that was somebody else's when the cloud started."""

_ENDED = {"shutting-down", "terminated"}


class CloudELBv2Backend(BaseBackend):
    """The target groups and load balancers of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.groups: dict[str, TargetGroup] = {}
        self.balancers: dict[str, LoadBalancer] = {}
        self.turns: dict[str, int] = {}
        """How many connections each listener has handed on."""

    @property
    def ec2(self) -> CloudEC2Backend:
        backend: CloudEC2Backend = ec2_backends[self.account_id][self.region_name]
        return backend

    def listeners(self) -> Iterator[tuple[LoadBalancer, Listener]]:
        for balancer in self.balancers.values():
            for listener in balancer.listeners.values():
                yield balancer, listener

    def balancer_of(self, group: TargetGroup) -> LoadBalancer | None:
        """The one that forwards to it; AWS allows for one only."""
        return next((balancer for balancer, listener in self.listeners() if listener.group_arn == group.arn), None)

    # Health

    def health_of(self, group: TargetGroup, key: TargetKey) -> Health:
        known = group.targets.get(key)
        if known is None:
            return target.UNREGISTERED
        if known.leaving:
            return target.DRAINING
        return self._hindrance(group, known, self._machines()) or known.health

    def _machines(self) -> dict[str, MachineInstance]:
        return {one.id: one for one in self.ec2.all_machine_instances()}

    def _hindrance(self, group: TargetGroup, one: Target, machines: dict[str, MachineInstance]) -> Health | None:
        """Why a target is not asked."""
        balancer = self.balancer_of(group)
        if balancer is None:
            return target.NOT_IN_USE
        instance = machines.get(one.id)
        zone = instance.availability_zone if instance is not None else one.zone
        if zone not in (None, "all", *balancer.zones):
            return target.OTHER_ZONE
        if group.target_type == "instance" and (instance is None or instance.state != "running"):
            return target.STOPPED
        return None

    def withdraw(self, arn: str, instance_id: str) -> None:
        """Deregister an instance, if the target group is there."""
        group = self.groups.get(arn)
        if group is not None:
            key = group.key_of({"Id": instance_id})
            group.deregister(key, drains=self.health_of(group, key).state != "unused")

    def keep(self, group: TargetGroup) -> list[float]:
        """Ask whom it is time to ask; when somebody has to be looked at again."""
        moment, machines, again = time.time(), self._machines(), []
        for key, one in list(group.targets.items()):
            if self._is_over(group, one, machines, moment):
                del group.targets[key]
                runtime.current().touched()
                continue
            if one.gone_at is not None:
                again.append(one.gone_at)
                continue
            if self._hindrance(group, one, machines) is not None:
                if one.health != target.REGISTERING:
                    one.begin()
                continue
            if one.due <= moment:
                self._ask(group, key, one, machines)
            again.append(one.due)
        return again

    @staticmethod
    def _is_over(group: TargetGroup, one: Target, machines: dict[str, MachineInstance], moment: float) -> bool:
        """Whether it has left, or is an instance that is gone, which AWS deregisters."""
        if one.gone_at is not None and one.gone_at <= moment:
            return True
        instance = machines.get(one.id)
        return group.target_type == "instance" and (instance is None or instance.state in _ENDED)

    def _ask(self, group: TargetGroup, key: TargetKey, one: Target, machines: dict[str, MachineInstance]) -> None:
        """In a thread of its own: the answer may take as long as the health check lets it."""
        # Of its timeout it is sure that it is the shorter one, so a target is asked once at a time.
        one.due = time.time() + group.check.interval * _second()
        if one.health == target.REGISTERING:
            one.health = target.CHECKING
        address = machines[one.id].machine_address if group.target_type == "instance" else one.id
        work = (group, key, one, group.check, address or "")
        threading.Thread(target=self._answer, args=work, name=f"health-{one.id}-{one.port}", daemon=True).start()

    @staticmethod
    def _answer(group: TargetGroup, key: TargetKey, one: Target, check: HealthCheck, address: str) -> None:
        cloud = runtime.current()
        outcome = probe.ask(check, address, one.port, check.timeout * _second())
        with cloud.lock:
            if group.targets.get(key) is not one or one.leaving or one.health == target.REGISTERING:
                return  # It has been deregistered, stopped or begun anew meanwhile.
            if one.answered(outcome, check.healthy, check.unhealthy, with_reason=group.of_http):
                cloud.touched()

    # Traffic

    def choose(self, listener_arn: str, group_arn: str) -> tuple[str, int] | None:
        """Whose turn it is: of the healthy targets, or of the unhealthy ones when there is no healthy one."""
        group = self.groups.get(group_arn)
        if group is None:
            return None
        machines = self._machines()
        standing = [
            (one, known)
            for key, one in group.targets.items()
            if (known := self.health_of(group, key)).state in ("healthy", "unhealthy")
        ]
        able = [one for one, known in standing if known.state == "healthy"] or [one for one, _known in standing]
        if not able:
            return None
        turn = self.turns.get(listener_arn, 0)
        self.turns[listener_arn] = turn + 1
        one = able[turn % len(able)]
        address = machines[one.id].machine_address if group.target_type == "instance" else one.id
        return (address, one.port) if address else None

    def open(self, balancer: LoadBalancer, listener: Listener) -> None:
        """Have the listener listen; ``OSError`` when its port is somebody else's."""
        DOORS.open(listener.arn, balancer.address, listener.port, self._handle(balancer.arn, listener.arn))

    def _handle(self, balancer_arn: str, listener_arn: str) -> Handle:
        cloud = runtime.current()

        def handle(client: socket.socket) -> None:
            with cloud.lock:
                balancer = self.balancers.get(balancer_arn)
                listener = balancer.listeners.get(listener_arn) if balancer is not None else None
                if balancer is None or listener is None:
                    return
                idle, of_http, group_arn = balancer.idle_seconds(listener), listener.of_http, listener.group_arn

            def choose() -> tuple[str, int] | None:
                with cloud.lock:
                    return self.choose(listener_arn, group_arn)

            (forward.http if of_http else forward.tcp)(client, choose, idle)

        return handle

    def state_of(self, balancer: LoadBalancer) -> dict[str, str]:
        troubles = [DOORS.troubles[arn] for arn in balancer.listeners if arn in DOORS.troubles]
        return {"Code": "active_impaired", "Reason": "; ".join(troubles)} if troubles else {"Code": "active"}


def _second() -> float:
    return runtime.current().config.timings.health_check_second


elbv2_backends: BackendDict[CloudELBv2Backend] = BackendDict(CloudELBv2Backend, "elbv2")


def every_backend() -> list[CloudELBv2Backend]:
    return [backend for _account, _region, backend in list(elbv2_backends.iter_backends())]


def free_address() -> str:
    """An address of the loopback network that no load balancer of this cloud has.

    Chance keeps two clouds apart, and away from the few addresses that other programs use.
    """
    used = {balancer.address for backend in every_backend() for balancer in backend.balancers.values()}
    while True:
        address = f"127.{random.randint(64, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        if address not in used:
            return address


def keep_all() -> float | None:
    """Ask targets, and open what could not be; seconds until there is more to do. Only for who holds the lock."""
    groups = [(backend, group) for backend in every_backend() for group in backend.groups.values()]
    again = [moment for backend, group in groups for moment in backend.keep(group)]
    again += [time.time() + RETRY] if not open_all() else []
    return max(min(again) - time.time(), 0.0) if again else None


def open_all() -> bool:
    """Have all listeners listen; whether they do. What keeps one from it is told with its load balancer."""
    good = True
    for backend in every_backend():
        for balancer, listener in backend.listeners():
            if DOORS.is_open(listener.arn):
                continue
            try:
                backend.open(balancer, listener)
                DOORS.troubles.pop(listener.arn, None)
            except OSError as error:
                good = False
                told = f"{balancer.address}:{listener.port} cannot be listened on: {error.strerror}"
                if DOORS.troubles.get(listener.arn) != told:
                    runtime.LOG.error("the load balancer %s: %s", balancer.name, told)
                DOORS.troubles[listener.arn] = told
    return good


def close_all() -> None:
    """Take no more connections, when the cloud ends."""
    DOORS.close_all()
