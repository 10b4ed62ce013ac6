# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine does after a call has been answered: the work behind the states of instances and images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from moto.ec2.models.instances import StateReason

from golden_cloud.api import runtime
from golden_cloud.api.ec2.backend import CloudSnapshot, all_backends, collect_garbage
from golden_cloud.api.ec2.image import Image
from golden_cloud.api.ec2.instance import SELF_SHUTDOWN, USER_SHUTDOWN, MachineInstance
from golden_cloud.api.faults.fault import Fault

MINUTE = 60.0
"""Seconds."""


def now() -> datetime:
    return datetime.now(UTC)


def _server_error(error: BaseException) -> StateReason:
    return StateReason(f"Server.InternalError: {error}", "Server.InternalError")


def launch(instance: MachineInstance, public_keys: list[str]) -> None:
    """Boot the machine of a new instance; it is running when the machine is."""
    cloud = runtime.current()

    def work() -> None:
        started = time.monotonic()
        with cloud.lock:
            if instance.state != "pending":
                return
        try:
            address = cloud.machines.launch(
                instance.id,
                instance.image_ref,
                hostname=instance.id,
                user_data=instance.raw_user_data,
                public_keys=public_keys,
                instance_type=instance.instance_type,
            )
        except Exception as error:
            runtime.LOG.error("instance %s could not be launched: %s", instance.id, error)
            _end(instance, _server_error(error))
            return
        cloud.at_least(cloud.config.timings.instance_pending, started)
        with cloud.changing():
            instance.set_address(address)
            if instance.state == "pending":
                instance.enter("running")

    cloud.jobs.submit(instance.id, work)


def refuse(instance: MachineInstance) -> None:
    """End a new instance whose volumes can't be decrypted, as EC2 does: after it has been pending."""
    cloud = runtime.current()

    def work() -> None:
        cloud.at_least(cloud.config.timings.instance_pending, time.monotonic())
        _end(instance, StateReason("Client.InternalError: Client error on launch", "Client.InternalError"), clean=False)

    cloud.jobs.submit(instance.id, work)


def stop(instance: MachineInstance) -> None:
    """Shut the machine of a ``stopping`` instance down."""
    cloud = runtime.current()

    def work() -> None:
        started = time.monotonic()
        if not _try(instance, lambda: cloud.machines.stop(instance.id)):
            return
        cloud.at_least(cloud.config.timings.instance_stopping, started)
        with cloud.changing():
            if instance.state == "stopping":
                instance.enter("stopped", USER_SHUTDOWN)

    cloud.jobs.submit(instance.id, work)


def start(instance: MachineInstance) -> None:
    """Start the machine of a ``pending`` instance that was stopped."""
    cloud = runtime.current()

    def work() -> None:
        started = time.monotonic()
        addresses: list[str] = []
        if not _try(instance, lambda: addresses.append(cloud.machines.start(instance.id))):
            return
        cloud.at_least(cloud.config.timings.instance_pending, started)
        with cloud.changing():
            instance.set_address(addresses[0])
            if instance.state == "pending":
                instance.enter("running")

    cloud.jobs.submit(instance.id, work)


def reboot(instance: MachineInstance) -> None:
    """Restart the machine; the instance is running all the time, as on EC2."""
    cloud = runtime.current()

    def work() -> None:
        _try(instance, lambda: cloud.machines.reboot(instance.id))

    cloud.jobs.submit(instance.id, work)


def terminate(instance: MachineInstance) -> None:
    """Remove the machine of a ``shutting-down`` instance."""
    cloud = runtime.current()

    def work() -> None:
        started = time.monotonic()
        if not _try(instance, lambda: cloud.machines.terminate(instance.id)):
            return
        cloud.at_least(cloud.config.timings.instance_shutting_down, started)
        _end(instance, USER_SHUTDOWN, clean=False)

    cloud.jobs.submit(instance.id, work)


def create_image(
    instance: MachineInstance, image: Image, snapshot: CloudSnapshot, *, reboot: bool, fault: Fault | None
) -> None:
    """Keep the file system of an instance as that of a pending image."""
    cloud = runtime.current()
    snapshot.begin(cloud.config.timings.image_pending)

    def work() -> None:
        started = time.monotonic()
        if fault is not None and fault.action == "image_failed":
            cloud.at_least(cloud.config.timings.image_pending, started)
            with cloud.changing():
                fail_image(image, snapshot, fault)
            return
        try:
            result = cloud.machines.commit(instance.id, image.id, reboot=reboot)
        except Exception as error:
            runtime.LOG.error("image %s could not be made from %s: %s", image.id, instance.id, error)
            with cloud.changing():
                _fail(image, snapshot, "Server.InternalError", str(error))
            return
        cloud.at_least(cloud.config.timings.image_pending, started)
        with cloud.changing():
            image.image_ref = result.image_ref
            snapshot.keep(result.image_ref, result.size_bytes)
            if image.id not in image.ec2_backend.amis and snapshot.id not in image.ec2_backend.snapshots:
                collect_garbage(result.image_ref)
            complete_image(image, snapshot, fault)

    cloud.jobs.submit(instance.id, work)


def finish_copy(
    image: Image, snapshot: CloudSnapshot, image_ref: str, fault: Fault | None, trouble: str | None = None
) -> None:
    """A copy shares what is kept for its source, so there is nothing to wait for but the time that it shall take."""
    cloud = runtime.current()
    size = next(
        (
            s.size_bytes
            for _account, backend in all_backends()
            for s in backend.snapshots.values()
            if s.image_ref == image_ref and s.size_bytes
        ),
        0,
    )
    image.image_ref = image_ref
    snapshot.keep(image_ref, size)
    limit = MINUTE * (snapshot.completion_duration_minutes or math.inf)
    snapshot.begin(min(cloud.config.timings.image_pending, limit))

    def work() -> None:
        cloud.at_least(snapshot.takes, time.monotonic())
        with cloud.changing():
            if trouble is not None:
                _fail(image, snapshot, "Client.InternalError", trouble)
            elif fault is not None and fault.action == "image_failed":
                fail_image(image, snapshot, fault)
            else:
                complete_image(image, snapshot, fault)

    cloud.jobs.submit(image.id, work)


def complete_image(image: Image, snapshot: CloudSnapshot | None, fault: Fault | None) -> None:
    """The image is made: available now, or when the fault is removed that keeps it pending.

    Only for who holds the lock. Its file system is known already, so that an image that is deregistered meanwhile
    leaves nothing, and one that a restart of the cloud meets is simply available.
    """
    cloud = runtime.current()

    def release() -> None:
        with cloud.changing():
            _complete(image, snapshot)

    if fault is None or fault.action != "image_pending" or not cloud.faults.hold(fault.id, release):
        _complete(image, snapshot)


def _complete(image: Image, snapshot: CloudSnapshot | None) -> None:
    image.state = "available" if image.state == "pending" else image.state
    if snapshot is not None and snapshot.status == "pending":
        snapshot.finish()


def fail_image(image: Image, snapshot: CloudSnapshot | None, fault: Fault) -> None:
    """The image that a fault makes fail, and its new snapshot; only for who holds the lock."""
    text = fault.message or f"the fault {fault.id} of this local cloud makes this image fail"
    _fail(image, snapshot, fault.code or "Server.InternalError", text)


def _fail(image: Image, snapshot: CloudSnapshot | None, code: str, text: str) -> None:
    image.state = "failed"
    image.state_reason = {"Code": code, "Message": f"{code}: {text}"}
    kept, image.image_ref = image.image_ref, ""
    if snapshot is not None:
        snapshot.status, snapshot.state_message, snapshot.image_ref = "error", text, None
    collect_garbage(kept)


def create_snapshot(instance: MachineInstance, snapshot: CloudSnapshot) -> None:
    """Keep the root volume of an instance as a pending snapshot."""
    cloud = runtime.current()

    def work() -> None:
        try:
            result = cloud.machines.commit(instance.id, snapshot.id, reboot=False)
        except Exception as error:
            runtime.LOG.error("snapshot %s could not be made from %s: %s", snapshot.id, instance.id, error)
            with cloud.changing():
                snapshot.status, snapshot.state_message = "error", str(error)
            return
        with cloud.changing():
            snapshot.keep(result.image_ref, result.size_bytes)
            snapshot.finish()
            if snapshot.id not in snapshot.ec2_backend.snapshots:
                collect_garbage(result.image_ref)

    cloud.jobs.submit(instance.id, work)


def machine_ended(instance_id: str) -> None:
    """The machine has shut itself down: the instance is stopped, or terminated if it was launched to be."""
    cloud = runtime.current()
    found = [i for _account, backend in all_backends() for i in backend.all_machine_instances() if i.id == instance_id]
    for instance in found:
        with cloud.changing():
            if instance.state != "running":
                return
            ends = instance.instance_initiated_shutdown_behavior == "terminate"
            instance.enter("shutting-down" if ends else "stopped", SELF_SHUTDOWN)
        if ends:
            terminate(instance)


def recover() -> None:
    """After a restart: what the records say of machines becomes what is true of them.

    Only before the first call is answered.
    """
    machines = runtime.current().machines
    for _account, backend in all_backends():
        for instance in backend.all_machine_instances():
            if instance.state != "terminated":
                _agree(instance, machines.describe(instance.id))
        for image in list(backend.amis.values()):
            if image.state == "pending" and image.image_ref:
                image.state = "available"  # It was made; a fault, which is gone now, kept it pending.
            elif image.state == "pending":
                _fail(image, None, "Server.InternalError", "the local cloud ended while the image was being made")
        for snapshot in backend.snapshots.values():
            if snapshot.status == "pending" and getattr(snapshot, "image_ref", None):
                snapshot.finish()
            elif snapshot.status == "pending":
                snapshot.status = "error"


def _agree(instance: MachineInstance, truth: str) -> None:
    if truth == "gone" or instance.state == "shutting-down":
        runtime.current().machines.terminate(instance.id)
        lost = StateReason("Server.InternalError: the machine is gone", "Server.InternalError")
        _release(instance, USER_SHUTDOWN if instance.state == "shutting-down" else lost)
    elif truth == "stopped" and instance.state != "stopped":
        instance.enter("stopped", StateReason("Server.ScheduledStop: the local cloud was down", "Server.ScheduledStop"))
    elif truth == "running" and instance.state != "running":
        instance.enter("running")


def _try(instance: MachineInstance, action: Callable[[], object]) -> bool:
    """Do it; when the machine refuses, let the instance's state say what is true, and why."""
    cloud = runtime.current()
    try:
        action()
        return True
    except Exception as error:
        runtime.LOG.error("instance %s: %s", instance.id, error)
        reason = _server_error(error)
    try:
        truth = cloud.machines.describe(instance.id)
    except Exception:
        runtime.LOG.exception("the machine of %s can't be asked for its state", instance.id)
        return False
    if truth == "gone":
        _end(instance, reason, clean=False)
    else:
        with cloud.changing():
            instance.enter(truth, reason)
    return False


def _end(instance: MachineInstance, reason: StateReason, *, clean: bool = True) -> None:
    cloud = runtime.current()
    if clean:
        try:
            cloud.machines.terminate(instance.id)
        except Exception:
            runtime.LOG.exception("what is left of the machine of %s could not be removed", instance.id)
    with cloud.changing():
        _release(instance, reason)


def _release(instance: MachineInstance, reason: StateReason) -> None:
    """The instance is no more: its volumes, addresses and profile go with it."""
    if instance.state == "terminated":
        return
    instance.machine_address = None
    nic = instance.nics.get(0)
    instance.terminate()
    instance.enter("terminated", reason)
    instance.nics = {}
    if nic is not None:
        instance.ec2_backend.enis.pop(nic.id, None)
        instance.ec2_backend.tags.pop(nic.id, None)
    collect_garbage(instance.image_ref)
